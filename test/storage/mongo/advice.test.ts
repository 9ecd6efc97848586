import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/domain/clock.ts';
import { adviseOn } from '../../../src/storage/mongo/advice.ts';
import type { Connection } from '../../../src/storage/mongo/connection.ts';
import { openMongoRecords } from '../../../src/storage/mongo/records.ts';
import { StoreUnfit } from '../../../src/storage/refusals.ts';
import { describeMongo, watchedDatabase } from './watched.ts';

describe('what is said of how MongoDB is set up', () => {
  const answering = (about: object) =>
    ({
      ask: (question: () => Promise<unknown>) => question(),
      database: {
        databaseName: 'gatehouse',
        command: (command: object) => Promise.resolve('buildInfo' in command ? { version: '7.0.14' } : about),
      },
    }) as unknown as Connection;

  test.each([
    [{ setName: 'rs0', hosts: ['a', 'b', 'c'] }, 'good', 'on rs0, a replica set of 3'],
    [{ msg: 'isdbgrid' }, 'good', 'behind mongos'],
    [{ setName: 'rs0', hosts: ['a', 'b'] }, 'warning', 'on rs0, of 2: without one of them'],
    [{}, 'warning', 'on one server'],
  ])('%j', async (about, state, words) => {
    expect(await adviseOn(answering(about))).toEqual([
      expect.objectContaining({ state, message: expect.stringContaining(`MongoDB 7.0.14 keeps gatehouse`) }),
    ]);
    expect((await adviseOn(answering(about)))[0]?.message).toContain(words);
  });
});

describe('an address that the driver refuses', () => {
  test.each(['mongodb://u:canary@localhost/?nothing=1', 'mongodb://localhost/?authMechanism=NONE'])(
    'is told as what it is, without a password: %s',
    async (url) => {
      const refused = openMongoRecords({ url, pool_size: 1 }, { clock: systemClock });

      await expect(refused).rejects.toThrow(StoreUnfit);
      await expect(refused).rejects.toThrow(/Correct url in the storage settings\.$/);
      await expect(refused).rejects.not.toThrow(/canary/);
    },
  );
});

describeMongo('a MongoDB that is there', () => {
  test('says how it is set up', async () => {
    await using watched = await watchedDatabase();
    const records = await watched.records();

    expect(await records.advice?.()).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/^MongoDB [\d.]+ keeps gatehouse-test-/) }),
    ]);
  });
});
