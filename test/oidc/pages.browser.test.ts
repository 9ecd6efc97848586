import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';

import type { Registered } from '../../src/operations/clients.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { expectPresentable, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { codeRequest } from './requests.ts';

describeWith('chromium', 'the pages of the protocol, in a browser', () => {
  let app: TestApp;
  let chromium: Chromium;
  let own: Registered;
  let ana: { email: string; password: string };
  let at = '';

  /** The app: says what came to it and how. */
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', at);

      // The app's own redirect at the end of the chain, which `form-action` is held against as well.
      if (pathname === '/bye') return void response.writeHead(302, { location: '/' }).end();

      const how = request.method === 'POST' ? new URLSearchParams(body) : searchParams;
      response.setHeader('content-type', 'text/html');
      response.end(`<h1>${request.method} ${pathname} ${how.has('code') ? 'with a code' : ''}</h1>`);
    });
  });

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    at = `http://localhost:${(server.address() as AddressInfo).port}`;

    app = await startTestApp();
    chromium = await startChromium();
    ana = await app.account({ email: 'ana@example.com' });
    own = await app.client('web', {
      client_name: 'Payroll',
      client_uri: `${at}/`,
      redirect_uris: [`${at}/cb`],
      post_logout_redirect_uris: [`${at}/bye`],
      first_party: true,
    });
  });

  afterAll(async () => {
    await chromium[Symbol.asyncDispose]();
    await app[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  });

  const request = (of: Record<string, string> = {}) =>
    app.url + codeRequest(own.client.id, { redirect_uri: `${at}/cb`, ...of });

  async function signIn(page: Page, of: Record<string, string> = {}): Promise<void> {
    await page.goto(request(of));
    await page.fill('[name=email]', ana.email);
    await page.fill('[name=password]', ana.password);
    await page.click('button.primary');
  }

  const heading = (page: Page) => page.textContent('h1');

  test('form_post: by its button, without script', async () => {
    const page = await chromium.open();
    await signIn(page, { response_mode: 'form_post' });

    expect(await heading(page)).toBe('One moment');
    await expectPresentable(page, 'form-post');
    await page.click('button.primary');
    await page.waitForURL(`${at}/**`);
    expect(await heading(page)).toBe('POST /cb with a code');
  });

  test('form_post: by itself, with script', async () => {
    const page = await chromium.open({ javaScriptEnabled: true });
    await signIn(page, { response_mode: 'form_post' });

    await page.waitForURL(`${at}/**`);
    expect(await heading(page)).toBe('POST /cb with a code');
  });

  test('signing out, at the request of an app that redirects once more by itself', async () => {
    const page = await chromium.open();
    await signIn(page);
    await page.waitForURL(`${at}/**`);

    await page.goto(`${app.url}/oauth/logout?client_id=${own.client.id}&post_logout_redirect_uri=${at}/bye`);
    await expectPresentable(page, 'sign-out');

    await page.click('button.primary');
    await page.waitForURL(`${at}/`);
    expect(await heading(page)).toBe('GET / ');
  });

  test('the pages at the end, and an error', async () => {
    const { id = '' } = (await app.services.accounts.findByEmail(ana.email)) ?? {};
    await app.services.accounts.updateProfile(id, { locale: 'de' }, { actor: id });
    const page = await chromium.open();
    await signIn(page);
    await page.waitForURL(`${at}/**`);

    await page.goto(`${app.url}/oauth/logout?client_id=${own.client.id}`);
    await page.click('button:not(.primary)');
    expect(await heading(page)).toBe('Sie sind noch angemeldet');
    await expectPresentable(page, 'stayed-de');

    await page.goto(`${app.url}/oauth/logout?client_id=${own.client.id}`);
    await page.click('button.primary');
    expect(await heading(page)).toBe('Sie sind abgemeldet');
    expect(await page.getByRole('button', { name: 'English' }).count()).toBe(1);
    await expectPresentable(page, 'signed-out-de');

    await page.goto(request({ redirect_uri: 'https://evil.example/' }));
    await expectPresentable(page, 'wrong-redirect-de');
  });
});
