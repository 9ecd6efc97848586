import { expect, test } from '@jest/globals';

import type { Locale } from '../../src/domain/account.ts';
import { isLocalPath, safeAddress } from '../../src/web/frame.ts';
import { Html } from '../../src/web/html.ts';
import { compileTemplate, escape } from '../../src/web/templates.ts';
import { timeZoneOf } from '../../src/domain/time-zone.ts';
import { exactTime, relativeTime } from '../../src/web/times.ts';

const render = (text: string, fields: object = {}): string => compileTemplate(text, 'views/test.ejs')(fields);

test('everything is escaped for text and for quoted attributes', () => {
  expect(render('<p title="<%= v.a %>"><%= v.a %></p>', { a: `<&>"'` })).toBe(
    '<p title="&lt;&amp;&gt;&#34;&#39;">&lt;&amp;&gt;&#34;&#39;</p>',
  );
});

test('what a template made is put out as it is, and nothing that only looks like it', () => {
  const fake = { toString: () => '<b>' };

  expect(render('<%= v.a %>', { a: Html.trusted('<b>') })).toBe('<b>');
  expect(() => render('<%= v.a %>', { a: fake })).toThrow('puts out a object');
  expect(() => render('<%= v.a %>', { a: true })).toThrow();
  expect(() => render('<%= v.a %>', { a: ['<b>'] })).toThrow();
});

test.each([
  '<%- v.a %>',
  '<% __append(v.a) %>',
  '<%_ __output += v.a %>',
  '<%= include("x") %>',
  '<%= escapeFn("x") %>',
])('%s is refused when it is loaded', (text) => {
  expect(() => compileTemplate(text, 'views/test.ejs')).toThrow('views/test.ejs: ');
});

test('a template has no other way to its data than v', () => {
  expect(() => render('<%= a %>', { a: 'b' })).toThrow('a is not defined');
  expect(() => render('<% with (v) { } %>')).toThrow();
});

test('a line of statements leaves nothing behind', () => {
  expect(render('<ul>\n<% for (const a of [1, 2]) { %>\n<li><%= a %></li>\n<% } %>\n</ul>')).toBe(
    '<ul>\n<li>1</li>\n<li>2</li>\n</ul>',
  );
});

test('numbers are put out, what is missing is nothing', () => {
  expect(escape(7)).toBe('7');
  expect(escape(undefined)).toBe('');
});

test.each([
  ['/account?a=b', '/account?a=b'],
  ['https://example.com/a', 'https://example.com/a'],
  ['http://127.0.0.1:3001/', 'http://127.0.0.1:3001/'],
  ['http://localhost:3001/', 'http://localhost:3001/'],
  ['http://example.com/', '#'],
  ['//evil.example', '#'],
  ['/\\evil.example', '#'],
  ['/\t/evil.example', '#'],
  ['https://a:b@example.com/', '#'],
  ['javascript:alert(1)', '#'],
  ['\u0001javascript:alert(1)', '#'],
  ['JaVaScRiPt:alert(1)', '#'],
  ['data:text/html,x', '#'],
  ['vbscript:x', '#'],
  ['relative', '#'],
  ['', '#'],
])('the address %p becomes %p', (address, safe) => {
  expect(safeAddress(address)).toBe(safe);
});

test('a local path stays here', () => {
  expect(isLocalPath('/')).toBe(true);
  expect(isLocalPath('/a/../b?c=//d')).toBe(true);
  expect(isLocalPath('/a\n/b')).toBe(false);
  expect(isLocalPath('a')).toBe(false);
});

test('times are said as people say them', () => {
  const now = Date.UTC(2026, 10, 24, 12);
  const say = (ago: number, locale: Locale = 'en') => relativeTime(now - ago, { locale, timeZone: 'UTC', now });

  expect(say(0)).toBe('just now');
  expect(say(59_999)).toBe('just now');
  expect(say(-1)).toBe('now');
  expect((['de', 'ko', 'ja', 'fr', 'es'] as const).map((locale) => say(0, locale))).toEqual([
    'gerade eben',
    '방금',
    'たった今',
    'à l’instant',
    'ahora mismo',
  ]);
  expect(say(7_200_000)).toBe('2 hours ago');
  expect(say(86_400_000)).toBe('yesterday');
  expect(say(-3 * 86_400_000)).toBe('in 3 days');
  expect(say(-7 * 86_400_000 + 1000)).toBe('in 7 days');
  expect(say(-24 * 3_600_000 + 1000)).toBe('tomorrow');
  expect(say(-3_600_000 + 1000)).toBe('in 1 hour');
  expect(say(-25 * 3_600_000)).toBe('tomorrow');
  expect(say(86_400_000 * 8)).toBe('November 16, 2026');
  expect(say(7_200_000, 'de')).toBe('vor 2 Stunden');
  expect(say(7_200_000, 'ja')).toBe('2時間前');
  expect(exactTime(now, { locale: 'de', timeZone: 'Europe/Berlin' })).toBe('24. November 2026 um 13:00:00 MEZ');
  const quarterPastTwo = { locale: 'en', timeZone: 'Africa/Johannesburg' } as const;
  expect(exactTime(now + 900_000, quarterPastTwo)).toMatch(/^November 24, 2026 at 2:15:00\sPM GMT\+2$/);
  expect(exactTime(now - 5 * 3_600_000, { locale: 'fr', timeZone: 'UTC' })).toContain('07:00:00');
  expect(timeZoneOf('Europe/Berlin')).toBe('Europe/Berlin');
  expect(timeZoneOf('Middle/Earth')).toBe('UTC');
  expect(timeZoneOf({})).toBe('UTC');
});
