import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { loadConfig } from '../../src/config/load.ts';
import { printProblems } from '../../src/config/problems.ts';
import { allSettings } from '../../src/config/walk.ts';
import { key, load, loaded, otherKey, pathsOf, problemsOf, production } from './given.ts';

describe('nothing configured', () => {
  test('is development mode on this machine, with the sample app', () => {
    expect(loaded()).toMatchObject({
      mode: 'development',
      issuer: 'http://localhost:3000',
      host: '127.0.0.1',
      port: 3000,
      data: resolve('data'),
      demo: { enabled: true, port: 3001 },
      storage: { records: { kind: 'sqlite' }, ephemera: { kind: 'sqlite' } },
    });
  });

  test('resolves durations to seconds and sizes to bytes', () => {
    const { tokens, account, outbound } = loaded();
    expect(tokens.authorization_code).toBe(60);
    expect(account.recent_sign_in).toBe(300);
    expect(outbound).toMatchObject({ timeout: 2.5, max_bytes: 256_000 });
  });

  test('S9, S61, S68: the defaults hold what the standards ask for', () => {
    const { tokens, passwords } = loaded();
    expect(tokens.authorization_code).toBeLessThanOrEqual(60);
    expect(passwords).toMatchObject({ minimum_length: 15, minimum_length_with_second_factor: 8 });
    expect(passwords.argon2).toEqual({ memory_kib: 19_456, iterations: 2, parallelism: 1 });
  });

  test('an empty file, or one of empty sections, is the same', () => {
    expect(loaded({ file: '' })).toEqual(loaded());
    expect(loaded({ file: '# nothing\nsession:\nlog:\n  level:\nbranding: {links: }\n' })).toEqual(loaded());
  });
});

describe('where a value comes from', () => {
  test('a variable wins over the file, the file over the default', () => {
    const file = 'port: 4000\nsession: {idle: 1h}\nlog: {level: warn}';
    const config = loaded({ file, env: { GATEHOUSE_SESSION_IDLE: '2h', GATEHOUSE_LOG_LEVEL: 'debug' } });
    expect(config).toMatchObject({ port: 4000, session: { idle: 7200, absolute: 2_592_000 }, log: { level: 'debug' } });
  });

  test('--config wins over GATEHOUSE_CONFIG', () => {
    const read = (path: string) => (path === 'a.yaml' ? 'port: 1' : 'port: 2');
    const env = { GATEHOUSE_CONFIG: 'b.yaml' };
    expect(loadConfig({ env, files: { read } }).config?.port).toBe(2);
    expect(loadConfig({ path: 'a.yaml', env, files: { read } }).config?.port).toBe(1);
  });

  test('an empty variable is one that is not set', () => {
    expect(
      loaded({ file: 'port: 4000', env: { GATEHOUSE_PORT: '', GATEHOUSE_CONFIG: '', GATEHOUSE_NONSENSE: '' } }).port,
    ).toBe(4000);
  });

  test('a wrong value in the file is no problem when a variable replaces it', () => {
    expect(loaded({ file: 'port: many', env: { GATEHOUSE_PORT: '4000' } }).port).toBe(4000);
  });

  test('variables hold numbers, switches, lists with commas and lists in YAML', () => {
    const config = loaded({
      env: {
        GATEHOUSE_PORT: '0',
        GATEHOUSE_DEMO_ENABLED: 'false',
        GATEHOUSE_PROXY_TRUSTED: '10.0.0.0/8, ::1',
        GATEHOUSE_ACCOUNT_CLAIMS_SHOWN: '[nickname, picture]',
        GATEHOUSE_RESOURCES:
          '[{"identifier": "https://api.example.com",\n"name": "Orders", "scopes": [{"name": "read"}]}]',
      },
    });
    expect(config).toMatchObject({ port: 0, demo: { enabled: false }, proxy: { trusted: ['10.0.0.0/8', '::1'] } });
    expect(config.account.claims_shown).toEqual(['nickname', 'picture']);
    expect(config.resources).toEqual([
      {
        identifier: 'https://api.example.com',
        name: 'Orders',
        scopes: [{ name: 'read', description: {} }],
        format: 'jwt',
        signing_algorithm: 'ES256',
        introspected_by: [],
        key_scopes: [],
        access_token: 600,
      },
    ]);
  });

  test('no two settings share a variable', () => {
    const names = allSettings().flatMap(({ variable, about }) => [
      variable,
      ...(about.secret ? [`${variable}_FILE`] : []),
    ]);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('GATEHOUSE_STORAGE_RECORDS_KIND');
    expect(names).not.toContain('GATEHOUSE_CONFIG');
  });

  test('every setting can be given by its variable', () => {
    const env = Object.fromEntries(
      allSettings()
        .filter(({ about }) => about.fallback !== undefined && typeof about.fallback !== 'object')
        .filter(({ about }) => about.kinds?.includes('sqlite') ?? true)
        .map(({ variable, about }) => [variable, String(about.fallback)]),
    );
    expect(loaded({ env })).toEqual(loaded());
  });
});

describe('secrets from files', () => {
  const name = 'GATEHOUSE_SECRETS_ENCRYPTION_KEY';

  test('a variable, or a setting beside the secret, names the file', () => {
    const others = { '/run/key': `${key}\n` };
    expect(loaded({ env: { [`${name}_FILE`]: '/run/key' }, others }).secrets.encryption_key).toBe(key);
    expect(loaded({ file: 'secrets: {encryption_key_file: /run/key}', others }).secrets.encryption_key).toBe(key);
  });

  test('either variable wins over either setting', () => {
    const others = { '/run/key': key };
    const inFile = `secrets: {encryption_key: ${otherKey}}`;
    expect(loaded({ file: inFile, env: { [`${name}_FILE`]: '/run/key' }, others }).secrets.encryption_key).toBe(key);
    const named = 'secrets: {encryption_key_file: /missing}';
    expect(loaded({ file: named, env: { [name]: otherKey } }).secrets.encryption_key).toBe(otherKey);
  });

  test('a list is one secret a line', () => {
    const others = { '/run/cookies': `${key}\n${otherKey}\n` };
    const { secrets } = loaded({ env: { GATEHOUSE_SECRETS_COOKIE_KEYS_FILE: '/run/cookies' }, others });
    expect(secrets.cookie_keys).toEqual([key, otherKey]);
  });

  test.each([
    ['both variables', { env: { [name]: key, [`${name}_FILE`]: '/run/key' } }],
    ['both settings', { file: `secrets: {encryption_key: ${key}, encryption_key_file: /run/key}` }],
    ['a missing file', { env: { [`${name}_FILE`]: '/missing' } }],
    ['an empty file', { env: { [`${name}_FILE`]: '/empty' } }],
    ['a file without a key', { env: { [`${name}_FILE`]: '/short' } }],
    ['a path that is none', { file: 'secrets: {encryption_key_file: [1]}' }],
  ])('%s: one problem, at the setting', (_case, words) => {
    const others = { '/run/key': key, '/empty': '\n', '/short': 'hunter2hunter2' };
    const problems = problemsOf({ ...words, others });
    expect(problems.map(({ path }) => path)).toEqual(['secrets.encryption_key']);
    expect(printProblems(problems)).not.toContain('hunter2');
  });

  test('only a secret has a file of its own', () => {
    expect(pathsOf({ env: { GATEHOUSE_ISSUER_FILE: '/x' } })).toEqual(['GATEHOUSE_ISSUER_FILE']);
    expect(pathsOf({ file: 'issuer_file: /x' })).toEqual(['issuer_file']);
  });
});

describe('the files themselves', () => {
  test('a missing, a huge or an unreadable file is one problem, without guesses about the rest', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-'));
    try {
      writeFileSync(join(folder, 'huge.yaml'), '#'.repeat(300_000));
      writeFileSync(join(folder, 'binary.yaml'), Buffer.from([0x69, 0xff, 0xfe]));

      for (const path of ['missing.yaml', 'huge.yaml', 'binary.yaml', '.'].map((file) => join(folder, file))) {
        const { problems } = loadConfig({ path, env: { GATEHOUSE_HOST: '0.0.0.0' } });
        expect(problems?.map((problem) => problem.path)).toEqual([path]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test('in production what is given is what holds', () => {
  const config = loaded({ env: { ...production, GATEHOUSE_HOST: '0.0.0.0' } });
  expect(config).toMatchObject({ mode: 'production', port: 3000, host: '0.0.0.0', demo: { enabled: false } });
  expect(load({ env: production }).problems).toBeUndefined();
});
