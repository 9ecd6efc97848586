import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import type { Locale } from '../../src/domain/account.ts';
import { zoneChoices } from '../../src/account/time-zones.ts';
import { isTimeZone } from '../../src/domain/time-zone.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { relyingParty } from '../support/relying-party.ts';

const personal = '/account/personal-information';

describe('what people change about themselves', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ config: 'account: { time_zone: Europe/Vienna }' });
  });

  afterAll(() => app[Symbol.asyncDispose]());

  test('apps are told at once, with the token that they have', async () => {
    const ana = await app.account();
    const wiki = await relyingParty(
      app,
      await app.client('web', { redirect_uris: ['https://wiki.example.net/cb'], first_party: true }),
    );
    const { tokens } = await wiki.signIn(ana, { request: { scope: 'openid profile email phone' } });
    const told = () => oidc.fetchUserInfo(wiki.config, tokens.access_token, ana.id);
    expect(await told()).toMatchObject({ email: ana.email, email_verified: true, locale: 'en' });
    expect(await told()).not.toHaveProperty('zoneinfo');

    const browser = openBrowser(app.url);
    const page = await browser.submit(await browser.open('/account'), { email: ana.email, password: ana.password });
    await browser.submit(page, { locale: 'de', zoneinfo: 'Asia/Kolkata', displayName: 'Ana L.' });
    expect(await told()).toMatchObject({ locale: 'de', zoneinfo: 'Asia/Kolkata', name: 'Ana L.' });

    const asked = await browser.submit(await browser.open(`${personal}/email`), { email: 'ana@new.example' });
    expect(await told()).toMatchObject({ email: ana.email, email_verified: true });
    await browser.submit(asked, { code: (await app.mail.to('ana@new.example', 'change-email-code')).code });
    expect(await told()).toMatchObject({ email: 'ana@new.example', email_verified: true });

    const number = '+4915112345678';
    const texted = await browser.submit(await browser.open(`${personal}/phone`), { number });
    expect(await told()).not.toHaveProperty('phone_number');
    await browser.submit(texted, { code: (await app.texts.to(number)).code });
    expect(await told()).toMatchObject({ phone_number: number, phone_number_verified: true });

    await browser.submit(await browser.open(`${personal}/phone/remove`), {}, { form: '/remove' });
    await browser.submit(await browser.open(personal), { zoneinfo: '' });
    const { phone_number, zoneinfo } = await told();
    expect([phone_number, zoneinfo]).toEqual([undefined, undefined]);
  });

  test('without a time zone of their own, people have the operator’s, on pages and in mails', async () => {
    const ben = await app.account();
    const browser = openBrowser(app.url);
    const page = await browser.submit(await browser.open('/account'), { email: ben.email, password: ben.password });
    expect(page.words).toContain('As usual here (Europe/Vienna)');

    const asked = await browser.submit(await browser.open(`${personal}/phone`), { number: '+4915112345679' });
    await browser.submit(asked, { code: (await app.texts.to('+4915112345679')).code });
    expect((await app.mail.to(ben.email, 'phone-changed')).text).toMatch(/CES?T|GMT\+[12]/);
  });

  test('a time zone that there is none of is refused beside its field', async () => {
    const cleo = await app.account();
    const browser = openBrowser(app.url);
    const page = await browser.submit(await browser.open('/account'), { email: cleo.email, password: cleo.password });

    const wrong = await browser.submit(page, { zoneinfo: 'Atlantis/Capital' });
    expect(wrong.status).toBe(422);
    expect(wrong.html).toContain('href="#field-zoneinfo"');
  });
});

test('every time zone of the list is one, has a name of its own, and one that is kept under another name is shown', () => {
  for (const locale of ['en', 'de', 'fr', 'es', 'ja', 'ko'] as const) {
    const choices = zoneChoices(locale, '');

    expect(choices.length).toBeGreaterThan(400);
    expect(choices.filter(({ value }) => !isTimeZone(value))).toEqual([]);
    expect(new Set(choices.map(({ label }) => label)).size).toBe(choices.length);
    // Nothing of the zones' own spelling: `Sao_Paulo`, `DumontDUrville`.
    expect(choices.filter(({ label }) => /_|DumontDUrville|Sao Paulo/.test(label))).toEqual([]);
  }

  const label = (locale: Locale, zone: string) => zoneChoices(locale, '').find(({ value }) => value === zone)?.label;

  expect([label('de', 'Europe/Vienna'), label('de', 'Africa/Cairo')]).toEqual(['Österreich', 'Ägypten']);
  expect([label('de', 'Europe/Moscow'), label('de', 'Atlantic/Canary')]).toEqual([
    'Russland – Moskau',
    'Spanien – Kanarische Inseln',
  ]);
  expect([label('ja', 'America/New_York'), label('fr', 'Europe/Madrid')]).toEqual([
    'アメリカ合衆国 – ニューヨーク',
    'Espagne',
  ]);
  expect([label('ko', 'America/Sao_Paulo'), label('en', 'America/Sao_Paulo')]).toEqual([
    '브라질 – 상파울루',
    'Brazil – São Paulo',
  ]);
  // By sound: にほん is between ナミビア and ネパール.
  const japanese = zoneChoices('ja', '').map((choice) => choice.label);
  const places = ['ナミビア', '日本', 'ネパール'].map((name) => japanese.indexOf(name));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(zoneChoices('en', 'US/Pacific')[0]).toEqual({ value: 'US/Pacific', label: 'US/Pacific' });
});
