import { describe, expect, test } from '@jest/globals';

import { readFlow, readYaml } from '../../src/config/yaml.ts';
import { problemsOf } from './given.ts';
import { processorTime } from '../support/cpu.ts';

function many(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('\n');
}

describe('a hostile or broken file is refused, and quickly', () => {
  test.each([
    ['aliases', 'a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b, *b]'],
    ['a merge of aliases', 'a: &a {x: 1}\nb: {<<: *a}'],
    ['a repeated key', 'port: 1\nport: 2'],
    ['a repeated key deeper down', 'session: {idle: 1h, idle: 2h}'],
    ['__proto__', '__proto__: {mode: production}'],
    ['__proto__ in a section', 'session: {__proto__: {idle: 1h}}'],
    ['constructor', 'constructor: {prototype: {x: 1}}'],
    ['a number for a key', '1: 2'],
    ['a list for a key', '? [a]\n: b'],
    ['an unknown tag', 'issuer: !!js/function "function () {}"'],
    ['a local tag', 'issuer: !env SECRET'],
    ['two documents', 'port: 1\n---\nport: 2'],
    ['YAML 1.1', '%YAML 1.1\n---\nport: 0o17'],
    ['an open bracket', 'proxy: {trusted: [10.0.0.0/8'],
    ['a tab', 'session:\n\tidle: 1h'],
    ['a list instead of settings', '- port: 1'],
    ['a text instead of settings', 'hello'],
    ['deep nesting', `a: ${'['.repeat(500)}${']'.repeat(500)}`],
    ['nesting without end', '['.repeat(60_000)],
    ['groups without end', 'a: {'.repeat(15_000)],
    ['dashes without end', '- '.repeat(30_000)],
  ])('%s', async (_what, text) => {
    let { problems }: Pick<ReturnType<typeof readYaml>, 'problems'> = { problems: [] };
    const spent = await processorTime(() => {
      ({ problems } = readYaml(text, 'gatehouse.yaml'));
    });
    expect(problems[0]).toMatchObject({ path: 'gatehouse.yaml', message: expect.stringContaining('gatehouse.yaml') });
    expect(spent).toBeLessThan(8000);
  });

  test.each([
    ['keys', many(20_000, (index) => `k${index}: 1`)],
    ['anchors', many(10_000, (index) => `k${index}: &a${index} 1`)],
    ['problems', many(20_000, () => 'port: x')],
  ])('thousands of %s take no quadratic time', async (_what, text) => {
    expect(await processorTime(() => readYaml(text, 'gatehouse.yaml'))).toBeLessThan(10_000);
  });

  test('nothing reaches the prototype of objects', () => {
    problemsOf({ file: '__proto__: {polluted: 1}\nsession: {__proto__: {polluted: 1}}' });
    problemsOf({ env: { GATEHOUSE_RESOURCES: '[{"__proto__": {"polluted": 1}}]', GATEHOUSE___PROTO__: 'x' } });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('names that objects inherit are no settings', () => {
    for (const name of ['toString', 'valueOf', 'hasOwnProperty', '__defineGetter__']) {
      const problems = problemsOf({ file: `${name}: 1\nsession: {${name}: 1}` });
      expect(problems.map(({ path }) => path)).toEqual([`session.${name}`, name]);
    }
  });
});

test('says on which line each thing stands', () => {
  const { tree, lines } = readYaml('port: 1\nsession:\n  idle: 1h\nresources:\n  - name: A\n', 'gatehouse.yaml');
  expect(tree).toEqual({ port: 1, session: { idle: '1h' }, resources: [{ name: 'A' }] });
  expect(Object.fromEntries(lines)).toMatchObject({ port: 1, session: 2, 'session.idle': 3, 'resources[0].name': 5 });
});

test('`no` is a text, and a byte order mark is none', () => {
  expect(readYaml('\uFEFFa: no\nb: 0x10', 'f').tree).toEqual({ a: 'no', b: 16 });
});

test('a flow value stands alone', () => {
  expect(readFlow('[a, {b: 1}]')).toEqual(['a', { b: 1 }]);
  expect(readFlow('[a')).toBeUndefined();
  expect(readFlow('[a]\nother: 1')).toBeUndefined();
});
