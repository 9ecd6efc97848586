import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { checkViews } from '../../src/web/check-views.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A tree with the real partials and two views of its own. */
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'views-'));
  cpSync(at('../../views/partials'), join(folder, 'views/partials'), { recursive: true });
  mkdirSync(join(folder, 'views/tests'));
  write('views.ts', [
    `import { view } from ${JSON.stringify(at('../../src/web/route.ts'))};`,
    'export interface Profile { greeting: string; at: number; items?: { name: string }[] }',
    "export const profileView = view<Profile>('tests/profile', 'door', 'error.title');",
    "export const hiddenView = view<{ time: string }>('tests/hidden', 'door', 'error.title');",
  ]);
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, lines: readonly string[]): void {
  writeFileSync(join(folder, file), lines.join('\n'));
}

const check = (): string[] => checkViews({ source: folder, views: join(folder, 'views') });

test('a template is held against the type of what it is given', () => {
  const right = [
    '<h1><%= v.greeting %></h1> <%# a remark with v.greting %>',
    "<%= v.field({ name: 'a', label: v.say('frame.help') }) %>",
    '<% for (const item of v.items ?? []) { %><%= item.name %><% } %>',
  ];

  const wrong: [string, string][] = [
    ['<%= v.greting %>', "'greting' does not exist"],
    ["<%= v.field({ name: 'a', label: 'A', type: 'choose' }) %>", '"choose"'],
    ["<%= v.check({ name: 'a' }) %>", "'label' is missing"],
    ["<%= v.say('no.such') %>", '"no.such"'],
    ["<%= v.icon('no-such') %>", '"no-such"'],
    ['<% for (const item of v.items ?? []) { %><%= item.nme %><% } %>', "'nme' does not exist"],
    ['<% for (const item of v.items) { %><%= item.name %><% } %>', 'possibly'],
    ['<%= v.items ?? [] %>', 'not assignable'],
    ['<%= greeting %>', "Cannot find name 'greeting'"],
    ["<%= v.part('fields', {}) %>", '"fields"'],
  ];

  write('views/tests/profile.ejs', [...right, ...wrong.map(([line]) => line)]);
  write('views/tests/hidden.ejs', ['<%= v.say("frame.help") %>']);

  const problems = check();

  // A field that the frame has too would be lost.
  expect(problems[0]).toMatch(/^views\/tests\/hidden\.ejs:1: .*'never'/);
  expect(problems.slice(1)).toEqual(wrong.map(([, words]) => expect.stringContaining(words)));
  expect(problems.slice(1).map((problem) => problem.split(': ', 1)[0])).toEqual(
    wrong.map((_one, index) => `views/tests/profile.ejs:${right.length + index + 1}`),
  );
});

test('a template without a view, and a view without a template', () => {
  write('views/tests/lost.ejs', []);
  write('views/tests/hidden.ejs', []);

  const problems = check();

  expect(problems).toContain('views/tests/lost.ejs:1: no view of this name is exported');
  expect(problems).toContain('views/tests/profile.ejs:1: there is no such file');
});
