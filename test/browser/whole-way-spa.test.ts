import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';

import { startTestApp, type TestApp } from '../support/app.ts';
import { startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';

/** An app that is nothing but a page: oidc-client-ts in Chromium, asking us across origins. */
describeWith('chromium', 'a single-page app on oidc-client-ts', () => {
  let chromium: Chromium;
  let app: TestApp;

  beforeAll(async () => {
    chromium = await startChromium();
    app = await startTestApp();
  });

  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await chromium[Symbol.asyncDispose]();
  });

  test('signs in, refreshes without leaving the page, asks userinfo, revokes and signs out', async () => {
    await using board = await startBoard(app);
    const ana = await app.account();
    const page = await chromium.open({ javaScriptEnabled: true });
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => void complaints.push(error.message));

    await page.goto(board.url);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('E-mail').fill(ana.email);
    await page.getByLabel('Password', { exact: true }).fill(ana.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText('Stay connected while you are away', { exact: true }).click();
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    await page.getByText(`Hello, Ana Lind (${ana.email})`).waitFor();
    expect(page.url()).toBe(`${board.url}/`);

    const before = await userIn(page);
    expect(before.refresh_token).toEqual(expect.any(String));
    expect(before.profile).toMatchObject({ sub: ana.id, email: ana.email, name: 'Ana Lind' });

    // By the refresh token: no frame is opened.
    await page.evaluate('manager.signinSilent()');
    const after = await userIn(page);
    expect(after.access_token).not.toBe(before.access_token);
    expect(after.refresh_token).not.toBe(before.refresh_token);
    expect(page.frames()).toHaveLength(1);

    await page.evaluate("manager.revokeTokens(['access_token'])");
    expect(await statusOfUserinfo(page, app.url, after.access_token)).toBe(401);
    await page.evaluate('manager.signinSilent()');
    const again = await userIn(page);
    expect(await statusOfUserinfo(page, app.url, again.access_token)).toBe(200);
    await page.evaluate("manager.revokeTokens(['refresh_token'])");
    expect(await statusOfUserinfo(page, app.url, again.access_token)).toBe(401);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(page.url()).toBe(`${board.url}/`);
    await page.goto(`${app.url}/account`);
    await page.getByLabel('Password', { exact: true }).waitFor();

    // The two that were refused on purpose.
    expect(complaints).toEqual([expect.stringContaining('401'), expect.stringContaining('401')]);
  }, 60_000);

  test('S20: a first-party one that is answered on this computer gets nothing in a hidden frame, only where it shows', async () => {
    await using board = await startBoard(app, { scope: 'openid profile email', firstParty: true });
    const ana = await app.account();
    const page = await chromium.open({ javaScriptEnabled: true });

    await page.goto(board.url);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('E-mail').fill(ana.email);
    await page.getByLabel('Password', { exact: true }).fill(ana.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText(`Hello, Ana Lind (${ana.email})`).waitFor();

    const before = await userIn(page);
    expect(before.refresh_token).toBeUndefined();
    expect(await page.evaluate('manager.signinSilent().catch(({ error }) => error)')).toBe('interaction_required');

    await page.evaluate('void manager.signinRedirect()');
    await page.waitForURL(`${board.url}/callback?*`, { waitUntil: 'commit' });
    await page.getByText(`Hello, Ana Lind (${ana.email})`).waitFor();
    const after = await userIn(page);
    expect(after.access_token).not.toBe(before.access_token);
    expect(after.profile['sub']).toBe(ana.id);
  }, 60_000);
});

interface User {
  access_token: string;
  refresh_token?: string;
  profile: Record<string, unknown>;
}

function userIn(page: Page): Promise<User> {
  return page.evaluate('manager.getUser().then((user) => JSON.parse(JSON.stringify(user)))');
}

/** Asked by the page itself, as the app would ask an API. */
function statusOfUserinfo(page: Page, issuer: string, token: string): Promise<number> {
  const headers = JSON.stringify({ authorization: `Bearer ${token}` });

  return page.evaluate(`fetch('${issuer}/oauth/userinfo', { headers: ${headers} }).then(({ status }) => status)`);
}

/** The app: one page, the library as it is published, and a client registered for it. */
async function startBoard(app: TestApp, { scope = 'openid profile email offline_access', firstParty = false } = {}) {
  const load = createRequire(import.meta.url);
  const oidcClient = load.resolve('oidc-client-ts').replace(/dist.*/, 'dist/esm/oidc-client-ts.js');
  const jwtDecode = load.resolve('jwt-decode').replace(/build.*/, 'build/esm/index.js');
  let page = '';

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://board');
    const script = { '/oidc-client-ts.js': oidcClient, '/jwt-decode.js': jwtDecode }[pathname];

    if (script === undefined) {
      response.setHeader('content-type', 'text/html; charset=utf-8').end(page);
      return;
    }

    readFile(script).then(
      (text) => response.setHeader('content-type', 'text/javascript').end(text),
      (error: Error) => response.destroy(error),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;

  const { client } = await app.client('spa', {
    client_name: 'Board',
    first_party: firstParty,
    redirect_uris: [`${url}/callback`],
    post_logout_redirect_uris: [`${url}/`],
  });
  const settings = {
    authority: app.url,
    client_id: client.id,
    redirect_uri: `${url}/callback`,
    post_logout_redirect_uri: `${url}/`,
    scope,
    loadUserInfo: true,
  };
  page = boardPage(settings);

  return {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

function boardPage(settings: object): string {
  return `<!doctype html>
<html lang="en"><title>Board</title><link rel="icon" href="data:,">
<p id="who"></p>
<button id="in" hidden>Sign in</button>
<button id="out" hidden>Sign out</button>
<script type="importmap">{ "imports": { "oidc-client-ts": "/oidc-client-ts.js", "jwt-decode": "/jwt-decode.js" } }</script>
<script type="module">
import { UserManager } from 'oidc-client-ts';

const manager = new UserManager(${JSON.stringify(settings)});
globalThis.manager = manager;

if (location.pathname === '/callback') {
  await manager.signinCallback();
  if (window === window.top) history.replaceState(null, '', '/');
}

const user = await manager.getUser();
const { name, email } = user?.profile ?? {};
document.querySelector('#who').textContent = user ? \`Hello, \${name} (\${email})\` : '';
const button = document.querySelector(user ? '#out' : '#in');
button.hidden = false;
button.onclick = () => user ? manager.signoutRedirect() : manager.signinRedirect();
</script>
</html>`;
}
