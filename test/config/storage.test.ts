import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { adviseConfig } from '../../src/config/checks.ts';
import { printConfig } from '../../src/config/document.ts';
import { aboutSetting, backend } from '../../src/config/forms.ts';
import { allSettings } from '../../src/config/walk.ts';
import { load, loaded, problemsOf, production } from './given.ts';

const kind = { GATEHOUSE_STORAGE_EPHEMERA_KIND: 'redis' };

function redis(options: Record<string, string>): Record<string, string> {
  const variables = Object.entries(options).map(([name, value]) => [
    `GATEHOUSE_STORAGE_EPHEMERA_${name.toUpperCase()}`,
    value,
  ]);

  return { ...kind, ...Object.fromEntries(variables) };
}

describe('ephemera in Redis', () => {
  test('need the kind alone: Redis on this machine', () => {
    expect(loaded({ env: kind }).storage.ephemera).toEqual({ kind: 'redis', sentinels: [], nodes: [] });
  });

  test.each([
    ['one server', { url: 'rediss://gatehouse:a%2Fb@redis.example.com:6380/2' }],
    ['one server of IPv6', { url: 'redis://[::1]' }],
    ['Sentinels', { sentinels: 'redis://:s@10.0.0.1,redis://10.0.0.2:26380', name: 'main', password: 'p' }],
    ['a Cluster', { nodes: '[rediss://a.example.com, rediss://b.example.com]', username: 'u', password: 'p' }],
    ['what else there is', { prefix: 'one:', ca_file: '/etc/ssl/ca.pem' }],
  ])('are reached as %s', (_what, options) => {
    expect(load({ env: redis(options) }).problems).toBeUndefined();
  });

  test('can be given in the file, the address in a file of its own', () => {
    const file = 'storage:\n  ephemera:\n    kind: redis\n    url_file: /run/redis\n    prefix: "one:"\n';
    const config = loaded({ file, others: { '/run/redis': 'redis://:p@10.0.0.1\n' } });

    expect(config.storage.ephemera).toMatchObject({ kind: 'redis', url: 'redis://:p@10.0.0.1', prefix: 'one:' });
  });

  test.each([
    'localhost',
    'localhost:6379',
    'http://localhost',
    'redis://',
    'redis://host/path',
    'redis://host/0/1',
    'redis://host?family=6',
    'redis://host#0',
    'redis://:%E0%A4%A@host',
    'redis://host:99999',
  ])('are not reached at %s', (url) => {
    const problems = problemsOf({ env: redis({ url }) });

    expect(problems.map(({ path }) => path)).toEqual(['storage.ephemera.url']);
    expect(problems[0]?.message).toContain('must be an address such as redis://user:password@redis.example.com');
  });

  test('a wrong entry of a list is told as an entry, and not shown', () => {
    const [problem, ...others] = problemsOf({ env: redis({ nodes: 'redis://10.0.0.1,canary' }) });

    expect(others).toEqual([]);
    expect(problem).toMatchObject({
      path: 'storage.ephemera.nodes[1]',
      message: 'storage.ephemera.nodes[1] must be an address such as redis://10.0.0.1:6379.',
    });
    expect(JSON.stringify(problem)).not.toContain('canary');
  });

  test.each([
    ['two ways', { url: 'redis://a', nodes: 'redis://b' }, 'url'],
    ['two other ways', { sentinels: 'redis://a', nodes: 'redis://b' }, 'nodes'],
    ['a name without Sentinels', { url: 'redis://a', name: 'main' }, 'name'],
    ['a user without a password', { url: 'redis://a', username: 'u' }, 'username'],
    ['two passwords', { url: 'redis://:p@a', password: 'q' }, 'password'],
    ['half of it over TLS', { nodes: 'redis://a,rediss://b' }, 'nodes'],
    ['a database of a Cluster', { nodes: 'redis://a/1' }, 'nodes'],
    ['a database at a Sentinel', { sentinels: 'redis://a/1' }, 'sentinels'],
  ])('are refused with %s', (_what, options, option) => {
    const problems = problemsOf({ env: redis(options) });

    expect(problems.map(({ path }) => path)).toEqual([`storage.ephemera.${option}`]);
    expect(problems[0]?.message).toMatch(new RegExp(`^storage\\.ephemera\\.${option} .+\\.$`));
  });

  test('S112: no address and no password is printed', () => {
    const env = { ...redis({ sentinels: 'redis://:canary@10.0.0.1', password: 'canary' }) };
    const printed = printConfig(loaded({ env }));

    expect(printed).not.toContain('canary');
    expect(printed).toContain('password: (hidden)');
    expect(printed).toContain('kind: redis');
  });
});

describe('what production is advised', () => {
  const advised = (options: Record<string, string>) =>
    adviseConfig(loaded({ env: { ...production, ...redis(options) } })).filter(({ path }) =>
      path.startsWith('storage.'),
    );

  test.each([
    ['nothing configured', {}],
    ['a server of this machine', { url: 'redis://127.0.0.1:6380' }],
    ['TLS and a password', { url: 'rediss://u:p@redis.example.com' }],
    ['the same with Sentinels', { sentinels: 'rediss://a.example.com', password: 'p' }],
  ])('is nothing with %s', (_what, options) => {
    expect(advised(options)).toEqual([]);
  });

  test.each([
    ['url', { url: 'redis://redis.example.com' }],
    ['sentinels', { sentinels: 'redis://:p@10.0.0.1' }],
    ['nodes', { nodes: 'redis://10.0.0.1,redis://127.0.0.1' }],
  ])('is TLS and a password for %s', (option, options) => {
    const advice = advised(options);

    expect(advice.map(({ path }) => path)).toEqual([`storage.ephemera.${option}`, `storage.ephemera.${option}`]);
    expect(advice[0]?.message).toContain('without TLS');
    expect(advice[1]?.message).toContain('no password');
  });

  test('is not said in development', () => {
    expect(adviseConfig(loaded({ env: redis({ url: 'redis://redis.example.com' }) }))).toEqual([]);
  });
});

describe('several kinds of storage', () => {
  test('an option of a kind that is not chosen is told so', () => {
    expect(problemsOf({ env: { GATEHOUSE_STORAGE_EPHEMERA_URL: 'redis://:canary@localhost' } })).toEqual([
      {
        path: 'storage.ephemera.url',
        message: 'storage.ephemera.url is a setting of kind mongo or redis (GATEHOUSE_STORAGE_EPHEMERA_URL).',
        mend: 'Set storage.ephemera.kind to mongo or redis, or remove it.',
      },
    ]);
  });

  test('may share an option, which is then told for both and secret for both', () => {
    const option = (facts: Record<string, string | boolean>) => z.strictObject({ url: z.string().meta(facts) });
    const storage = backend('Things.', 'one', [
      { kind: 'one', options: option({ description: 'Where one is.', expects: 'an address of one' }) },
      { kind: 'two', options: option({ description: 'Where two is.', expects: 'an address of two', secret: true }) },
    ]);
    const [url] = allSettings(aboutSetting(storage)?.shape, ['storage']).filter(({ path }) => path.at(-1) === 'url');

    expect(url?.about).toMatchObject({
      description: 'Kind one: Where one is. Kind two: Where two is.',
      expects: 'an address of one, or an address of two',
      secret: true,
      kinds: ['one', 'two'],
      ofKind: { one: { expects: 'an address of one' }, two: { expects: 'an address of two' } },
    });
    expect(storage.parse({ kind: 'two', url: 'x' })).toEqual({ kind: 'two', url: 'x' });
  });
});
