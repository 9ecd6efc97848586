import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe } from '@jest/globals';

import { startTestApp } from '../support/app.ts';
import { mongo, oneAfterAnother, openLag, redis, type Lag } from '../support/lag.ts';
import { startMongo } from '../support/mongo.ts';
import { describeWith } from '../support/need.ts';
import { startRedis } from '../support/redis.ts';
import { createTrips } from '../support/trips.ts';
import { within } from '../support/within.ts';
import { countTrips } from './trips.ts';

describe('sequential trips, as a network would have them', () => {
  const trips = createTrips();

  countTrips({
    open: (config) => startTestApp({ aroundStores: trips.around, config: JSON.stringify(config) }),
    tripsOf: trips.of,
  });
});

describeWith(['stand-in', 'redis'], 'sequential trips to MongoDB and Redis, over a long way', () => {
  /** Milliseconds: far more than two questions need that are asked together. */
  const lag = 40;
  const running = new AsyncDisposableStack();
  const ways: Lag[] = [];

  beforeAll(async () => {
    const [database, cache] = [running.use(await startMongo()), running.use(await startRedis())];
    ways.push(
      running.use(await openLag(Number(new URL(database.url).port), mongo, lag)),
      running.use(await openLag(cache.port, redis, lag)),
    );
  });

  /** What the driver asks for itself, and the program for its own sake, belongs to no request. */
  const ofItself = /^(hello|ismaster|ping|endSessions)\b|^\w+ (settings|leases)$/;

  /** Kept, and read again where the look at what has changed comes late, as it may on a busy machine. */
  const kept = 'find clients';

  countTrips({
    async open(config) {
      const [database, cache] = ways.map(({ port }) => port);
      const storage = {
        records: { kind: 'mongo', url: `mongodb://127.0.0.1:${database}`, database: 'trips' },
        ephemera: { kind: 'redis', url: `redis://127.0.0.1:${cache}` },
      };

      const app = await startTestApp({ config: JSON.stringify({ ...config, storage }) });
      // As many connections as a request may use at once are there, as they are in a program that has run for a while.
      await Promise.all(Array.from({ length: 50 }, () => app.services.records.accounts.get('nobody')));
      // The first round of clearing away goes through every collection, and behind the last looks for old events.
      await within(
        10_000,
        async () => await pause(5, ways[0]?.questions.map(({ name }) => name) ?? []),
        (names) =>
          names.includes('find apiKeys') && names.lastIndexOf('find auditSegments') > names.indexOf('find apiKeys'),
      );

      return app;
    },

    async tripsOf(requests) {
      for (const { questions } of ways) questions.length = 0;
      await requests();

      const asked = ways.flatMap(({ questions }) =>
        questions.filter(({ name }) => name !== kept && !ofItself.test(name)),
      );

      return oneAfterAnother(asked).map(({ name }) => name);
    },
  });

  // Behind the program, which still says goodbye.
  afterAll(() => running.disposeAsync());
});
