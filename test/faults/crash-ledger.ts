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
  runs: number;
  people: number;
  /** How many acknowledged writes a run has at least, before the moment of its kill is drawn. */
  least: number;
  pair: Pair;
  told?: (line: string) => void;
}

export interface LedgerResult {
  runs: number;
  acknowledged: number;
  /** Acknowledged and not there, or ended and alive again: one line each. */
  lost: string[];
  /** Milliseconds from the start of the process to its greeting, the longest of all runs. */
  slowestStart: number;
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
  told = () => undefined,
}: LedgerOptions): Promise<LedgerResult> {
  const result: LedgerResult = { runs, acknowledged: 0, lost: [], slowestStart: 0 };

  for (let run = 1; run <= runs; run += 1) {
    await using place = await openPlace();
    await using stores = await openPair(pair);
    const settings = { ...unlimited, ...stores.env };
    const app = await registerApp(place, settings);
    const emails = Array.from({ length: people }, (_, number) => `person${run}-${number}@example.com`);
    for (const email of emails) await createAccount(place, settings, email);

    const { acknowledged, lost, start } = await crashOnce(place, { settings, app, emails, least });
    result.acknowledged += acknowledged;
    result.lost.push(...lost.map((line) => `run ${run}: ${line}`));
    result.slowestStart = Math.max(result.slowestStart, start);
    told(`run ${run}: ${acknowledged} acknowledged, ${lost.length} lost, started again in ${Math.round(start)} ms`);
  }

  return result;
}

interface Crash {
  settings: Record<string, string>;
  app: Registered;
  emails: readonly string[];
  least: number;
}

async function crashOnce(place: Place, { settings, app, emails, least }: Crash) {
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

  let killed = false;
  const working = people.map((person) => keepActing(person, () => killed));
  // A person who fails before the kill ends the run: that is no crash.
  await Promise.race([enough.promise, ...working]);
  await pause(200 + Math.random() * 800);
  killed = true;
  server.kill('SIGKILL');
  await server.exit;
  await Promise.all(working);
  closeSync(ledger);

  const since = performance.now();
  await using again = await place.start(settings);
  const start = performance.now() - since;
  const lost = (await Promise.all(people.map((person) => readBack(again, person)))).flat();

  return { acknowledged, lost, start };
}

/** Until the server is gone; what fails while it is there is a failure of the run. */
async function keepActing(person: Person, killed: () => boolean): Promise<void> {
  for (;;) {
    try {
      await person.act();
    } catch (error) {
      // The kill comes between two looks at it: the connection breaks before this process hears of its own signal.
      if (killed()) return;

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
