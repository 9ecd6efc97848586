import { describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { violations } from './architecture/check.ts';
import { rules } from './architecture/rules.ts';
import { readTree } from './architecture/tree.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const check = (fixture: string): string[] => violations(readTree(at(`architecture/fixtures/${fixture}`)), rules);

test('the repository keeps its layout', () => {
  expect(violations(readTree(at('..')), rules)).toEqual([]);
});

describe('what breaks the layout is told', () => {
  const broken: Record<string, string[]> = {
    clean: [],
    'wrong-way': ['src/domain/account.ts (domain) must not import src/web/route.ts (web)'],
    'wrong-way-type': ['src/events/writer.ts (events) must not import src/operations/close-account.ts (operations)'],
    'wrong-way-reexport': [
      'src/messages/index.ts (messages) must not import src/credentials/password.ts (credentials)',
    ],
    'wrong-way-dynamic': ['src/config/load.ts (config) must not import src/app.ts (app)'],
    'wrong-way-import-type': ['src/storage/records.ts (ports) must not import src/events/catalogue.ts (events)'],
    'between-features': ['src/account/index.ts (account) must not import src/consent/index.ts (consent)'],
    'not-a-door': ['src/account/index.ts (account) must not import src/web/render.ts (web)'],
    'only-types': ['src/account/index.ts may import only types from src/oidc/interactions.ts'],
    cycle: ['cycle: src/web/failures.ts -> src/web/serve.ts -> src/web/render.ts -> src/web/failures.ts'],
    'long-file': ['test/web/long.test.ts has more than 300 lines'],
    'forbidden-folder': ['src/web/utils/ is a name that says nothing'],
    'framework-outside': ['src/account/index.ts must not import koa'],
    'driver-outside': [
      'src/oidc/adapter.ts must not import node:sqlite',
      'src/storage/sqlite/open.ts must not import mongoose',
    ],
    'schema-in-domain': ['src/domain/account.ts must not import zod'],
    'unplaced-package': ['src/web/serve.ts imports @scope/left-pad, which has no place'],
    'no-room': ['src/plugins/index.ts is in no room'],
    'computed-import': ['src/storage/backends.ts imports something that only the running program knows'],
    'missing-file': ['src/web/serve.ts imports src/web/render.ts, which does not exist'],
    'outside-src': ['src/web/serve.ts must not import test/support/clock.ts, which is outside src'],
  };

  test.each(Object.entries(broken))('%s', (fixture, expected) => {
    expect(check(fixture)).toEqual(expected);
  });

  test('every fixture is in the table', () => {
    expect(Object.keys(broken).toSorted()).toEqual(readdirSync(at('architecture/fixtures')).toSorted());
  });
});

describe('the list of long files', () => {
  const tree = readTree(at('architecture/fixtures/long-file'));
  const withList = (longFiles: { path: string; reason: string }[]): string[] =>
    violations(tree, { ...rules, longFiles });

  test('excuses a file with a reason', () => {
    expect(withList([{ path: 'test/web/long.test.ts', reason: 'one table' }])).toEqual([]);
  });

  test('needs the reason', () => {
    expect(withList([{ path: 'test/web/long.test.ts', reason: ' ' }])).toEqual([
      'test/web/long.test.ts is listed in longFiles without a reason',
    ]);
  });

  test('keeps no file that has become short', () => {
    expect(withList([{ path: 'src/web/just-short-enough.ts', reason: 'it was long' }])).toContain(
      'src/web/just-short-enough.ts is listed in longFiles and is not long',
    );
  });
});
