import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Registered } from '../../src/operations/clients.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { codeRequest } from './requests.ts';

describe('the pages of the protocol', () => {
  let app: TestApp;
  let own: Registered;
  let ana: { email: string; password: string };

  beforeAll(async () => {
    app = await startTestApp();
    ana = await app.account({ email: 'ana@example.com' });
    own = await app.client('web', {
      client_name: 'Payroll <b>&evil',
      client_uri: 'https://payroll.example/',
      redirect_uris: ['https://payroll.example/cb'],
      post_logout_redirect_uris: ['https://payroll.example/bye'],
      first_party: true,
    });
  });

  afterAll(async () => {
    await app[Symbol.asyncDispose]();
  });

  const request = (of: Record<string, string> = {}) =>
    codeRequest(own.client.id, { redirect_uri: 'https://payroll.example/cb', ...of });

  async function signedIn(of: Record<string, string> = {}): Promise<{ browser: Browser; page: Page }> {
    const browser = openBrowser(app.url);
    const door = await browser.open(request(of));

    return { browser, page: await browser.submit(door, { email: ana.email, password: ana.password }) };
  }

  const policyOf = ({ headers }: Page) => String(headers['content-security-policy']);

  describe('errors', () => {
    test.each([
      ['another path', { redirect_uri: 'https://payroll.example/cb/' }],
      ['another host', { redirect_uri: 'https://evil.example/cb' }],
      ['none', { redirect_uri: '' }],
      ['an unknown client', { client_id: 'nobody' }],
      ['a client that is no text', { client_id: '\u0000' }],
    ])('S15: %s as redirect URI or client: a page, and nobody is sent anywhere', async (_case, of) => {
      const page = await openBrowser(app.url).open(request(of));

      expect([page.status, page.location]).toEqual([400, undefined]);
      expect(page.html).not.toContain('evil.example');
      expect(page.words).toContain(String(page.headers['x-request-id']));
    });

    test('it says what happened and leads back to the app, by addresses that the app registered', async () => {
      const page = await openBrowser(app.url).open(request({ redirect_uri: 'https://evil.example/' }));

      expect(page.words).toContain('return address is not registered');
      expect(page.words).toContain('invalid_redirect_uri');
      expect(page.html).toContain('href="https://payroll.example/"');
      expect(page.html).toContain('Payroll &lt;b&gt;&amp;evil');
      expect(app.log.some((line) => line.includes(String(page.headers['x-request-id'])))).toBe(true);
    });

    test('S17: nothing of what was sent is printed', async () => {
      const canary = '"><img src=x>canary';

      for (const of of [
        { client_id: canary },
        { redirect_uri: `https://evil.example/${canary}` },
        { redirect_uri: canary },
        { redirect_uri: 'https://evil.example/', state: canary, scope: canary, nonce: canary, prompt: canary },
      ]) {
        const page = await openBrowser(app.url).open(request(of));
        expect([page.status, page.html.includes('canary'), page.html.includes('src=x')]).toEqual([400, false, false]);
      }
    });

    test('a programme that asks for no page gets none', async () => {
      const answer = await fetch(`${app.url}/oauth/token`, {
        method: 'POST',
        headers: { accept: 'application/json' },
        body: new URLSearchParams({ grant_type: 'x' }),
      });

      expect(answer.headers.get('content-type')).toContain('application/json');
    });
  });

  describe('form_post', () => {
    const state = '"><script>x</script>&amp; ü';

    test('S25: a button that works without script, and no script in the page', async () => {
      const { page } = await signedIn({ response_mode: 'form_post', state });
      const [form] = page.forms;

      expect(page.status).toBe(200);
      expect(form).toMatchObject({ method: 'post', action: 'https://payroll.example/cb' });
      expect(form?.fields).toMatchObject({ code: expect.any(String), iss: app.url, state });
      expect(form?.buttons).toHaveLength(1);
      expect(page.html).not.toMatch(/<script(?![^>]*\bsrc=)/);
      expect(policyOf(page)).toContain("script-src 'self';");
      expect(policyOf(page)).toContain("form-action 'self' https:;");
    });

    test('the script that presses the button is served', async () => {
      const { page } = await signedIn({ response_mode: 'form_post' });
      const [, address = ''] = /<script src="([^"]+)"/.exec(page.html) ?? [];
      const script = await fetch(new URL(address, app.url));

      expect([script.status, script.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
      expect(await script.text()).toContain('submit()');
    });

    test('S13: errors go the same way', async () => {
      const page = await openBrowser(app.url).open(request({ response_mode: 'form_post', prompt: 'none', state }));

      expect(page.forms[0]?.fields).toMatchObject({ error: 'login_required', iss: app.url, state });
    });
  });

  describe('signing out', () => {
    test('asks, in the language of the person, and ends where the app is told', async () => {
      const bea = await app.account({ email: 'bea@example.com', locale: 'de' });
      const german = openBrowser(app.url);
      const door = await german.open(request());
      await german.submit(door, { email: bea.email, password: bea.password });
      expect((await german.get('/oauth/logout')).words).toContain('Sie sind als bea@example.com angemeldet.');

      const { browser } = await signedIn();

      const query = `client_id=${own.client.id}&post_logout_redirect_uri=https://payroll.example/bye&state=x`;
      const page = await browser.open(`/oauth/logout?${query}`);
      expect(page.words).toContain('asks to sign you out here as well');
      expect(policyOf(page)).toContain("form-action 'self' https:;");
      expect(policyOf(page)).toContain("frame-ancestors 'none'");

      const end = await browser.submit(page, {}, { button: 'Sign out' });
      expect(end.location).toBe('https://payroll.example/bye?state=x');
    });

    test('the page at the end', async () => {
      const { browser } = await signedIn();
      const end = await browser.submit(
        await browser.open(`/oauth/logout?client_id=${own.client.id}`),
        {},
        {
          button: 'Sign out',
        },
      );

      expect(end.words).toContain('You are signed out');
      expect(end.html).toContain('href="https://payroll.example/"');
    });

    test('staying', async () => {
      const { browser } = await signedIn();
      const end = await browser.submit(await browser.open('/oauth/logout'), {}, { button: 'Stay signed in' });

      expect(end.words).toContain('You are still signed in');
      expect((await browser.open('/account')).words).toContain('Personal information');
    });
  });

  test('S104: signing in changes the cookie, and the one before is worth nothing', async () => {
    const { browser } = await signedIn();
    const before = (await browser.jar.getCookies(app.url)).find(({ key }) => key === 'session')?.value;

    const door = await browser.open(request({ prompt: 'login' }));
    await browser.submit(door, { email: ana.email, password: ana.password });
    const cookies = await browser.jar.getCookies(app.url);
    const after = cookies.find(({ key }) => key === 'session')?.value;

    expect(before).toBeDefined();
    expect(after).toBeDefined();
    expect(after).not.toBe(before);
    expect(cookies.find(({ key }) => key === 'session')).toMatchObject({ httpOnly: true, sameSite: 'lax', path: '/' });
  });

  test('S104: a cookie that was planted before the sign-in is not the one after', async () => {
    const browser = openBrowser(app.url);
    await browser.jar.setCookie('session=planted-by-somebody-else; Path=/', app.url);

    const door = await browser.open(request());
    await browser.submit(door, { email: ana.email, password: ana.password });

    expect((await browser.jar.getCookies(app.url)).find(({ key }) => key === 'session')?.value).not.toContain(
      'planted',
    );
  });
});
