import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Account } from '../../../src/domain/account.ts';
import { isSignedIn } from '../web/visits.ts';
import { countOf, openStreet, wrong, type Door, type Street } from './guesses.ts';

const minutes = (count: number) => count * 60_000;

describe('guessing passwords', () => {
  let street: Street;
  let ana: Account & { password: string };
  let mallory: Door;

  beforeEach(async () => {
    street = await openStreet();
    ana = await street.app.account({ email: 'ana@example.com' });
    mallory = await street.at('203.0.113.1');
    // So that many at once really are.
    street.outage.delay(3);
  });

  afterEach(async () => {
    await street[Symbol.asyncDispose]();
  });

  /** How many passwords were looked at: each is a hash. */
  function watchHashing(): { count: number } {
    const { passwords } = street.app.services;
    const { verifier } = passwords;
    const seen = { count: 0 };

    passwords.verifier = (accountId) => {
      const verify = verifier(accountId);

      return (password) => {
        seen.count += 1;
        return verify(password);
      };
    };

    return seen;
  }

  test.each([
    ['ana@example.com', 'somebody'],
    ['nobody@example.com', 'nobody'],
  ])('S86: of 100 guesses at once at %s (%s) 5 are looked at, and then none', async (email) => {
    const seen = watchHashing();

    const statuses = await mallory.tryAtOnce(100, email, wrong);

    expect([countOf(statuses, 422), countOf(statuses, 429), seen.count]).toEqual([5, 95, 5]);

    await mallory.tryAtOnce(50, email, wrong);
    expect(seen.count).toBe(5);
  });

  test('S86: from 100 addresses at once, 20 are looked at', async () => {
    const seen = watchHashing();
    const doors = await Promise.all(Array.from({ length: 100 }, (_, index) => street.at(`198.51.100.${index}`)));

    const pages = await Promise.all(doors.map((door, index) => door.try(ana.email, wrong(index))));

    expect(
      countOf(
        pages.map(({ status }) => status),
        422,
      ),
    ).toBe(20);
    expect(seen.count).toBe(20);
  });

  test('S86: from one address at 100 accounts at once, 50 are looked at', async () => {
    const seen = watchHashing();

    const pages = await Promise.all(
      Array.from({ length: 100 }, (_, index) => mallory.try(`person-${index}@example.com`, wrong())),
    );

    expect(
      countOf(
        pages.map(({ status }) => status),
        422,
      ),
    ).toBe(50);
    expect(seen.count).toBe(50);
  });

  test('S84: during a wait the right password gets in no more than a wrong one', async () => {
    for (let n = 0; n < 5; n += 1) await mallory.try(ana.email, wrong(n));

    const statuses = await mallory.tryAtOnce(60, ana.email, (n) => (n % 2 === 0 ? ana.password : wrong(n)));

    expect(countOf(statuses, 429)).toBe(60);
    expect(await isSignedIn(mallory.browser)).toBe(false);
  });

  test('S84, S88: during a wait right and wrong passwords get the same page, also where nobody is', async () => {
    const pages: string[] = [];

    for (const [email, password] of [
      [ana.email, wrong()],
      [ana.email, ana.password],
      ['nobody@example.com', wrong()],
    ] as const) {
      const door = await street.at(`203.0.113.${10 + pages.length}`);
      for (let n = 0; n < 5; n += 1) await door.try(email, wrong(n));

      const page = await door.try(email, password);
      expect(page.status).toBe(429);
      pages.push(page.words.replaceAll(email, ''));
    }

    expect(new Set(pages).size).toBe(1);
  });

  test('S84: waits grow, and each ends: after it the right password gets in', async () => {
    const waits: number[] = [];

    for (let n = 0; n < 5; n += 1) await mallory.try(ana.email, wrong(n));

    for (let n = 0; n < 8; n += 1) {
      const refused = await mallory.try(ana.email, wrong());
      expect(refused.status).toBe(429);

      const wait = secondsIn(refused.words);
      waits.push(wait);

      street.app.clock.advance(wait * 1000);
      expect((await mallory.try(ana.email, wrong())).status).toBe(422);
    }

    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits[0]).toBeLessThanOrEqual(5);
    expect(waits.at(-1)).toBe(300);

    street.app.clock.advance(minutes(5));
    expect((await mallory.try(ana.email, ana.password)).status).toBe(303);
  });

  test('S86: a restart forgets no guess', async () => {
    for (let n = 0; n < 5; n += 1) await mallory.try(ana.email, wrong(n));
    await street.app.restart();

    // The connection of before is cut off.
    const page = await mallory.try(ana.email, ana.password).catch(() => mallory.try(ana.email, ana.password));
    expect(page.status).toBe(429);
  });

  test.each([
    'ANA@EXAMPLE.COM',
    ' ana@example.com ',
    'Ana@Example.Com',
    'ａｎａ@example.com',
    'ana@EXAMPLE.com\t',
    'ana@exampLe.com',
  ])('S87: %j is the same counter', async (spelling) => {
    for (let n = 0; n < 3; n += 1) await mallory.try(ana.email, wrong(n));
    for (let n = 0; n < 2; n += 1) expect((await mallory.try(spelling, wrong(n))).status).toBe(422);

    expect((await mallory.try(ana.email, ana.password)).status).toBe(429);
    expect((await mallory.try(spelling, ana.password)).status).toBe(429);
  });

  test('S81, S87: and the same account, whose password signs in', async () => {
    for (const spelling of ['ANA@EXAMPLE.COM', ' ana@example.com ', 'ａｎａ@example.com']) {
      expect((await (await street.at('203.0.113.9')).try(spelling, ana.password)).status).toBe(303);
    }
  });

  test.each<[string, (index: number) => Record<string, string>]>([
    ['an address of its own choosing', (index) => ({ 'x-forwarded-for': `192.0.2.${index}, 203.0.113.1` })],
    ['a header for another proxy', (index) => ({ 'x-real-ip': `192.0.2.${index}` })],
    ['Forwarded', (index) => ({ forwarded: `for=192.0.2.${index}` })],
    ['another user agent', (index) => ({ 'user-agent': `agent ${index}` })],
  ])('S60, S84: %s gives nobody more guesses', async (_what, headersOf) => {
    const statuses: number[] = [];

    for (let index = 0; index < 8; index += 1) {
      const door = await street.at('203.0.113.1');
      const { send } = door.browser;

      door.browser.send = (method, address, { headers, ...more } = {}) =>
        send(method, address, { ...more, headers: { ...headers, ...headersOf(index) } });
      statuses.push((await door.try(ana.email, wrong(index))).status);
    }

    expect(statuses).toEqual([422, 422, 422, 422, 422, 429, 429, 429]);
  });

  test.each<[string, (index: number) => string]>([
    ['a new one each time', (index) => `a-browser-by-the-name-of-${index}`],
    ['what looks like a hash', () => '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'],
    ['none', () => ''],
  ])('S84: a browser that names itself gets no more guesses: %s', async (_what, nameOf) => {
    const statuses: number[] = [];

    for (let index = 0; index < 8; index += 1) {
      const door = await street.at('203.0.113.1');
      await door.browser.jar.setCookie(`device=${nameOf(index)}; Path=/`, street.app.url);
      statuses.push((await door.try(ana.email, wrong(index))).status);
    }

    expect(statuses).toEqual([422, 422, 422, 422, 422, 429, 429, 429]);
  });
});

function secondsIn(words: string): number {
  const [, amount = '', unit = ''] = /(\d+) (second|minute)/.exec(words) ?? [];

  return Number(amount) * (unit === 'minute' ? 60 : 1);
}
