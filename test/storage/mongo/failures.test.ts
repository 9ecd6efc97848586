import { describe, expect, test } from '@jest/globals';
import { mongo } from 'mongoose';
import { Conflict, Invalid, Unavailable } from '../../../src/domain/errors.ts';
import type { Connection } from '../../../src/storage/mongo/connection.ts';
import { takenAt, toFailure, toRefusal } from '../../../src/storage/mongo/failures.ts';
import { makeIndexes } from '../../../src/storage/mongo/indexes.ts';
import { placeOf } from '../../../src/storage/mongo/settings.ts';
import { StoreAway, StoreUnfit } from '../../../src/storage/refusals.ts';
import { sample } from '../rows.ts';
import { describeMongo, watchedDatabase } from './watched.ts';

const place = 'MongoDB at a.example';

const duplicate = (index: string) =>
  `E11000 duplicate key error collection: gatehouse.accounts index: ${index} dup key: { canary@example.org }`;

describe('an error of the driver', () => {
  test.each([
    ['_id_', 'id'],
    ['unique_email', 'email'],
    ['unique_email collation: { locale: "simple" }', 'email'],
  ])('about a value that is taken is a Conflict over it: %s', (index, unique) => {
    const failure = toFailure(new mongo.MongoServerError({ message: duplicate(index), code: 11000 }), place);

    expect(failure).toBeInstanceOf(Conflict);
    expect(failure).toMatchObject({ unique });
    expect(JSON.stringify([failure, failure.message, failure.cause])).not.toContain('canary');
  });

  test.each([
    new mongo.MongoServerError({ message: 'canary', code: 10107, codeName: 'NotWritablePrimary' }),
    new mongo.MongoServerError({ message: 'canary', code: 64, codeName: 'WriteConcernTimeout', writeErrors: [] }),
    Object.assign(new Error('canary'), { code: 64, writeErrors: [] }),
    Object.assign(new Error(duplicate('unique_email')), {
      code: 11000,
      writeErrors: [{ index: 0 }],
      result: { getWriteConcernError: () => ({ code: 64, errmsg: 'canary' }) },
    }),
    new mongo.MongoNetworkTimeoutError('connection 3 to 10.0.0.1:27017 timed out'),
    new mongo.MongoNotConnectedError('Client must be connected'),
    new mongo.MongoRuntimeError('anything'),
    new TypeError('anything'),
    new Error(''),
    undefined,
  ])('is Unavailable and carries nothing of what was to be written: %p', (error) => {
    const failure = toFailure(error, place);

    expect(failure).toBeInstanceOf(Unavailable);
    expect(failure).not.toBeInstanceOf(StoreUnfit);
    expect(failure.message).toMatch(/^MongoDB at a\.example: .+/);
    expect(String(failure.cause)).not.toContain('canary');
    expect(failure.message).not.toContain('canary');
  });

  test.each([
    [18, 'AuthenticationFailed'],
    [13, 'Unauthorized'],
  ])('about our credentials says that waiting changes nothing: %s', (code, codeName) => {
    const failure = toFailure(new mongo.MongoServerError({ message: 'no', code, codeName }), place);

    expect(failure).toBeInstanceOf(StoreUnfit);
    expect(failure.message).toContain(codeName);
  });

  test('in a bulk says where a value was taken; else nothing of it is taken for acknowledged', () => {
    const bulk = (error: object) => Object.assign(new Error('bulk'), error);
    const taken = { code: 11000, writeErrors: [{ index: 3, code: 11000 }] };
    const acknowledged = { result: { getWriteConcernError: () => undefined } };
    const unacknowledged = { result: { getWriteConcernError: () => ({ code: 64 }) } };

    expect(takenAt(bulk(taken))).toBe(3);
    expect(takenAt(bulk({ ...taken, ...acknowledged }))).toBe(3);
    expect(takenAt(bulk({ ...taken, writeErrors: taken.writeErrors[0] }))).toBe(3);
    expect(takenAt(bulk({ ...taken, code: 64 }))).toBeUndefined();
    expect(takenAt(bulk({ code: 64, writeErrors: [] }))).toBeUndefined();
    expect(takenAt(new mongo.MongoNetworkError('gone'))).toBeUndefined();

    expect(takenAt(bulk({ ...taken, ...unacknowledged }))).toBeUndefined();
  });
});

describe('a server that could not be chosen', () => {
  const chosen = (reason: object) =>
    Object.assign(new Error('canary: Learn more: https://mongoosejs.com'), {
      name: 'MongoServerSelectionError',
      reason,
    });
  const away = { type: 'Unknown', error: new Error('connect ECONNREFUSED 10.0.0.1:27017') };
  const plain = {
    type: 'Unknown',
    error: new Error('Client network socket disconnected before secure TLS connection'),
  };

  test.each<[object, RegExp, RegExp]>([
    [
      { type: 'Unknown', servers: new Map([['10.0.0.1:27017', away]]) },
      /: connect ECONN\S+ 10.0.0.1:27017\. /,
      /Start it/,
    ],
    [
      { type: 'Unknown', servers: new Map<string, object>([['a:27017', { type: 'Unknown' }]]) },
      /: it does not answer\. /,
      /Start it/,
    ],
    [{ type: 'ReplicaSetNoPrimary', setName: 'rs0', servers: new Map() }, /replica set rs0\. /, /Correct replicaSet/],
    [{ type: 'Unknown', servers: new Map([['a:27017', plain]]) }, /before secure TLS/, /tls=true/],
    [
      {
        type: 'ReplicaSetNoPrimary',
        setName: 'rs0',
        servers: new Map<string, object>([
          ['a:27017', { type: 'RSSecondary' }],
          ['b:27017', plain],
          ['c:27017', { type: 'Unknown' }],
        ]),
      },
      /: it has no primary; b:27017: Client .*; c:27017: it does not answer\. /,
      /majority/,
    ],
  ])('is told by what is known of the servers, with what to do: %j', (reason, what, mend) => {
    const failure = toRefusal(chosen(reason), place);

    expect(failure).toBeInstanceOf(StoreAway);
    expect(failure).toMatchObject({ status: 503, exitCode: 69 });
    expect(failure.message).toMatch(/^MongoDB at a\.example: .*\.$/);
    expect(failure.message).toMatch(what);
    expect(failure.message).toMatch(mend);
    expect(failure.message).not.toMatch(/canary|mongoosejs/);
    expect(toFailure(chosen(reason), place).message).not.toMatch(/canary|mongoosejs/);
  });

  test.each([
    ['mongodb://user:canary@a.example:27018,b.example/gatehouse', 'MongoDB at a.example:27018, b.example'],
    ['mongodb://a.example/?replicaset=rs0', 'MongoDB at a.example (replica set rs0)'],
    ['mongodb+srv://user:canary@cluster.example/?tls=true', 'MongoDB at cluster.example'],
    ['mongodb://%2Ftmp%2Fmongodb-27017.sock', 'MongoDB at /tmp/mongodb-27017.sock'],
    [undefined, 'MongoDB at 127.0.0.1:27017'],
  ])('is named without credentials: %s', (url, named) => {
    expect(placeOf({ url, pool_size: 1 })).toBe(named);
  });
});

test.each([
  [85, 'IndexOptionsConflict'],
  [86, 'IndexKeySpecsConflict'],
])('an index that is not the one that is needed is told with what to do: %s %s', async (code, codeName) => {
  const refuse = () => Promise.reject(new mongo.MongoServerError({ message: 'an index', code, codeName }));
  const connection = {
    ask: (question: () => Promise<unknown>) =>
      question().catch((error: unknown) => Promise.reject(toFailure(error, place))),
    database: { databaseName: 'gatehouse', collection: () => ({ createIndexes: refuse }) },
  } as unknown as Connection;

  const failure = makeIndexes(connection, { accounts: [{ name: 'unique_email', key: { unique_email: 1 } }] });

  await expect(failure).rejects.toThrow(StoreUnfit);
  await expect(failure).rejects.toThrow(/accounts has other indexes of these names: unique_email\. Remove those/);
});

describeMongo('a row in MongoDB', () => {
  test('that is larger than a document may be is Invalid, and nothing is sent', async () => {
    await using watched = await watchedDatabase();
    const { settings } = await watched.records();
    watched.sent.length = 0;

    await expect(settings.create(sample('settings', { value: 'x'.repeat(15_000_001) }))).rejects.toThrow(Invalid);
    expect(watched.sent).toEqual([]);
  });

  test('leaves out of the unique index what it does not have: two of them may be there', async () => {
    await using watched = await watchedDatabase();
    const accounts = watched.look.database.collection('accounts');
    await watched.records();

    await accounts.insertMany([{ doc: '{}' }, { doc: '{}' }]);

    expect(await accounts.countDocuments()).toBe(2);
  });
});
