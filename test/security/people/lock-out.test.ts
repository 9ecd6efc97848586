import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Account } from '../../../src/domain/account.ts';
import type { Browser } from '../../support/browser.ts';
import { enter, isSignedIn, signIn } from '../web/visits.ts';
import { countOf, openStreet, wrong, type Street } from './guesses.ts';

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const home = { headers: { 'x-forwarded-for': '198.51.100.1' } };
const minute = 60_000;
/** A siege takes its time on a machine that is busy with others. */
const longest = 120_000;
const day = 24 * 60 * minute;

type Person = Account & { password: string };

describe('a stranger’s guesses lock nobody out', () => {
  let street: Street;
  let ana: Person;
  /** In which Ana signed in before. */
  let known: Browser;

  beforeEach(async () => {
    street = await openStreet();
    ana = await street.app.account({ email: 'ana@example.com' });
    known = await signIn(street.app, ana, home);
    await known.submit(await known.open('/account'), {}, { form: '/account/sign-out' });
  });

  afterEach(async () => {
    await street[Symbol.asyncDispose]();
  });

  /** Wrong guesses at Ana from ever new addresses, waiting where there is no way round it. */
  async function besiege(guesses: number): Promise<void> {
    for (let looked = 0, round = 0; looked < guesses; round += 1) {
      const door = await street.at(`203.0.${Math.floor(round / 250)}.${round % 250}`);
      const { status } = await door.try(ana.email, wrong(round));

      if (status === 422) looked += 1;
      else street.app.clock.advance(5 * minute);
    }
  }

  async function getsIn(browser: Browser, person: Person): Promise<boolean> {
    await enter(browser, person);
    return isSignedIn(browser);
  }

  test('S88: a browser that Ana used before signs her in at once, in the middle of a siege', async () => {
    await besiege(20);
    expect((await (await street.at('192.0.2.1')).try(ana.email, ana.password)).status).toBe(429);

    expect(await getsIn(known, ana)).toBe(true);
  });

  test('S88: also from the address that the guesses come from', async () => {
    const mallory = await street.at('198.51.100.1');
    for (let n = 0; n < 60; n += 1) await mallory.try(`person-${n}@example.com`, wrong());
    expect((await mallory.try('somebody@example.com', wrong())).status).toBe(429);

    expect(await getsIn(known, ana)).toBe(true);
  });

  test('S88: her own slips there are hers to wait for, and soon over', async () => {
    for (let n = 0; n < 5; n += 1) await enter(known, { ...ana, password: wrong(n) });

    expect((await enter(known, ana)).status).toBe(429);
    street.app.clock.advance(5000);
    expect(await getsIn(known, ana)).toBe(true);
  });

  test('S88: a browser is known for who signed in there, not for others', async () => {
    const ben = await street.app.account({ email: 'ben@example.com' });
    await besiege(20);

    expect((await enter(await signIn(street.app, ben, home).then(signedOut), ana)).status).toBe(429);
  });

  test('S88: a person nobody guesses at signs in from the besieged neighbourhood', async () => {
    const ben = await street.app.account({ email: 'ben@example.com' });
    await besiege(20);

    expect((await (await street.at('203.0.0.1')).try(ben.email, ben.password)).status).toBe(303);
  });

  test(
    'S84: after 100 failures in a row unknown browsers wait for the operator, known ones do not',
    async () => {
      await besiege(100);

      for (const later of [0, day, 30 * day]) {
        street.app.clock.advance(later);
        const stranger = await street.at('192.0.2.1');

        expect((await stranger.try(ana.email, ana.password)).status).toBe(429);
        expect(await isSignedIn(stranger.browser)).toBe(false);
      }

      expect(await getsIn(known, ana)).toBe(true);
      // Nor does that give the strangers another hundred.
      expect((await (await street.at('192.0.2.2')).try(ana.email, ana.password)).status).toBe(429);

      const { stderr } = await gatehouse('account', 'unlock', '--email', 'ANA@example.com');
      expect(stderr).toContain('ana@example.com');
      expect((await (await street.at('192.0.2.3')).try(ana.email, ana.password)).status).toBe(303);
    },
    longest,
  );

  test(
    'S84: the same for an address that nobody has',
    async () => {
      const statuses: number[] = [];

      for (let looked = 0, round = 0; looked < 100; round += 1) {
        const { status } = await (await street.at(`203.0.113.${round % 250}`)).try('nobody@example.com', wrong(round));
        if (status === 422) looked += 1;
        else street.app.clock.advance(5 * minute);
      }

      for (const ip of ['192.0.2.1', '192.0.2.2']) {
        street.app.clock.advance(day);
        statuses.push((await (await street.at(ip)).try('nobody@example.com', wrong())).status);
      }

      expect(statuses).toEqual([429, 429]);
    },
    longest,
  );

  test('S88: 40 sign-ins of one person in 20 s from one address all work, one after another and at once', async () => {
    for (let n = 0; n < 20; n += 1) {
      expect((await (await street.at('198.51.100.7')).try(ana.email, ana.password)).status).toBe(303);
      street.app.clock.advance(500);
    }

    const doors = await Promise.all(Array.from({ length: 20 }, () => street.at('198.51.100.7')));
    const pages = await Promise.all(doors.map((door) => door.try(ana.email, ana.password)));
    expect(
      countOf(
        pages.map(({ status }) => status),
        303,
      ),
    ).toBe(20);
  });

  test('S88: so do those of 60 people behind one address', async () => {
    const people = await Promise.all(Array.from({ length: 60 }, () => street.app.account({})));
    const pages = await Promise.all(
      people.map(async ({ email, password }) => (await street.at('198.51.100.8')).try(email, password)),
    );

    expect(
      countOf(
        pages.map(({ status }) => status),
        303,
      ),
    ).toBe(60);
  });

  test('S88: one slip before each of 30 sign-ins costs nobody anything', async () => {
    for (let n = 0; n < 30; n += 1) {
      const door = await street.at('198.51.100.9');

      expect((await door.try(ana.email, wrong(n))).status).toBe(422);
      expect((await door.try(ana.email, ana.password)).status).toBe(303);
    }
  });

  async function signedOut(browser: Browser): Promise<Browser> {
    await browser.submit(await browser.open('/account'), {}, { form: '/account/sign-out' });
    return browser;
  }

  function gatehouse(...words: string[]): Promise<{ stderr: string }> {
    const env = { PATH: process.env['PATH'], GATEHOUSE_DATA: street.app.data, GATEHOUSE_ISSUER: street.app.url };

    return promisify(execFile)(process.execPath, [main, ...words], { env });
  }
});
