import { expect, test } from '@jest/globals';
import { Unavailable } from '../../../src/domain/errors.ts';
import { ephemeraPart } from '../../../src/storage/mongo/ephemera.ts';
import { makeIndexes, missingIndexes } from '../../../src/storage/mongo/indexes.ts';
import { collections, migrate, type Part } from '../../../src/storage/mongo/migrations.ts';
import { recordsPart } from '../../../src/storage/mongo/records.ts';
import { indexesOf, layoutOf } from '../../../src/storage/mongo/schema.ts';
import { shapes } from '../../../src/storage/records.ts';
import { SchemaTooNew, StoreUnfit } from '../../../src/storage/refusals.ts';
import { sample } from '../rows.ts';
import { describeMongo, nameOf, watchedDatabase, writesAmong, type Watched } from './watched.ts';

type Meta = { _id: string; version?: number; holder?: string; until?: number };

const metaOf = ({ look }: Watched) => look.database.collection<Meta>('meta');

describeMongo('the schema in MongoDB', () => {
  test('is what shapes ask for: a change of shapes needs a migration', async () => {
    await using watched = await watchedDatabase();
    await watched.records();

    for (const [name, shape] of Object.entries(shapes)) {
      const asked = indexesOf(layoutOf(shape as never));
      const made = asked.length > 0 ? await watched.look.database.collection(name).indexes() : [];

      expect([name, made.filter((index) => index.name !== '_id_').map(ofIndex)]).toEqual([name, asked.map(ofIndex)]);
    }
  });

  test('lets MongoDB tidy up ephemera by itself, long after their end', async () => {
    await using watched = await watchedDatabase();
    await watched.ephemera();

    for (const name of Object.keys(ephemeraPart.indexes)) {
      const indexes = await watched.look.database.collection(name).indexes();

      expect(indexes).toContainEqual(
        expect.objectContaining({ key: { gone_at: 1 }, expireAfterSeconds: expect.any(Number) }),
      );
    }
  });

  test('is made once by five nodes that start at once, and all of them can use it', async () => {
    await using watched = await watchedDatabase();

    const nodes = await Promise.all(Array.from({ length: 5 }, () => watched.records()));

    const built = watched.sent.filter((command) => nameOf(command) === 'createIndexes');
    expect(new Set(built.map((command) => command['createIndexes'])).size).toBe(built.length);
    expect(built.length).toBeGreaterThan(10);

    for (const [at, node] of nodes.entries()) await node.settings.create(sample('settings', { id: `${at}` }));
    expect(await metaOf(watched).find().toArray()).toEqual([
      { _id: 'records', version: recordsPart.migrations.length },
    ]);
  });

  test('that is there is only looked at, version and indexes: the next start writes nothing', async () => {
    await using watched = await watchedDatabase();
    await watched.records();
    watched.sent.length = 0;

    await watched.records();

    const [first, ...others] = watched.sent.map(nameOf);
    expect([first, ...new Set(others)]).toEqual(['find', 'listIndexes']);
    expect(others.length).toBeLessThanOrEqual(Object.keys(shapes).length);
  });

  test.each(['records', 'ephemera'] as const)(
    'has its indexes made again where they were lost, once by five nodes, and the one that did it says so: %s',
    async (port) => {
      await using watched = await watchedDatabase();
      await watched[port]();
      const { indexes } = port === 'records' ? recordsPart : ephemeraPart;
      const collections = Object.keys(indexes).filter((name) => indexes[name]?.length);
      // The stand-in drops no index of an empty collection; all that it has goes with it.
      for (const name of collections) await watched.look.database.collection(name).drop();
      watched.sent.length = 0;

      const nodes = await Promise.all(Array.from({ length: 5 }, () => watched[port]()));

      const built = watched.sent.filter((command) => nameOf(command) === 'createIndexes');
      expect(built.map((command) => String(command['createIndexes'])).sort()).toEqual(collections.sort());
      expect(await missingIndexes(watched.look, indexes)).toEqual({});

      const said = (await Promise.all(nodes.map(async (node) => (await node.advice?.()) ?? []))).flat();
      const lost = said.filter(({ message }) => message.includes('lost indexes'));
      expect(lost).toEqual([expect.objectContaining({ state: 'warning' })]);
      for (const name of collections) expect(lost[0]?.message).toContain(name);
    },
  );

  test('with one index lost is not used before it is whole', async () => {
    await using watched = await watchedDatabase();
    const records = await watched.records();
    const accounts = watched.look.database.collection('accounts');
    await records.accounts.create(sample('accounts'));
    await accounts.dropIndex('unique_email');
    await accounts.dropIndex('list_email');
    watched.sent.length = 0;

    const again = await watched.records();

    const [made] = watched.sent.filter((command) => nameOf(command) === 'createIndexes');
    expect(made?.['indexes']).toEqual([
      expect.objectContaining({ name: 'unique_email', unique: true, sparse: true }),
      expect.objectContaining({ name: 'list_email' }),
    ]);
    await expect(again.accounts.create(sample('accounts', { id: 'other' }))).rejects.toMatchObject({ unique: 'email' });
    expect((await again.accounts.list('email', 'all')).rows).toHaveLength(1);
  });

  test('is refused, with what to do, where rows have come in meanwhile that share what must be unique', async () => {
    await using watched = await watchedDatabase();
    const records = await watched.records();
    await watched.look.database.collection('accounts').dropIndex('unique_email');
    await records.accounts.create(sample('accounts'));
    await records.accounts.create(sample('accounts', { id: 'other' }));

    const refused = await watched.records().catch((error: unknown) => error);

    expect(refused).toBeInstanceOf(StoreUnfit);
    expect(String(refused)).toContain('the index unique_email of accounts is missing');
    expect(String(refused)).not.toContain('example.org');
  });

  test('of both ports may share a database', async () => {
    await using watched = await watchedDatabase();
    await watched.records();
    const ephemera = await watched.ephemera();

    await ephemera.put('kind', 'id', 1, { ttl: 60 });

    expect(await ephemera.get('kind', 'id')).toBe(1);
  });

  test.each(['records', 'ephemera'] as const)(
    'of a newer release is refused, and nothing is written: %s',
    async (port) => {
      await using watched = await watchedDatabase();
      await watched[port]();
      const known = (port === 'records' ? recordsPart : ephemeraPart).migrations.length;
      await metaOf(watched).updateOne({ _id: port }, { $set: { version: known + 1 } });
      watched.sent.length = 0;

      await expect(watched[port]()).rejects.toThrow(SchemaTooNew);
      await expect(watched[port]()).rejects.toThrow(`schema ${known + 1}, this one knows ${known}`);
      expect(writesAmong(watched.sent)).toEqual([]);
    },
  );

  test('is not made among the collections of another program', async () => {
    await using watched = await watchedDatabase();
    await watched.look.database.collection('accounts').insertOne({ name: 'somebody else’s' });

    const refused = watched.records();

    await expect(refused).rejects.toThrow(Unavailable);
    await expect(refused).rejects.toThrow('Name another database');
    expect(writesAmong(watched.sent)).toEqual([]);
    expect(await metaOf(watched).countDocuments()).toBe(0);
  });

  test('goes on from where a node died: its lock runs out, what it did is done again', async () => {
    await using watched = await watchedDatabase();
    await metaOf(watched).insertMany([
      { _id: 'records', version: 0 },
      { _id: 'records lock', holder: 'dead', until: Date.now() - 1 },
    ]);
    await watched.look.database.collection('accounts').createIndexes(indexesOf(layoutOf(shapes.accounts)));

    const records = await watched.records();

    await records.accounts.create(sample('accounts'));
    expect(await metaOf(watched).find().toArray()).toEqual([
      { _id: 'records', version: recordsPart.migrations.length },
    ]);
  });

  test('is waited for while another node makes it, and not made a second time', async () => {
    await using watched = await watchedDatabase();
    await metaOf(watched).insertOne({ _id: 'records lock', holder: 'busy', until: Date.now() + 3_600_000 });

    const waiting = watched.records();
    await asked(watched, 3);
    await makeIndexes(watched.look, recordsPart.indexes);
    await metaOf(watched).insertOne({ _id: 'records', version: recordsPart.migrations.length });
    await waiting;

    expect(watched.sent.map(nameOf)).not.toContain('createIndexes');
    expect(await metaOf(watched).findOne({ _id: 'records lock' })).toMatchObject({ holder: 'busy' });
  });

  test('goes step by step, and the step that failed is tried again by the next start', async () => {
    await using watched = await watchedDatabase();
    const steps: number[] = [];
    const next: Part = {
      name: 'records',
      indexes: { one: indexesOf({ lists: ['x'] }), two: [] },
      migrations: [
        collections({ one: { lists: ['x'] } }),
        async (database) => {
          steps.push(steps.length);
          await database.collection('two').insertOne({ step: steps.length });
          if (steps.length === 1) throw new Error('a node that dies');
        },
      ],
    };
    const run = () => migrate(watched.look, next, { settings: watched.settings });

    await expect(run()).rejects.toThrow(Unavailable);
    expect(await metaOf(watched).find().toArray()).toEqual([{ _id: 'records', version: 1 }]);

    await run();
    await run();
    expect(steps).toHaveLength(2);
    expect(await metaOf(watched).find().toArray()).toEqual([{ _id: 'records', version: 2 }]);
  });
});

/** Once it has asked so often whether the lock is free. */
async function asked(watched: Watched, times: number): Promise<void> {
  while (watched.sent.filter((command) => nameOf(command) === 'update').length < times) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function ofIndex({
  name,
  key,
  unique = false,
  sparse = false,
}: {
  name?: string;
  key: unknown;
  unique?: boolean;
  sparse?: boolean;
}) {
  return { name, key, unique, sparse };
}
