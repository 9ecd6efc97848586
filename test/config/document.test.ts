import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

import { exampleFile, printConfig } from '../../src/config/document.ts';
import { aboutSetting, backend } from '../../src/config/forms.ts';
import { allSettings } from '../../src/config/walk.ts';
import { readYaml } from '../../src/config/yaml.ts';
import { key, loaded, otherKey, production } from './given.ts';

const example = readFileSync(new URL('../../config/example.yaml', import.meta.url), 'utf8');

describe('config/example.yaml', () => {
  test('is what the schema says (if not: node src/config/document.ts --write)', () => {
    expect(example).toBe(exampleFile());
  });

  test('as it stands it changes nothing', () => {
    expect(loaded({ file: example })).toEqual(loaded());
  });

  test('each setting has a description and its variable, and all of them can be uncommented', () => {
    const names = new Set(allSettings().flatMap(({ path }) => [path.at(-1), `${path.at(-1)}_file`]));
    const active = example.replaceAll(/^( *)# (.*)$/gm, (line, indent: string, rest: string) =>
      rest.startsWith('  ') || names.has(/^([a-z_0-9]+):( |$)/.exec(rest)?.[1] ?? '') ? `${indent}${rest}` : line,
    );
    const { tree, problems } = readYaml(active, 'example');
    expect(problems).toEqual([]);

    for (const { path, about, variable } of allSettings()) {
      expect(about.description).toMatch(/^[A-Z].*[.:]$/s);
      expect(example).toContain(variable);
      const group = path.slice(0, -1).reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], tree);
      const name = about.secret ? `${path.at(-1)}_file` : `${path.at(-1)}`;
      expect(Object.keys(group as object)).toContain(name);

      // An example of another kind of storage than the one that stands there (test/config/storage.test.ts).
      if (about.kinds && !about.kinds.includes('sqlite')) delete (group as Record<string, unknown>)[name];
    }

    const secrets = { GATEHOUSE_MESSAGES_SMTP_PASSWORD: 'password', GATEHOUSE_MESSAGES_SMS_AUTH_TOKEN: 'token' };
    const env = { ...production, ...secrets, GATEHOUSE_DEMO_ENABLED: 'false' };
    const config = loaded({ file: JSON.stringify(tree), env });
    expect(config.resources[0]).toMatchObject({ identifier: 'https://api.example.com', access_token: 300 });
  });

  test('no line is longer than 120 characters', () => {
    expect(example.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });
});

describe('the configuration in force', () => {
  test('is printed as it could be written', () => {
    const config = loaded({ env: { GATEHOUSE_SESSION_IDLE: '90m', GATEHOUSE_OUTBOUND_MAX_BYTES: '1MiB' } });
    const printed = printConfig(config);
    expect(printed).toContain('# mode: development');
    expect(printed).toContain('idle: 90m');
    expect(printed).toContain('max_bytes: 1MiB');
    expect(loaded({ file: printed })).toEqual(config);
  });

  test('S112: holds no secret', () => {
    const pairwise = 'canary-pairwise-0123456789abcdefghij';
    const env = {
      ...production,
      GATEHOUSE_SECRETS_COOKIE_KEYS: `${otherKey},canary-cookie-0123456789abcdefghij`,
      GATEHOUSE_SECRETS_FORMER_ENCRYPTION_KEYS: otherKey,
      GATEHOUSE_SECRETS_HASH_KEY: otherKey,
      GATEHOUSE_SECRETS_PAIRWISE_SALT: pairwise,
    };
    const printed = printConfig(loaded({ env }));
    for (const secret of [key, otherKey, pairwise, 'canary']) expect(printed).not.toContain(secret);
    expect(printed).toContain('encryption_key: (hidden)');
  });

  test('what looks like a secret is registered as one', () => {
    const names = allSettings().filter(({ path }) => /secret|password$|_key$|_keys$|salt/.test(path.join('.')));
    expect(names.filter(({ about }) => !about.secret)).toEqual([]);
    expect(names.length).toBeGreaterThan(4);
  });
});

describe('a backend with options of its own', () => {
  const kinds = [
    { kind: 'memory', options: z.strictObject({}) },
    {
      kind: 'network',
      options: z.strictObject({
        url: z.string().meta({ description: 'Where.', secret: true, expects: 'an address' }),
        size: z.int().default(5).meta({ description: 'Connections.', unit: 'connections' }),
      }),
    },
  ];
  const storage = backend('Things.', 'memory', kinds);

  test('takes the options of the chosen kind, and no others', () => {
    expect(storage.parse(undefined)).toEqual({ kind: 'memory' });
    expect(storage.parse({ kind: 'network', url: 'x' })).toEqual({ kind: 'network', url: 'x', size: 5 });
    expect(storage.safeParse({ url: 'x' }).success).toBe(false);
    expect(storage.safeParse({ kind: 'network' }).success).toBe(false);
    expect(storage.safeParse({ kind: 'disk' }).success).toBe(false);
  });

  test('describes them, and says which are secret', () => {
    const settings = allSettings(aboutSetting(storage)?.shape, ['storage', 'records']);
    expect(
      settings.map(({ variable, about }) => [variable, about.form, about.secret ?? false, about.fallback]),
    ).toEqual([
      ['GATEHOUSE_STORAGE_RECORDS_KIND', 'choice', false, 'memory'],
      ['GATEHOUSE_STORAGE_RECORDS_URL', 'text', true, undefined],
      ['GATEHOUSE_STORAGE_RECORDS_SIZE', 'number', false, 5],
    ]);
  });
});
