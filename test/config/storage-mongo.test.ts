import { describe, expect, test } from '@jest/globals';

import { adviseConfig } from '../../src/config/checks.ts';
import { printConfig } from '../../src/config/document.ts';
import { databaseOf } from '../../src/storage/mongo/settings.ts';
import { load, loaded, problemsOf, production } from './given.ts';

function mongo(options: Record<string, string> = {}, port = 'RECORDS'): Record<string, string> {
  const variables = Object.entries({ kind: 'mongo', ...options }).map(([name, value]) => [
    `GATEHOUSE_STORAGE_${port}_${name.toUpperCase()}`,
    value,
  ]);

  return Object.fromEntries(variables) as Record<string, string>;
}

describe('records in MongoDB', () => {
  test('need the kind alone: MongoDB on this machine', () => {
    expect(loaded({ env: mongo() }).storage.records).toEqual({ kind: 'mongo', pool_size: 20 });
  });

  test.each([
    'mongodb://localhost',
    'mongodb://[::1]:27018',
    'mongodb://gatehouse:a%2Fb%40@mongo.example.com:27017/gatehouse?tls=true&authSource=admin',
    'mongodb://a.example.com:27017,b.example.com,10.0.0.3:1/?replicaSet=rs0',
    'mongodb+srv://user:p@cluster0.example.net/?retryWrites=true&w=majority',
    'mongodb://%2Ftmp%2Fmongodb-27017.sock',
  ])('are reached at %s', (url) => {
    expect(load({ env: mongo({ url }) }).problems).toBeUndefined();
  });

  test.each([
    'localhost:27017',
    'http://localhost',
    'mongodb://',
    'mongodb:///gatehouse',
    'mongodb://host/two/parts',
    'mongodb://host/a.b',
    'mongodb://host/a%24b',
    'mongodb://user:p@ss@host',
    'mongodb://user:%E0%A4%A@host',
    'mongodb://host one',
    'mongodb://host,',
    'mongodb://host#x',
    'mongodb+srv://a.example.net,b.example.net',
    'mongodb+srv://a.example.net:27017',
  ])('are not reached at %s', (url) => {
    const problems = problemsOf({ env: mongo({ url }) });

    expect(problems.map(({ path }) => path)).toEqual(['storage.records.url']);
    expect(problems[0]?.message).toContain('must be an address such as mongodb://user:password@a.example.com');
  });

  test('a wrong address of ephemera is told in the words of their kind, and not shown', () => {
    const [problem, ...others] = problemsOf({ env: mongo({ url: 'redis://:canary@localhost' }, 'EPHEMERA') });

    expect(others).toEqual([]);
    expect(problem?.message).toMatch(/^storage\.ephemera\.url must be an address such as mongodb:\S+\.$/);
    expect(JSON.stringify(problem)).not.toContain('canary');
  });

  test.each([
    [{}, 'gatehouse'],
    [{ url: 'mongodb://localhost/' }, 'gatehouse'],
    [{ url: 'mongodb://localhost/people?tls=true' }, 'people'],
    [{ url: 'mongodb://localhost/people', database: 'identity' }, 'identity'],
  ])('are in the database that is set, else the address’s: %j', (options, database) => {
    const { kind: _kind, ...settings } = loaded({ env: mongo(options) }).storage.records;

    expect(databaseOf(settings as never)).toBe(database);
  });

  test.each([
    ['database', 'a.b'],
    ['database', 'x'.repeat(64)],
    ['pool_size', '0'],
    ['pool_size', 'many'],
  ])('refuse %s=%s', (option, value) => {
    expect(problemsOf({ env: mongo({ [option]: value }) }).map(({ path }) => path)).toEqual([
      `storage.records.${option}`,
    ]);
  });

  test('can be given in the file, the address in a file of its own', () => {
    const file = 'storage:\n  records:\n    kind: mongo\n    url_file: /run/mongo\n    pool_size: 50\n';
    const config = loaded({ file, others: { '/run/mongo': 'mongodb://u:p@mongo.example.com\n' } });
    const env = { ...mongo(), GATEHOUSE_STORAGE_RECORDS_URL_FILE: '/run/mongo' };

    expect(config.storage.records).toEqual({ kind: 'mongo', url: 'mongodb://u:p@mongo.example.com', pool_size: 50 });
    expect(loaded({ env, others: { '/run/mongo': 'mongodb://other' } }).storage.records).toMatchObject({
      url: 'mongodb://other',
    });
  });

  test('S112: no address and no password is printed', () => {
    const printed = printConfig(loaded({ env: mongo({ url: 'mongodb://canary:canary@mongo.example.com' }) }));

    expect(printed).not.toContain('canary');
    expect(printed).not.toContain('mongo.example.com');
    expect(printed).toContain('kind: mongo');
    expect(printed).toContain('url: (hidden)');
  });
});

describe('what production is advised on MongoDB', () => {
  const advised = (url?: string) =>
    adviseConfig(loaded({ env: { ...production, ...mongo(url === undefined ? {} : { url }) } })).filter(({ path }) =>
      path.startsWith('storage.'),
    );

  test.each([
    undefined,
    'mongodb://localhost:27017,127.0.0.1:27018,[::1]:27019',
    'mongodb://%2Ftmp%2Fmongodb-27017.sock',
    'mongodb://u:p@mongo.example.com/?tls=true',
    'mongodb+srv://u:p@cluster0.example.net',
    'mongodb://mongo.example.com/?tls=true&authMechanism=MONGODB-X509&tlsCertificateKeyFile=/run/key.pem',
  ])('is nothing with %s', (url) => {
    expect(advised(url)).toEqual([]);
  });

  test.each([
    ['mongodb://mongo.example.com', ['without TLS', 'names no user']],
    ['mongodb://localhost,u.example.com/?ssl=false', ['without TLS', 'names no user']],
    ['mongodb://u:p@10.0.0.1', ['without TLS']],
    ['mongodb+srv://u:p@cluster0.example.net/?tls=false', ['without TLS']],
    ['mongodb://mongo.example.com/?tls=true', ['names no user']],
    ['mongodb://u:p@mongo.example.com/?tls=true&tlsAllowInvalidCertificates=true', ['takes any certificate']],
  ])('about %s is said', (url, said) => {
    const advice = advised(url);

    expect(advice.map(({ path }) => path)).toEqual(said.map(() => 'storage.records.url'));
    for (const [at, words] of said.entries()) expect(advice[at]?.message).toContain(words);
  });
});
