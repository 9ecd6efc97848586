import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';
import type { Page } from 'playwright-core';

import { runCommandLine } from '../../src/cli/run.ts';
import type { Client } from '../../src/domain/client.ts';
import { goodPassword, startTestApp, type TestApp } from '../support/app.ts';
import { expectAxeClean, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';
import { totpAt } from '../support/totp.ts';
import { setUpAuthenticator } from './second-factor.ts';

/** What a stranger does in the first quarter of an hour, in development mode with its sample app. */
describeWith('chromium', 'the whole way of a stranger', () => {
  let chromium: Chromium;
  let landing: Server;

  beforeAll(async () => {
    chromium = await startChromium();
    landing = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>Wiki</title>');
    });
    await new Promise<void>((resolve) => void landing.listen(0, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    landing.closeAllConnections();
    await new Promise((resolve) => void landing.close(resolve));
    await chromium[Symbol.asyncDispose]();
  });

  test.each([
    ['with scripts, every page clean to axe', true],
    ['without a script', false],
  ])(
    'from the setup link to signing out, %s',
    async (_name, scripts) => {
      await using app = await startTestApp({ env: { GATEHOUSE_DEMO_ENABLED: 'true' } });
      const page = await chromium.open({ javaScriptEnabled: scripts });
      const complaints = collectComplaints(page);
      const look = async (heading: string) => {
        await page.getByRole('heading', { level: 1, name: heading }).waitFor();
        if (scripts) await expectAxeClean(page);
      };

      await setUp(page, app.setupUrl ?? '', look);
      const { refreshToken, secret } = await useSampleApp(page, app, look);
      await changeProfile(page, app.url, look);

      const wiki = await registerWiki(app, landing);
      await allowWiki(page, wiki, look);

      await signOut(page, { app, secret }, look);
      await expect(refresh(app, refreshToken)).rejects.toMatchObject({ error: 'invalid_grant' });

      // The wrong password's answer is the only one that a browser would call a failure.
      expect(complaints).toEqual([expect.stringContaining('status of 422')]);
    },
    60_000,
  );
});

type Look = (heading: string) => Promise<void>;

const email = 'ana.lindqvist@example.com';

/** What a browser complains about: what the Content-Security-Policy kept back, scripts that failed, refused answers. */
function collectComplaints(page: Page): string[] {
  const complaints: string[] = [];

  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => void complaints.push(error.message));

  return complaints;
}

async function setUp(page: Page, setupUrl: string, look: Look): Promise<void> {
  await page.goto(setupUrl);
  await look('Set up the first administrator');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('First name').fill('Ana');
  await page.getByLabel('Last name').fill('Lindqvist');
  await page.getByLabel('Display name').fill('Ana Lindqvist');
  await page.getByLabel('Password', { exact: true }).fill(goodPassword);
  await page.getByRole('button', { name: 'Create the administrator' }).click();
  await page.getByText('The administrator’s account is ready').waitFor();
  await look('Sign in');
  await page.getByText('to look after your account').waitFor();
}

/** Signs in there, with a wrong password first, without being asked for consent; answers what the app shows. */
async function useSampleApp(
  page: Page,
  { demoUrl = '', clock: { now } }: TestApp,
  look: Look,
): Promise<{ refreshToken: string; secret: string }> {
  await page.goto(demoUrl);
  await look('Sample app');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await signIn(page, 'not-the-right-password');
  await page.getByText('don’t match').first().waitFor();
  await look('Sign in');
  await signIn(page, goodPassword);

  await look('Set up a second factor');
  const secret = await setUpAuthenticator(page, now);
  await look('Hello, Ana Lindqvist');
  expect(new URL(page.url()).origin).toBe(demoUrl);
  await page.getByText(`"email": "${email}"`).waitFor();

  const [before] = await refreshTokenShown(page);
  await page.getByRole('button', { name: 'Refresh the tokens' }).click();
  await page.getByText('The tokens were refreshed').waitFor();
  const [refreshToken = ''] = await refreshTokenShown(page);
  expect(refreshToken).not.toBe(before);

  return { refreshToken, secret };
}

const inEnglish = { email: 'E-mail', password: 'Password', submit: 'Sign in' };
const inGerman = { email: 'E-Mail', password: 'Passwort', submit: 'Anmelden' };

async function signIn(page: Page, password: string, words = inEnglish): Promise<void> {
  await page.getByLabel(words.email).fill(email);
  await page.getByLabel(words.password, { exact: true }).fill(password);
  await page.getByRole('button', { name: words.submit, exact: true }).click();
}

function refreshTokenShown(page: Page): Promise<string[]> {
  return page
    .locator('section', { has: page.getByRole('heading', { name: 'Refresh token' }) })
    .locator('pre')
    .allTextContents();
}

async function changeProfile(page: Page, url: string, look: Look): Promise<void> {
  // Signed in already: the sample app's sign-in is this one.
  await page.getByRole('link', { name: '/account' }).click();
  await look('Personal information');
  expect(new URL(page.url()).origin).toBe(url);
  await page.getByText(email).first().waitFor();
  expect(await page.getByLabel('Last name').inputValue()).toBe('Lindqvist');

  await page.getByLabel('Display name').fill('Ana L.');
  await page.getByLabel('Language').selectOption('de');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByText('Ihre Änderungen sind gespeichert.').waitFor();
  await look('Persönliche Daten');
  expect(await page.getByLabel('Anzeigename').inputValue()).toBe('Ana L.');
  expect(await page.locator('html').getAttribute('lang')).toBe('de');
}

/** Registers somebody else's app by the command line, beside the running server. */
async function registerWiki(app: TestApp, landing: Server): Promise<RelyingParty> {
  const redirectUri = `http://127.0.0.1:${(landing.address() as AddressInfo).port}/cb`;
  let out = '';
  let err = '';
  const line = ['client', 'create', '--kind', 'web', '--name', 'Wiki', '--redirect-uri', redirectUri];
  const code = await runCommandLine(line, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    drained: () => Promise.resolve(),
    input: () => Promise.resolve(''),
    env: { GATEHOUSE_DATA: app.services.config.data, GATEHOUSE_ISSUER: app.url },
  });

  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('The secret is not shown again.') });
  const { client_id: id, client_secret: secret, ...metadata } = JSON.parse(out) as Record<string, string>;

  return relyingParty(app, { client: { id, metadata } as unknown as Client, secret: secret ?? '' });
}

async function allowWiki(page: Page, wiki: RelyingParty, look: Look): Promise<void> {
  const departure = await wiki.request({ scope: 'openid profile email offline_access' });
  await page.goto(departure.url.href);
  await look('Darf Wiki Ihr Konto verwenden?');
  await page.getByText(email, { exact: true }).waitFor();
  await page.getByText('Ana L.', { exact: true }).waitFor();
  await page.getByText('Ihre E-Mail-Adresse', { exact: true }).click();
  expect(await page.getByLabel('Ihre E-Mail-Adresse').isChecked()).toBe(false);
  await page.getByRole('button', { name: 'Erlauben', exact: true }).click();
  await page.waitForURL((url) => url.href.startsWith(wiki.redirectUri));

  const tokens = await wiki.redeem(departure, page.url());
  expect(tokens.scope?.split(' ').toSorted()).toEqual(['openid', 'profile']);
  expect(tokens.refresh_token).toBeUndefined();

  const told = await oidc.fetchUserInfo(wiki.config, tokens.access_token, tokens.claims()?.sub ?? '');
  expect(told).toMatchObject({ name: 'Ana L.', locale: 'de' });
  expect(told).not.toHaveProperty('email');
}

async function signOut(page: Page, { app, secret }: { app: TestApp; secret: string }, look: Look): Promise<void> {
  await page.goto(app.demoUrl ?? '');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sample app' }).waitFor();
  expect(page.url()).toBe(`${app.demoUrl}/`);

  await page.goto(`${app.url}/account`);
  await signIn(page, goodPassword, inGerman);

  await look('Noch ein Schritt');
  // The code that set it up is used.
  app.clock.advance(30_000);
  await page.getByLabel('Code', { exact: true }).fill(totpAt(secret, app.clock.now()));
  await page.getByRole('button', { name: 'Weiter', exact: true }).click();
  await page.getByRole('button', { name: 'Abmelden' }).click();
  await look('Sie sind abgemeldet');

  await page.goto(`${app.url}/account`);
  await look('Anmelden');
}

/** With the sample app's client and a secret of our own, as the app itself would. */
async function refresh(app: TestApp, refreshToken: string): Promise<unknown> {
  const rotated = await app.services.clients.rotateSecret(`sample-app-${new URL(app.demoUrl ?? '').port}`, 60, {
    actor: 'command-line',
  });
  if (!rotated) throw new Error('there is no sample app');

  // A change of a client is seen within 5 s.
  app.clock.advance(5_000);

  const { config } = await relyingParty(app, rotated);

  return oidc.refreshTokenGrant(config, refreshToken);
}
