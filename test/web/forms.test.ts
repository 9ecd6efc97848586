import { describe, expect, test } from '@jest/globals';

import { parseFields } from '../../src/web/forms.ts';
import { openSite } from './site.ts';
import type { Site } from './site.ts';

const form = 'application/x-www-form-urlencoded';

async function send(site: Site, body: string | Buffer, type = form): Promise<number> {
  const browser = site.browser();
  const csrf = (await browser.get('/profile')).forms[0]?.fields['csrf'] ?? '';
  const headers = { 'content-type': type, 'sec-fetch-site': 'same-origin' };
  const whole = type === form && typeof body === 'string' ? `csrf=${csrf}&${body}` : body;

  return (await browser.send('POST', '/profile', { headers, body: whole })).status;
}

const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;

describe('S111: what no page of ours sends is refused, never an error of ours', () => {
  test.each([
    ['JSON with an operator', '{"displayName":{"$ne":null}}', 'application/json'],
    ['JSON with __proto__', '{"__proto__":{"admin":true}}', 'application/json'],
    ['JSON of an array', '["displayName"]', 'application/json'],
    ['JSON of a number', '7', 'application/json'],
    ['JSON that is deep', deep, 'application/json'],
    ['JSON with doubled keys', '{"displayName":"a","displayName":"b"}', 'application/json'],
    ['multipart', '--x\r\n\r\n--x--', 'multipart/form-data; boundary=x'],
    ['no content type', 'displayName=Ana', ''],
    ['another character set', 'displayName=Ana', `${form}; charset=utf-16`],
    ['an operator in brackets', 'displayName[$ne]=', form],
    ['an array in brackets', 'displayName[]=a&displayName[]=b', form],
    ['__proto__', '__proto__=1&displayName=Ana', form],
    ['__proto__ in brackets', '__proto__[admin]=1&displayName=Ana', form],
    ['constructor', 'constructor=1&displayName=Ana', form],
    ['NUL in a value', 'displayName=a%00b', form],
    ['NUL in a name', 'display%00Name=a', form],
    ['a line break in a name', 'display%0AName=a', form],
    ['not UTF-8', 'displayName=%ff%fe', form],
    ['half a character', 'displayName=%ED%A0%80', form],
    ['a lonely percent sign', 'displayName=50%', form],
    ['bytes that are not encoded', Buffer.from([0x61, 0x3d, 0x00, 0xff]), form],
    ['too many fields', Array.from({ length: 300 }, (_, index) => `f${index}=1`).join('&'), form],
    ['an endless name', `${'n'.repeat(400)}=1`, form],
  ])('%s', async (_case, body, type) => {
    await using site = await openSite();

    expect(await send(site, body, type)).toBe(400);
    expect(site.saved).toEqual([]);
  });

  test.each([
    ['64 kB and more', `displayName=${'x'.repeat(64_001)}`],
    ['10 MB', Buffer.alloc(10_000_000, 'x')],
  ])('%s', async (_case, body) => {
    await using site = await openSite();

    expect(await send(site, body)).toBe(413);
    expect(site.saved).toEqual([]);
  });

  test('S24: doubled fields', async () => {
    await using site = await openSite();

    expect(await send(site, 'displayName=a&displayName=b')).toBe(400);
    expect(await send(site, 'displayName=a&csrf=again')).toBe(400);
  });

  test('10 MB in pieces, with no length said before', async () => {
    await using site = await openSite();
    const { status } = await fetch(`${site.origin}/profile`, {
      method: 'POST',
      headers: { 'content-type': form },
      duplex: 'half',
      body: new ReadableStream({
        start(controller) {
          for (let count = 0; count < 100; count += 1) controller.enqueue(Buffer.alloc(100_000, 'x'));
          controller.close();
        },
      }),
    } as RequestInit);

    expect(status).toBe(413);
  });

  test('a field that the form does not know has no effect', async () => {
    await using site = await openSite();

    expect(await send(site, 'displayName=Ana&roles=admin')).toBe(303);
    expect(site.saved).toEqual([{ displayName: 'Ana', about: '', language: 'en' }]);
  });

  test('a value outside a choice is a problem of that field', async () => {
    await using site = await openSite();

    expect(await send(site, 'displayName=Ana&language=xx')).toBe(422);
  });
});

test('every character that a person can type arrives as it is', () => {
  const text = 'Ärger & Co. = 100 % +1 “ü” 한국어 👩‍🚀 \u200f\r\n';

  expect(parseFields(new URLSearchParams({ text, empty: '' }).toString())).toEqual({ text, empty: '' });
});
