import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { openBrowser, type Page } from '../../support/browser.ts';
import { confirm, openToNewcomers, type Newcomers } from '../../flows/newcomers.ts';

const hour = 3_600_000;

/** What strangers try with an address that is not theirs. */
describe('creating an account under attack', () => {
  let house: Newcomers;

  beforeAll(async () => {
    house = await openToNewcomers();
  });

  /** Nobody has to wait for what was asked before. */
  beforeEach(() => house.app.clock.advance(2 * hour));

  afterAll(async () => {
    await house[Symbol.asyncDispose]();
  });

  describe('an address that somebody has', () => {
    test('S71: gets the same answer, its owner a mail, and the stranger nothing', async () => {
      const owner = await house.app.account({ email: 'owner@example.com', locale: 'de' });
      const stranger = await house.begin('owner@example.com');
      const newcomer = await house.begin('nobody@example.com');

      const plain = ({ words, status, url }: Page) => [
        status,
        words.replaceAll(/(owner|nobody)@example\.com/g, ''),
        new URL(url).pathname.split('/').at(-1),
      ];
      expect(plain(stranger.page)).toEqual(plain(newcomer.page));

      const mail = await house.app.mail.to('owner@example.com');
      expect([mail.template, mail.subject]).toEqual(['address-tried', 'Sie haben schon ein Konto']);
      await expect(house.app.mail.to('owner@example.com', 'verify-email')).rejects.toThrow('nothing');

      const wrong = [stranger, newcomer].map(async ({ browser, page }) =>
        plain(await confirm({ browser }, page, '000000')),
      );
      const [first, second] = await Promise.all(wrong);
      expect(first).toEqual(second);

      expect((await house.accountOf('owner@example.com'))?.id).toBe(owner.id);
    });

    test('S81: in whatever way it is written', async () => {
      await house.app.account({ email: 'straße@example.com' });
      await house.begin('STRASSE@example.com');
      await house.begin('  Straße@Example.COM ');

      expect(await house.app.mail.allTo('straße@example.com')).toHaveLength(1);
      expect((await house.app.mail.to('STRASSE@example.com')).template).toBe('verify-email');
    });

    test('that is kept for whoever had it lately: the mailbox is told, and no code is right', async () => {
      const owner = await house.app.account({ email: 'moved@example.com' });
      await house.app.services.records.write([
        {
          in: 'formerAddresses',
          put: { id: 'former@example.com', accountId: owner.id, expiresAt: house.app.clock.now() + 24 * hour },
        },
      ]);

      const { browser, page } = await house.begin('former@example.com');
      expect(page.words).toContain('We have sent a message to former@example.com.');
      expect((await house.app.mail.to('former@example.com')).template).toBe('address-kept');
      expect((await confirm({ browser }, page, '000000')).status).toBe(422);
    });

    test('whose account is closed and can still be kept: its owner hears until when', async () => {
      const owner = await house.app.account({ email: 'closed@example.com' });
      const at = house.app.clock.now();
      const closing = { at, until: at + 24 * hour, nextAt: at + 24 * hour };
      await house.app.services.records.accounts.update(owner.id, (old) => ({ ...old, status: 'closing', closing }));

      await house.begin('closed@example.com');
      expect(await house.app.mail.to('closed@example.com')).toMatchObject({
        template: 'address-tried',
        subject: 'Your account is closed',
        text: expect.stringContaining('belongs to an account that is closed and will be deleted on'),
      });
    });

    test('its owner gets one such mail a day, however often it is tried', async () => {
      await house.app.account({ email: 'tried@example.com' });
      for (let time = 0; time < 3; time += 1) await house.begin('tried@example.com');
      house.app.services.messages.wake();

      const sent = await house.app.mail.allTo('tried@example.com');
      expect(sent.length).toBeGreaterThanOrEqual(1);
      expect(new Set(sent.map(({ template }) => template))).toEqual(new Set(['address-tried']));
    });
  });

  describe('S80: nothing of a stranger is in the account that the mailbox’s owner makes', () => {
    test('who typed the address first has no account, no password and no way in', async () => {
      const stranger = await house.begin('victim@example.com');
      const strangersPassword = 'the stranger picked this one first';
      await stranger.browser.submit(
        await stranger.browser.open(new URL(stranger.page.url).pathname.replace('/code', '')),
        { email: 'victim@example.com', displayName: 'Eve', password: strangersPassword },
      );

      const owner = await house.begin('victim@example.com');
      const code = await house.codeTo('victim@example.com');
      expect((await confirm(stranger, stranger.page, code)).location).toBeUndefined();
      expect((await confirm(owner, owner.page, code)).location).toContain('code=');

      expect(await house.accountOf('victim@example.com')).toMatchObject({ displayName: 'Ada' });
      const door = await stranger.browser.open('/account');
      const tried = await stranger.browser.submit(door, { email: 'victim@example.com', password: strangersPassword });
      expect(tried.status).toBe(422);
    });

    test('of two who can read the mailbox the first one wins, the other is told to sign in', async () => {
      const one = await house.begin('pair@example.com');
      const oneCode = await house.codeTo('pair@example.com');
      const two = await house.begin('pair@example.com');
      const twoCode = await house.codeTo('pair@example.com');

      expect((await confirm(two, two.page, twoCode)).location).toContain('code=');
      const late = await confirm(one, one.page, oneCode);

      expect(late.words).toContain('There is an account with this address now.');
      expect(new URL(late.url).pathname).toMatch(/^\/sign-in\/[^/]+$/);
      expect(await house.app.services.records.accounts.find('email', 'pair@example.com')).toBeDefined();
    });
  });

  describe('the code', () => {
    test('S93: works in the browser that asked for it and nowhere else', async () => {
      const mine = await house.begin('mine@example.com');
      const yours = await house.begin('yours@example.com');
      const code = await house.codeTo('mine@example.com');

      expect((await confirm(yours, yours.page, code)).status).toBe(422);
      const thief = await openBrowser(house.app.url).open(mine.page.url);
      expect(thief.status).toBe(410);
      expect((await confirm(mine, mine.page, code)).location).toContain('code=');
    });

    test('S85, S92: five tries; a new code is another one, and its tries are not given back', async () => {
      const { browser, page } = await house.begin('five@example.com');
      const first = await house.codeTo('five@example.com');
      const wrongOne = first === '111111' ? '222222' : '111111';

      for (let tries = 0; tries < 3; tries += 1) await confirm({ browser }, page, wrongOne);
      const sent = await browser.submit(page, {}, { form: '/send' });
      const second = await house.codeTo('five@example.com');
      expect(sent.words).toContain('A new code is on its way.');

      if (first !== second) expect((await confirm({ browser }, sent, first)).status).toBe(422);
      const last = await confirm({ browser }, sent, wrongOne);
      expect(last.status).toBe(422);
      expect((await confirm({ browser }, sent, second)).location).toBeUndefined();
      expect(await house.accountOf('five@example.com')).toBeUndefined();
    });

    test('S90: ten minutes; afterwards a new one is sent without typing everything again', async () => {
      const { browser, page } = await house.begin('late@example.com');
      const first = await house.codeTo('late@example.com');
      house.app.clock.advance(601_000);

      const ended = await confirm({ browser }, page, first);
      expect(ended.words).toContain('This code is not valid any more.');
      const sent = await browser.submit(ended, {}, { form: '/send' });
      expect((await confirm({ browser }, sent, await house.codeTo('late@example.com'))).location).toContain('code=');
    });

    test('typed in groups, and used once', async () => {
      const { browser, page } = await house.begin('once@example.com');
      const code = await house.codeTo('once@example.com');
      const grouped = `${code.slice(0, 3)} ${code.slice(3)}`;

      expect((await confirm({ browser }, page, grouped)).location).toContain('code=');
      expect((await confirm({ browser }, page, code)).status).toBe(410);
    });

    test('S85: guesses at one address are counted over all attempts and browsers', async () => {
      const statuses: number[] = [];

      for (let attempt = 0; attempt < 3; attempt += 1) {
        const { browser, page } = await house.begin('guessed@example.com');
        for (let tries = 0; tries < 3; tries += 1) statuses.push((await confirm({ browser }, page, '000000')).status);
      }

      expect(statuses).toEqual([422, 422, 422, 422, 422, 429, 429, 429, 429]);
    });
  });

  test('S76: so many codes to one mailbox from one place, and so many from one place, known or not', async () => {
    await house.app.account({ email: 'flooded@example.com' });
    const toOne: Record<string, number[]> = { 'flooded@example.com': [], 'unknown@example.com': [] };

    for (const [email, statuses] of Object.entries(toOne)) {
      for (let time = 0; time < 6; time += 1) statuses.push((await house.begin(email)).page.status);
    }

    expect(toOne['flooded@example.com']).toEqual([200, 200, 200, 200, 200, 429]);
    expect(toOne['unknown@example.com']).toEqual(toOne['flooded@example.com']);

    const others: number[] = [];
    for (let time = 0; time < 12; time += 1) others.push((await house.begin(`flood-${time}@example.com`)).page.status);
    expect(others.filter((status) => status === 429)).not.toHaveLength(0);
  });
});
