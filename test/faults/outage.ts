import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import type { Started } from '../support/process.ts';
import { isLate } from './busy.ts';
import type { Trouble } from './crash-ledger.ts';
import { accountPage, type Person } from './person.ts';
import { watchRequests, type Seen, type UnderWay } from './under-way.ts';

/**
 * Takes a store away from a server that people are at work on, and looks meanwhile: what needs it is answered 503 soon,
 * what does not goes on, and nothing grows (F5, F8).
 */
export interface OutageSeen {
  /** Milliseconds until a request that needs the store was answered, or one of people's was, the longest. */
  slowest: number;
  /** What that was. */
  which: string;
  /** How many that need it were asked while it was away, and other answers than 503 with the time to try again. */
  asked: number;
  others: string[];
  /** Requests of people: under way when it went, and answered 503. */
  caught: number;
  refused: number;
  /** Requests that do not need the store: how many were asked, and what was not answered as ever. */
  went: number;
  stopped: string[];
  /** Milliseconds until discovery was answered, the 99th percentile: the event loop is free. */
  lag: number;
  /** The same under the same requests while the store was there: what of it is the machine. */
  calm: number;
  /** Bytes of memory that the server took more at the end. */
  growth: number;
}

/** A MongoDB or a Redis. */
export interface Removable {
  kill(): Promise<void>;
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

export interface OutagePlan {
  take(store: Removable): Promise<void> | void;
  give(store: Removable): Promise<void> | void;
  /** Milliseconds in between. */
  lasts: () => number;
}

/** How it is told that one kind of store is there. */
export interface Asking {
  /** Needs it: 400 when it is there. */
  needs(server: Started): Promise<Response>;
  /** Does not, and goes on: throws when it does not. */
  spared(server: Started, people: readonly Person[]): Promise<void>;
}

export const killed = (seconds?: number): OutagePlan => ({
  take: (store) => store.kill(),
  give: (store) => store.start(),
  lasts: () => (seconds === undefined ? 1000 + Math.random() * 9000 : seconds * 1000),
});

export const frozen = (seconds: number): OutagePlan => ({
  async take(store) {
    store.freeze();
    // Until all its threads stand still, one may answer.
    await pause(200);
  },
  give: (store) => store.thaw(),
  lasts: () => seconds * 1000,
});

/** Records: a refresh token that nobody has given out is refused once its family was looked for in vain. */
export const records: Asking = {
  needs: ({ url }) => {
    const fields = { grant_type: 'refresh_token', refresh_token: 'x'.repeat(65), client_id: 'nobody' };

    return fetch(`${url}/oauth/token`, { method: 'POST', body: new URLSearchParams(fields) });
  },
  async spared({ url }) {
    const { status } = await fetch(`${url}/oauth/jwks`);
    if (status !== 200) throw new Error(`the keys were answered ${status}`);
  },
};

/** Ephemera: requests to sign in are counted there. Whoever is signed in reads on. */
export const ephemera: Asking = {
  needs: ({ url }) => fetch(`${url}/oauth/authorize?client_id=nobody`),
  async spared(_server, people) {
    for (const { email, remembered } of people) {
      const session = remembered.sessions.find(({ state }) => state === 'alive');
      if (session && (await accountPage(session.browser)) === undefined) throw new Error(`${email} is signed out`);
    }
  },
};

/** Many ask at the same time: whatever is kept for one that waits would add up. */
const askers = 10;

/** Milliseconds that are looked at before. */
const watched = 3000;

export const nothingSeen = (): OutageSeen => ({
  slowest: 0,
  which: '',
  asked: 0,
  others: [],
  caught: 0,
  refused: 0,
  went: 0,
  stopped: [],
  lag: 0,
  calm: 0,
  growth: 0,
});

export interface OutageOf {
  store: Removable;
  plan: OutagePlan;
  asking: Asking;
  /** Milliseconds of work before anything is measured: a young process takes memory until its heap fits its work. */
  warmUp: number;
}

export function outageOf({ store, plan, asking, warmUp }: OutageOf, seen: OutageSeen): Trouble {
  return async ({ server, people, begin, end }) => {
    using asked = watchRequests(server);
    await load(warmUp, { server, ask: () => refusedBy(asking, server), between: 0 });
    seen.calm = Math.max(seen.calm, await load(watched, { server, ask: () => refusedBy(asking, server) }));

    const before = memoryOf(server.pid);
    await atWork(asked);
    begin();
    asked.begin();
    await plan.take(store);
    const until = plan.lasts();
    const reading = repeat(until, () => read(asking, { server, people, seen }));
    seen.lag = Math.max(seen.lag, await load(until, { server, ask: () => ask(asking, { server, seen }) }));
    await reading;
    // Whatever they are at is answered before the store is back.
    const failures = await end();
    take(asked.end(), { failures, seen });
    await plan.give(store);

    const since = performance.now();
    while (!(await refusedBy(asking, server))) await pause(20);
    const back = performance.now() - since;

    seen.growth = Math.max(seen.growth, memoryOf(server.pid) - before);

    return { server, back };
  };
}

/** Somebody is just signing in. Throws when nobody does for a while: then nobody is at work. */
async function atWork(asked: UnderWay): Promise<void> {
  const deadline = performance.now() + 30_000;

  while (!asked.isSigningIn()) {
    if (performance.now() > deadline) throw new Error('nobody has signed in for 30 s');
    await pause(1);
  }
}

/** People, too, are told 503 soon, or get what they want. */
function take({ caught, refused, slowest, which, broken }: Seen, to: { failures: unknown[]; seen: OutageSeen }): void {
  const { failures, seen } = to;
  const unexpected = failures.filter((failure) => !isLate(failure)).map(String);

  seen.caught += caught;
  seen.refused += refused;
  noteTime(seen, slowest, which);
  seen.others.push(...broken, ...unexpected);
}

/**
 * Asks with many at the same time for so many milliseconds; answers the 99th percentile of discovery meanwhile.
 * `between`: milliseconds from an answer to the next question.
 */
async function load(
  lasts: number,
  { server, ask, between = 50 }: { server: Started; ask: () => Promise<unknown>; between?: number },
): Promise<number> {
  const took: number[] = [];
  const discovery = repeat(lasts, async () => void took.push(await tookOf(discoveryOf(server))));

  await Promise.all([discovery, ...Array.from({ length: askers }, () => repeat(lasts, ask, between))]);

  return took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? 0;
}

async function repeat(lasts: number, work: () => Promise<unknown>, between = 50): Promise<void> {
  const until = performance.now() + lasts;

  while (performance.now() < until) {
    await work();
    await pause(between);
  }
}

async function ask(asking: Asking, { server, seen }: { server: Started; seen: OutageSeen }): Promise<void> {
  const since = performance.now();
  const answer = await asking.needs(server);
  await answer.arrayBuffer();

  const again = answer.headers.get('retry-after');

  seen.asked += 1;
  noteTime(seen, performance.now() - since, `${answer.status} to one who asks`);

  if (answer.status !== 503 || !again) seen.others.push(`${answer.status}, to try again in: ${again}`);
}

function noteTime(seen: OutageSeen, took: number, which: string): void {
  if (took <= seen.slowest) return;

  seen.slowest = took;
  seen.which = which;
}

async function read(
  { spared }: Asking,
  { server, people, seen }: { server: Started; people: readonly Person[]; seen: OutageSeen },
): Promise<void> {
  try {
    await spared(server, people);
  } catch (error) {
    seen.stopped.push(error instanceof Error ? error.message : String(error));
  }

  seen.went += 1;
}

/** False while the store is away; an unknown client is told so, too, once it was looked up. */
async function refusedBy({ needs }: Asking, server: Started): Promise<boolean> {
  const answer = await needs(server);
  await answer.arrayBuffer();

  return answer.status === 400 || answer.status === 401;
}

async function tookOf(work: Promise<unknown>): Promise<number> {
  const since = performance.now();
  await work;

  return performance.now() - since;
}

async function discoveryOf({ url }: Started): Promise<void> {
  const answer = await fetch(`${url}/.well-known/openid-configuration`);
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`discovery was answered ${answer.status}`);
}

/** Resident, in bytes; Linux alone. */
function memoryOf(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];

  return Number(kilobytes) * 1024;
}

export interface Bounds {
  /** Milliseconds until what needs the store is answered 503. */
  answered: number;
  /** Milliseconds until people are served again, once it is back. */
  back: number;
}

/** What went against the plan, in sentences; empty when nothing did. */
export function wrongIn(seen: OutageSeen, { answered, back }: Bounds, served: number): string[] {
  const { slowest, which, others, stopped, lag, calm, growth } = seen;
  const wrong = [...others.map((one) => `answered ${one}`), ...stopped];

  if (slowest > answered) wrong.push(`an answer took ${Math.round(slowest)} ms: ${which}`);
  if (served > back) wrong.push(`people were served after ${Math.round(served)} ms`);
  // On a busy machine it is late while all is well, too.
  if (lag > Math.max(200, calm)) {
    wrong.push(`discovery took ${Math.round(lag)} ms, and ${Math.round(calm)} ms while all was well`);
  }
  if (growth > 100_000_000) wrong.push(`the server grew by ${Math.round(growth / 1_000_000)} MB`);

  return wrong;
}
