import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import type { Started } from '../support/process.ts';
import type { Trouble } from './crash-ledger.ts';
import { accountPage, type Person } from './person.ts';

/**
 * Takes a store away from a server that people are at work on, and looks meanwhile: what needs it is answered 503 soon,
 * what does not goes on, and nothing grows (F5, F8).
 */
export interface OutageSeen {
  /** Milliseconds until a request that needs the store was answered, the longest. */
  slowest: number;
  /** Of those, how many were asked, and other answers than 503 with the time to try again. */
  asked: number;
  others: string[];
  /** Requests that do not need the store: how many were asked, and what was not answered as ever. */
  went: number;
  stopped: string[];
  /** Milliseconds until discovery was answered, the 99th percentile: the event loop is free. */
  lag: number;
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

export const killed: OutagePlan = {
  take: (store) => store.kill(),
  give: (store) => store.start(),
  lasts: () => 1000 + Math.random() * 9000,
};

export const frozen = (seconds: number): OutagePlan => ({
  take: (store) => store.freeze(),
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

export const nothingSeen = (): OutageSeen => ({
  slowest: 0,
  asked: 0,
  others: [],
  went: 0,
  stopped: [],
  lag: 0,
  growth: 0,
});

export function outageOf(
  { store, plan, asking }: { store: Removable; plan: OutagePlan; asking: Asking },
  seen: OutageSeen,
): Trouble {
  return async (server, _again, people) => {
    const before = memoryOf(server.pid);
    const until = performance.now() + plan.lasts();
    await plan.take(store);

    const lags: number[] = [];
    const over = () => performance.now() >= until;
    const discovery = repeat(over, 50, async () => void lags.push(await tookOf(discoveryOf(server))));
    const reading = repeat(over, 50, () => read(asking, { server, people, seen }));
    const needing = Array.from({ length: askers }, () => repeat(over, 50, () => ask(asking, { server, seen })));

    await Promise.all([...needing, reading, discovery]);
    await plan.give(store);

    const since = performance.now();
    while ((await refusedBy(asking, server)) === undefined) await pause(20);
    const back = performance.now() - since;

    seen.lag = Math.max(seen.lag, lags.toSorted((a, b) => a - b)[Math.floor(lags.length * 0.99)] ?? 0);
    seen.growth = Math.max(seen.growth, memoryOf(server.pid) - before);

    return { server, back };
  };
}

async function repeat(over: () => boolean, every: number, work: () => Promise<void>): Promise<void> {
  while (!over()) {
    await work();
    await pause(every);
  }
}

async function ask(asking: Asking, { server, seen }: { server: Started; seen: OutageSeen }): Promise<void> {
  const since = performance.now();
  const answer = await asking.needs(server);
  await answer.arrayBuffer();

  seen.asked += 1;
  seen.slowest = Math.max(seen.slowest, performance.now() - since);

  const again = answer.headers.get('retry-after');
  if (answer.status !== 503 || !again) seen.others.push(`${answer.status}, to try again in: ${again}`);
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

/** Undefined while the store is away; an unknown client is told so, too, once it was looked up. */
async function refusedBy({ needs }: Asking, server: Started): Promise<true | undefined> {
  const answer = await needs(server);
  await answer.arrayBuffer();

  return answer.status === 400 || answer.status === 401 ? true : undefined;
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
  const { slowest, others, stopped, lag, growth } = seen;
  const wrong = [...others.map((one) => `answered ${one}`), ...stopped];

  if (slowest > answered) wrong.push(`an answer took ${Math.round(slowest)} ms`);
  if (served > back) wrong.push(`people were served after ${Math.round(served)} ms`);
  if (lag > 200) wrong.push(`discovery took ${Math.round(lag)} ms`);
  if (growth > 100_000_000) wrong.push(`the server grew by ${Math.round(growth / 1_000_000)} MB`);

  return wrong;
}
