import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';
import type { Page } from 'playwright-core';

import { goodPassword } from '../support/app.ts';
import { expectAxeClean, startChromium, type Chromium } from '../support/chromium.ts';
import { startFront, type Front } from '../support/front.ts';
import { describeWith } from '../support/need.ts';
import { testCertificate } from '../support/proxy.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';
import { createWalker, type Walker } from './ledger.ts';

const people = 30;

/** The whole way as a company runs it: two nodes behind nginx on MongoDB and Redis, each request to the next node. */
describeWith(['chromium', 'mongo', 'redis', 'nginx'], 'the whole way over two nodes', () => {
  let chromium: Chromium;
  let landing: Server;
  let front: Front;
  let wiki: RelyingParty;
  let page: Page;

  beforeAll(async () => {
    landing = createServer(testCertificate(), (_request, response) => {
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>Wiki</title><h1>Wiki</h1>');
    });
    await new Promise<void>((resolve) => void landing.listen(0, '127.0.0.1', resolve));

    front = await startFront();
    chromium = await startChromium({ local: true });
    page = await chromium.open({ ignoreHTTPSErrors: true });

    const registered = await front.client('web', {
      client_name: 'Wiki',
      redirect_uris: [`https://wiki.example.net:${(landing.address() as AddressInfo).port}/cb`],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'openid profile email offline_access',
    });
    wiki = await relyingParty(front, registered, { fetch: front.fetch });
  }, 120_000);

  afterAll(async () => {
    await chromium[Symbol.asyncDispose]();
    await front[Symbol.asyncDispose]();
    landing.closeAllConnections();
    await new Promise((resolve) => void landing.close(resolve));
  });

  test('from the setup link to a changed profile', async () => {
    await setUp();
    await page.goto(`${front.url}/account`);

    const { email } = await front.account({ email: 'ana@example.com' });
    await signIn(email, 'not-the-right-password');
    await page.getByText('don’t match').first().waitFor();
    await signIn(email, goodPassword);
    await page.getByRole('heading', { level: 1, name: 'Personal information' }).waitFor();
    await expectAxeClean(page);

    await page.getByLabel('Display name').fill('Ana L.');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Your changes are saved').waitFor();

    for (const node of front.nodes) expect(node.log()).toContain('"path":"/account');
  }, 60_000);

  test('a node is killed in the middle of sign-ins: nothing acknowledged is lost, and nine of ten need one retry at most', async () => {
    const walkers = await Promise.all(Array.from({ length: people }, async (_, n) => newWalker(n)));
    const departure = await wiki.request({ scope: 'openid profile email offline_access' });
    await page.goto(departure.url.href);
    await page.getByRole('heading', { level: 1, name: 'Allow Wiki' }).waitFor();

    const walking = Promise.all(walkers.map((walker) => walker.walk()));
    await acknowledgedBy(walkers, people / 3);
    front.nodes[0].kill('SIGKILL');
    const before = walkers.map(({ acknowledged }) => acknowledged.length);

    await allow();
    const tokens = await wiki.redeem(departure, page.url());
    await front.nodes[0].exited();
    await walking;

    // Some had got somewhere when it happened, and nobody was through.
    expect(Math.max(...before)).toBeGreaterThan(0);
    expect(Math.min(...before)).toBeLessThan(3);
    // On a busy machine a few need another one (ledger.ts says how many at most).
    expect(walkers.filter(({ retries }) => retries > 1).length).toBeLessThanOrEqual(people / 10);

    // What was done before and after stands, on the node that is new and on the one that stayed.
    await front.nodes[0].start();
    for (const _node of front.nodes) {
      const missing = await Promise.all(walkers.map((walker) => walker.missing()));
      expect(missing.flat()).toEqual([]);
    }

    const told = await oidc.fetchUserInfo(wiki.config, tokens.access_token, tokens.claims()?.sub ?? '');
    expect(told).toMatchObject({ name: 'Ana L.', email: 'ana@example.com' });
  }, 240_000);

  test('who was signed in stays so, until they sign out', async () => {
    await page.goto(`${front.url}/account`);
    await page.getByRole('heading', { level: 1, name: 'Personal information' }).waitFor();
    expect(await page.getByLabel('Display name').inputValue()).toBe('Ana L.');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { level: 1, name: 'You are signed out' }).waitFor();
    await page.goto(`${front.url}/account`);
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  }, 60_000);

  /** Each start prints a link, and the last one works. */
  async function setUp(): Promise<void> {
    for (const { setupUrl = '' } of front.nodes) {
      await page.goto(setupUrl);
      if (await page.getByRole('heading', { level: 1, name: 'Set up the first administrator' }).isVisible()) break;
    }

    await page.getByLabel('E-mail').fill('boss@example.com');
    await page.getByLabel('First name').fill('Bo');
    await page.getByLabel('Last name').fill('Ström');
    await page.getByLabel('Display name').fill('Bo Ström');
    await page.getByLabel('Password', { exact: true }).fill(goodPassword);
    await page.getByRole('button', { name: 'Create the administrator' }).click();
    await page.getByText('The administrator’s account is ready').waitFor();
  }

  async function signIn(email: string, password: string): Promise<void> {
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  /** Where it does not get through: back, and once more. */
  async function allow(): Promise<void> {
    const isThere = () => page.url().startsWith(wiki.redirectUri);

    for (let tries = 0; tries < 3 && !isThere(); tries += 1) {
      if (tries > 0) await page.goBack();
      await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Allow', exact: true }).click()]);
    }

    expect(isThere()).toBe(true);
  }

  async function newWalker(n: number): Promise<Walker> {
    const person = await front.account({ displayName: `Person ${n}` });
    const ends = (['signed in', 'signed out', 'revoked'] as const)[n % 3] ?? 'signed in';

    return createWalker({ front, party: wiki, person, displayName: `Renamed ${n}`, ends });
  }
});

/** Settles once so many things are acknowledged altogether. */
async function acknowledgedBy(walkers: readonly Walker[], count: number): Promise<void> {
  while (walkers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0) < count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
