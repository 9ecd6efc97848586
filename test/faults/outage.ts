import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import type { MongoServer } from '../support/mongo.ts';
import type { Started } from '../support/process.ts';
import type { Trouble } from './crash-ledger.ts';

/**
 * Takes the database away from a server that people are at work on, and looks meanwhile: what needs it is answered 503
 * soon, what does not goes on, and nothing grows (F5, F8).
 */
export interface OutageSeen {
  /** Milliseconds until a request that needs the database was answered, the longest. */
  slowest: number;
  /** Of those, other statuses than 503. */
  others: number[];
  /** Milliseconds until discovery was answered, the 99th percentile: the event loop is free. */
  lag: number;
  /** Bytes of memory that the server took more at the end. */
  growth: number;
}

export interface OutagePlan {
  take(mongo: MongoServer): Promise<void> | void;
  give(mongo: MongoServer): Promise<void> | void;
  /** Milliseconds in between. */
  lasts: () => number;
}

export const killed: OutagePlan = {
  take: (mongo) => mongo.kill(),
  give: (mongo) => mongo.start(),
  lasts: () => 1000 + Math.random() * 9000,
};

export const frozen = (seconds: number): OutagePlan => ({
  take: (mongo) => mongo.freeze(),
  give: (mongo) => mongo.thaw(),
  lasts: () => seconds * 1000,
});

export function outageOf(mongo: MongoServer, plan: OutagePlan, seen: OutageSeen): Trouble {
  return async (server) => {
    const before = memoryOf(server.pid);
    const until = performance.now() + plan.lasts();
    await plan.take(mongo);

    const lags: number[] = [];
    const watch = watchDiscovery(server, lags);

    while (performance.now() < until) {
      const since = performance.now();
      const status = await needy(server);
      seen.slowest = Math.max(seen.slowest, performance.now() - since);
      if (status !== 503) seen.others.push(status);
    }

    await plan.give(mongo);
    const since = performance.now();
    while ((await needy(server)) !== 400) await pause(20);
    const back = performance.now() - since;

    await watch.stop();
    seen.lag = Math.max(seen.lag, lags.toSorted((a, b) => a - b)[Math.floor(lags.length * 0.99)] ?? 0);
    seen.growth = Math.max(seen.growth, memoryOf(server.pid) - before);

    return { server, back };
  };
}

/** A refresh token that nobody has given out: 400 once its family was looked for in vain. */
async function needy({ url }: Started): Promise<number> {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: 'x'.repeat(65),
    client_id: 'nobody',
  });
  const answer = await fetch(`${url}/oauth/token`, { method: 'POST', body });
  await answer.arrayBuffer();

  // An unknown client is told so: that, too, has been looked up.
  return answer.status === 401 ? 400 : answer.status;
}

function watchDiscovery({ url }: Started, lags: number[]) {
  let going = true;

  const watching = (async () => {
    while (going) {
      const since = performance.now();
      await (await fetch(`${url}/.well-known/openid-configuration`)).arrayBuffer();
      lags.push(performance.now() - since);
      await pause(50);
    }
  })();

  return {
    async stop() {
      going = false;
      await watching;
    },
  };
}

/** Resident, in bytes; Linux alone. */
function memoryOf(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];

  return Number(kilobytes) * 1024;
}
