import { appendFileSync, closeSync, fsyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import type { Registered } from '../../src/operations/clients.ts';
import { peopleIn } from '../support/app.ts';
import { openPlace, type Place, type Started } from '../support/process.ts';
import { servicesOn } from '../support/services.ts';
import { openPair, type Pair } from '../support/storage.ts';
import { beforehand, eachRun, isLate } from './busy.ts';
import { createPerson, type Person } from './person.ts';
import { readBack } from './read-back.ts';

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
  /** Further variables of a run. Each is an installation of its own. */
  env?: (run: number) => Record<string, string>;
  told?: (line: string) => void;
}

/** Answers the server that is there afterwards, and how long it took to be: milliseconds. */
export type Trouble = (scene: Scene) => Promise<{ server: Started; back: number }>;

/** People are at work, and go on until the trouble says otherwise. */
export interface Scene {
  server: Started;
  /** Starts it once more on the same data. */
  again(): Promise<Started>;
  people: readonly Person[];
  /** From now on things may fail: whoever meets a failure does no more. */
  begin(): void;
  /** Nobody begins anything more; settles when all are done with what they are at. Answers what they failed with. */
  end(): Promise<unknown[]>;
}

/** SIGKILL, and another start on the same data. */
const crash: Trouble = async ({ server, again, begin, end }) => {
  begin();
  server.kill('SIGKILL');
  await Promise.all([server.exit, end()]);
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
  env = () => ({}),
  trouble = crash,
  told = () => undefined,
}: LedgerOptions): Promise<LedgerResult> {
  const result: LedgerResult = { runs, acknowledged: 0, lost: [], slowest: 0 };

  await eachRun(runs, told, async (run) => {
    await using place = await openPlace();
    await using stores = await openPair(pair);
    const settings = { ...unlimited, ...stores.env, ...env(run) };
    const emails = Array.from({ length: people }, (_, number) => `person${run}-${number}@example.com`);
    const app = await beforehand(() => fill({ ...place.env, ...settings }, emails));

    const { acknowledged, lost, back } = await crashOnce(place, { settings, app, emails, least, trouble });
    result.acknowledged += acknowledged;
    result.lost.push(...lost.map((line) => `run ${run}: ${line}`));
    result.slowest = Math.max(result.slowest, back);
    told(`run ${run}: ${acknowledged} acknowledged, ${lost.length} lost, served again after ${Math.round(back)} ms`);
    for (const line of lost) told(line);
  });

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

  for (const person of people) await beforehand(() => person.begin());

  let stage: Stage = 'calm';
  const working = people.map((person) => keepActing(person, () => stage));
  // When one fails, the run is over for the others: the one is what is told.
  for (const one of working) one.catch(() => undefined);
  // A person who fails before the trouble ends the run: that is none of it.
  await Promise.race([enough.promise, ...working]);
  await pause(200 + Math.random() * 800);
  const { server: again, back } = await trouble({
    server,
    again: () => place.start(settings),
    people,
    begin: () => void (stage = 'trouble'),
    async end() {
      stage = 'over';

      return (await Promise.all(working)).filter((failure) => failure !== undefined);
    },
  });
  closeSync(ledger);

  await using _ = again;
  const lost = (await Promise.all(people.map((person) => readBack(again, person)))).flat();

  return { acknowledged, lost, back };
}

/** `over`: nobody begins anything more. */
export type Stage = 'calm' | 'trouble' | 'over';

/**
 * Answers what the person met with in the trouble, if anything. What fails before is a failure of the run, but for a 503:
 * on a busy machine a store may be late, and people do something else. What they had asked is theirs to find either way.
 */
export async function keepActing(person: Person, stage: () => Stage): Promise<unknown> {
  while (stage() !== 'over') {
    try {
      await person.act();
    } catch (error) {
      if (stage() !== 'calm') return error;
      if (!isLate(error)) throw error;
    }
  }

  return undefined;
}

/** The app and the people, as commands beside the server make them; answers the app. */
async function fill(env: Record<string, string>, emails: readonly string[]): Promise<Registered> {
  await using services = await servicesOn(env);
  const { account, client } = peopleIn(() => services);
  for (const email of emails) await account({ email, password });

  return await client('web', { redirect_uris: ['https://wiki.example.net/callback'] });
}
