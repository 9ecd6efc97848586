import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../../support/app.ts';
import { startMongo, type MongoServer } from '../../support/mongo.ts';
import { describeWith } from '../../support/need.ts';
import { openPlace } from '../../support/process.ts';
import { describeMongo, watchedDatabase, type Watched } from './watched.ts';

function envOf({ settings: { url = '', database = '' } }: Watched): Record<string, string> {
  const ports = ['RECORDS', 'EPHEMERA'].map((port) => `GATEHOUSE_STORAGE_${port}`);

  return Object.fromEntries(
    ports.flatMap((port) => [
      [`${port}_KIND`, 'mongo'],
      [`${port}_URL`, url],
      [`${port}_DATABASE`, database],
    ]),
  );
}

describeMongo('commands on MongoDB', () => {
  test('find what other commands and another machine have written', async () => {
    await using watched = await watchedDatabase();
    await using here = await openPlace();
    const env = { ...envOf(watched), GATEHOUSE_SECRETS_ENCRYPTION_KEY: 'q1vEn0d6hD3FJ4yVQ2kGmYw7XZ5sTuPbLrA8oCiKe9M' };
    const client = ['client', 'create', '--kind', 'web', '--name', 'Wiki', '--redirect-uri', 'https://w.example/cb'];

    const made = await here.run(client, { env });
    expect(made).toMatchObject({ code: 0, err: expect.stringContaining(' (records: mongo at mongodb://') });
    expect(made.err).not.toContain(here.env['GATEHOUSE_DATA']);

    await using there = await openPlace();
    expect((await there.run(['client', 'list'], { env })).out).toContain('Wiki');
    expect((await there.run(['doctor'], { env })).out).toMatch(/storage: MongoDB [\d.]+ keeps gatehouse-test-/);
  }, 60_000);

  test('a start says how the server is set up, as the doctor does', async () => {
    await using watched = await watchedDatabase();
    await using place = await openPlace();

    await using started = await place.start(envOf(watched));
    const { out } = await place.run(['doctor', '--json'], { env: envOf(watched) });
    const said = (JSON.parse(out) as { area: string; state: string; message: string; mend?: string }[]).filter(
      ({ area, state }) => area === 'storage' && state !== 'good',
    );

    if (process.env['GATEHOUSE_TEST_MONGO_URL'] === undefined) expect(said).toHaveLength(1);
    for (const { message, mend } of said) expect(started.err()).toContain(`- ${message} ${mend}`);
  }, 60_000);

  test('say what a newer schema means, and end with 78; with nothing there, 69 and what does not answer', async () => {
    await using watched = await watchedDatabase();
    await using place = await openPlace();
    await watched.look.database.collection<{ _id: string }>('meta').insertOne({ _id: 'records', version: 99 } as never);

    const newer = await place.run(['client', 'list'], { env: envOf(watched) });
    expect(newer).toMatchObject({
      code: 78,
      err: expect.stringContaining('was written by a newer release (schema 99'),
    });

    const url = `mongodb://user:canary@127.0.0.1:${await freePort()}`;
    const away = await place.run(['client', 'list'], {
      env: { ...envOf(watched), GATEHOUSE_STORAGE_RECORDS_URL: url },
    });
    expect(away).toMatchObject({ code: 69, err: expect.stringContaining('MongoDB') });
    expect(away.err + away.out).not.toContain('canary');
  }, 60_000);
});

describeWith('stand-in', 'a MongoDB that can’t be used', () => {
  let server: MongoServer;

  beforeAll(async () => {
    server = await startMongo();
  }, 60_000);

  afterAll(async () => server[Symbol.asyncDispose]());

  test.each([
    [
      'is away',
      async () => `mongodb://user:canary@127.0.0.1:${await freePort()}`,
      /connect ECONNREFUSED \S+\. Start it/,
    ],
    ['is in no such set', async (url: string) => `${url}/?replicaSet=rs9`, /\(replica set rs9\): .*Correct replic/],
    ['speaks no TLS', async (url: string) => `${url}/?tls=true`, /TLS connection .*\. Let both sides speak TLS/],
  ])(
    'that %s is told by start and doctor with where it is and what to do',
    async (_what, of, said) => {
      await using place = await openPlace();
      const env = { GATEHOUSE_STORAGE_RECORDS_KIND: 'mongo', GATEHOUSE_STORAGE_RECORDS_URL: await of(server.url) };

      const start = await place.run(['start'], { env });
      const doctor = await place.run(['doctor'], { env });
      const storage = doctor.out.split('\n').find((line) => line.includes(' storage: ')) ?? '';

      expect(start.code).toBe(69);
      expect(doctor.code).toBe(1);
      for (const text of [start.err, storage]) {
        expect(text).toMatch(/MongoDB at 127\.0\.0\.1:\d+/);
        expect(text).toMatch(said);
        expect(text).not.toMatch(/canary|mongoosejs|data folder|\.\./);
      }
    },
    60_000,
  );
});
