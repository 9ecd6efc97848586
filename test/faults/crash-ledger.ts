import { appendFileSync, closeSync, fsyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import type { Registered } from '../../src/operations/clients.ts';
import { openPlace, type Place, type Started } from '../support/process.ts';
import { openPair, type Pair } from '../support/storage.ts';
import { accountPage, createPerson, signedIn, type Person } from './person.ts';

/**
 * The crash ledger (F1): people sign in, change things and end things while the server is killed with SIGKILL. Each
 * acknowledged write is written to a file that is flushed before the next is asked for; after the restart every one is
 * read back through the door. What was asked and not answered may be either way, never half.
 */
export interface LedgerOptions {
  /** What happens to a server that people are at work on; unset: it is killed and started again. */
  trouble?: Trouble;
  runs: number;
  people: number;
  /** How many acknowledged writes a run has at least, before the moment of its kill is drawn. */
  least: number;
  pair: Pair;
  /** Further variables. */
  env?: Record<string, string>;
  told?: (line: string) => void;
}

/** Answers the server that is there afterwards, and how long it took to be: milliseconds. */
export type Trouble = (server: Started, again: () => Promise<Started>) => Promise<{ server: Started; back: number }>;

/** SIGKILL, and another start on the same data. */
const crash: Trouble = async (server, again) => {
  server.kill('SIGKILL');
  await server.exit;
  const since = performance.now();

  return { server: await again(), back: performance.now() - since };
};

export interface LedgerResult {
  runs: number;
  acknowledged: number;
  /** Acknowledged and not there, or ended and alive again: one line each. */
  lost: string[];
  /** Milliseconds until people were served again, the longest of all runs. */
  slowest: number;
}

const password = 'quiet-marble-otter-47-lantern';

/** People ask as fast as they can, all from one address. */
const unlimited = {
  GATEHOUSE_DEMO_ENABLED: 'false',
  GATEHOUSE_LIMITS_REQUESTS_AUTHORIZATIONS: '1000000',
  GATEHOUSE_LIMITS_REQUESTS_SIGN_INS: '1000000',
};

export async function runLedger({
  runs,
  people,
  least,
  pair,
  env = {},
  trouble = crash,
  told = () => undefined,
}: LedgerOptions): Promise<LedgerResult> {
  const result: LedgerResult = { runs, acknowledged: 0, lost: [], slowest: 0 };

  for (let run = 1; run <= runs; run += 1) {
    await using place = await openPlace();
    await using stores = await openPair(pair);
    const settings = { ...unlimited, ...stores.env, ...env };
    const app = await registerApp(place, settings);
    const emails = Array.from({ length: people }, (_, number) => `person${run}-${number}@example.com`);
    for (const email of emails) await createAccount(place, settings, email);

    const { acknowledged, lost, back } = await crashOnce(place, { settings, app, emails, least, trouble });
    result.acknowledged += acknowledged;
    result.lost.push(...lost.map((line) => `run ${run}: ${line}`));
    result.slowest = Math.max(result.slowest, back);
    told(`run ${run}: ${acknowledged} acknowledged, ${lost.length} lost, served again after ${Math.round(back)} ms`);
  }

  return result;
}

interface Crash {
  settings: Record<string, string>;
  app: Registered;
  emails: readonly string[];
  least: number;
  trouble: Trouble;
}

async function crashOnce(place: Place, { settings, app, emails, least, trouble }: Crash) {
  const ledger = openSync(join(place.env['GATEHOUSE_DATA'] ?? '', '..', 'ledger.jsonl'), 'a');
  let acknowledged = 0;
  const server = await place.start(settings);
  const enough = Promise.withResolvers<void>();
  const { url } = server;

  const people = emails.map((email) =>
    createPerson({
      url,
      email,
      password,
      app,
      acknowledged(what) {
        appendFileSync(ledger, `${JSON.stringify({ email, what, at: Date.now() })}\n`);
        fsyncSync(ledger);
        acknowledged += 1;
        if (acknowledged >= least) enough.resolve();
      },
    }),
  );

  for (const person of people) await person.begin();

  let over = false;
  const working = people.map((person) => keepActing(person, () => over));
  // A person who fails before the trouble ends the run: that is none of it.
  await Promise.race([enough.promise, ...working]);
  await pause(200 + Math.random() * 800);
  over = true;
  const { server: again, back } = await trouble(server, () => place.start(settings));
  await Promise.all(working);
  closeSync(ledger);

  await using _ = again;
  const lost = (await Promise.all(people.map((person) => readBack(again, person)))).flat();

  return { acknowledged, lost, back };
}

/** Until there is trouble; what fails before is a failure of the run. */
async function keepActing(person: Person, over: () => boolean): Promise<void> {
  while (!over()) {
    try {
      await person.act();
    } catch (error) {
      if (over()) return;

      throw error;
    }
  }
}

async function readBack({ url }: Started, { email, remembered, party }: Person): Promise<string[]> {
  const { sessions, displayName, password: secret, families, codes } = remembered;
  const lost: string[] = [];
  const expect = (holds: boolean, what: string) => {
    if (!holds) lost.push(`${email}: ${what}`);
  };

  for (const { browser, state } of sessions) {
    const page = await accountPage(browser);

    if (state === 'alive') expect(page !== undefined, 'a session that was acknowledged is gone');
    if (state === 'ended') expect(page === undefined, 'a session that was ended is alive');

    if (page !== undefined && displayName.is !== '') {
      const shown = [displayName.is, displayName.asked].some((name) => name !== undefined && page.html.includes(name));
      expect(shown, `the name is neither ${displayName.is} nor ${displayName.asked}`);
    }
  }

  const working: string[] = [];
  for (const tried of new Set([secret.is, ...(secret.asked === undefined ? [] : [secret.asked])])) {
    if (
      await signedIn(url, { email, password: tried }).then(
        () => true,
        () => false,
      )
    )
      working.push(tried);
  }
  expect(working.length === 1, `${working.length} passwords work`);

  for (const { token, state, asked } of families) {
    const { status, text } = await party.refresh(token);

    if (state === 'revoked') expect(status === 400, 'a refresh token that was revoked works');
    if (state === 'alive' && !asked) expect(status === 200, `a refresh token is dead: ${text}`);
    // Whether its exchange was recorded or not, an honest retry soon after gets tokens or a plain refusal.
    if (asked) expect(status === 200 || status === 400, `a retry was answered ${status}: ${text}`);
  }

  // Last, because a code that comes again takes the grant with it.
  for (const code of codes) expect((await party.redeem(code)).status === 400, 'a code works twice');

  return lost;
}

async function registerApp(place: Place, env: Record<string, string>): Promise<Registered> {
  const redirect = 'https://wiki.example.net/callback';
  const args = ['client', 'create', '--kind', 'web', '--name', 'Wiki', '--redirect-uri', redirect];
  const { code, out, err } = await place.run(args, { env });
  if (code !== 0) throw new Error(err);

  const { client_secret: secret, client_id: id, ...metadata } = JSON.parse(out) as Record<string, unknown>;

  return { client: { id, metadata }, secret } as unknown as Registered;
}

async function createAccount(place: Place, env: Record<string, string>, email: string): Promise<void> {
  const args = ['account', 'create', '--email', email, '--display-name', 'Ana', '--password-stdin', '--verified'];
  const { code, err } = await place.run(args, { input: password, env });
  if (code !== 0) throw new Error(err);
}
