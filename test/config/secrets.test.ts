import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { keyFileOf, openSecrets, type Secrets } from '../../src/config/secrets.ts';
import { key, loaded, otherKey, production } from './given.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-'));
  file = join(folder, 'data', 'gatehouse.key');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function development(env: Record<string, string> = {}) {
  return loaded({ env: { GATEHOUSE_DATA: join(folder, 'data'), ...env } });
}

function secretsOf(env: Record<string, string>): Secrets {
  const { secrets, problems } = openSecrets(loaded({ env: { ...production, ...env } }));
  if (secrets === undefined) throw new Error(JSON.stringify(problems));
  return secrets;
}

describe('the key file of development mode', () => {
  test('is made on the first start, for this user alone, and kept', () => {
    const first = openSecrets(development());
    expect(first).toMatchObject({ keyFile: { path: file, created: true } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, 'data'))).toEqual(['gatehouse.key']);

    const second = openSecrets(development());
    expect(second).toMatchObject({ keyFile: { created: false } });
    expect(second.secrets).toEqual(first.secrets);
  });

  test('says where it is', () => {
    expect(keyFileOf(development())).toBe(file);
  });

  test('two installations never share a key', () => {
    const one = openSecrets(development());
    const other = openSecrets(development({ GATEHOUSE_DATA: join(folder, 'other') }));
    expect(one.secrets?.hashKey).not.toEqual(other.secrets?.hashKey);
  });

  test.each([0o640, 0o604, 0o660, 0o644, 0o620])('is refused with mode %o', (mode) => {
    openSecrets(development());
    chmodSync(file, mode);
    expect(openSecrets(development()).problems).toEqual([
      {
        path: file,
        message: `The key file ${file} can be read or written by other users.`,
        mend: `Run: chmod 600 ${file}`,
      },
    ]);
  });

  test.each(['', 'not a key', 'A'.repeat(43), `${key}x`, 'x'.repeat(5000)])(
    'is refused, not replaced, when it holds %p',
    (text) => {
      openSecrets(development());
      writeFileSync(file, text);
      expect(openSecrets(development()).problems?.[0]?.message).toContain('does not hold a key');
      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );

  test('a data folder that cannot be made is a problem, not a crash', () => {
    writeFileSync(join(folder, 'data'), '');
    expect(openSecrets(development()).problems?.[0]).toMatchObject({
      path: file,
      mend: expect.stringContaining('data'),
    });
  });

  test('is not made when the key is given', () => {
    expect(openSecrets(development({ GATEHOUSE_SECRETS_ENCRYPTION_KEY: key })).keyFile).toBeUndefined();
    expect(existsSync(file)).toBe(false);
  });

  test('eight starts at once agree on one key, and one of them made it', async () => {
    const script = `
      import { loadConfig } from ${JSON.stringify(new URL('../../src/config/load.ts', import.meta.url).href)};
      import { openSecrets } from ${JSON.stringify(new URL('../../src/config/secrets.ts', import.meta.url).href)};
      const { secrets, keyFile } = openSecrets(loadConfig({ env: process.env }).config);
      process.stdout.write(JSON.stringify([secrets.pairwiseSalt, keyFile.created]));`;
    const env = { PATH: process.env['PATH'], GATEHOUSE_DATA: join(folder, 'data') };

    const starts = Array.from({ length: 8 }, () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env }),
    );
    const answers = (await Promise.all(starts)).map(({ stdout }) => JSON.parse(stdout) as [string, boolean]);

    expect(new Set(answers.map(([salt]) => salt)).size).toBe(1);
    expect(answers.filter(([, created]) => created)).toHaveLength(1);
    expect(readdirSync(join(folder, 'data'))).toEqual(['gatehouse.key']);
  }, 30_000);
});

describe('the secrets in force', () => {
  test('all follow from one key, and none is that key or another', () => {
    const secrets = secretsOf({});
    const all = [
      secrets.encryptionKeys[0]?.key.toString('base64url'),
      secrets.cookieKeys[0],
      secrets.hashKey.toString('base64url'),
      secrets.pairwiseSalt,
      key,
    ];
    expect(new Set(all).size).toBe(5);
    expect(secrets.encryptionKeys[0]?.key).toHaveLength(32);
    expect(secrets.hashKey).toHaveLength(32);
    expect(secretsOf({})).toEqual(secrets);
  });

  test('the same key in base64, with padding, is the same key', () => {
    const padded = Buffer.from(key, 'base64url').toString('base64');
    expect(secretsOf({ GATEHOUSE_SECRETS_ENCRYPTION_KEY: padded })).toEqual(secretsOf({}));
  });

  test('a new key in front seals; the old one still opens; cookies, hashes and pairwise identifiers stay', () => {
    const before = secretsOf({});
    const after = secretsOf({
      GATEHOUSE_SECRETS_ENCRYPTION_KEY: otherKey,
      GATEHOUSE_SECRETS_FORMER_ENCRYPTION_KEYS: key,
    });

    expect(after.encryptionKeys).toHaveLength(2);
    expect(after.encryptionKeys[1]).toEqual(before.encryptionKeys[0]);
    expect(after.encryptionKeys[0]?.id).not.toBe(before.encryptionKeys[0]?.id);
    expect({ ...after, encryptionKeys: [] }).toEqual({ ...before, encryptionKeys: [] });
  });

  test('those that are set are not derived', () => {
    const secrets = secretsOf({
      GATEHOUSE_SECRETS_COOKIE_KEYS: `${otherKey},${key}`,
      GATEHOUSE_SECRETS_PAIRWISE_SALT: otherKey,
      GATEHOUSE_SECRETS_HASH_KEY: otherKey,
    });
    expect(secrets).toMatchObject({ cookieKeys: [otherKey, key], pairwiseSalt: otherKey });
    expect(secrets.hashKey).not.toEqual(secretsOf({}).hashKey);
  });

  test('production never makes a key', () => {
    const config = loaded({ env: { ...production, GATEHOUSE_DATA: join(folder, 'data') } });
    const { encryption_key: _, ...others } = config.secrets;
    expect(openSecrets({ ...config, secrets: others }).problems?.[0]?.path).toBe('secrets.encryption_key');
    expect(existsSync(file)).toBe(false);
  });
});
