import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';

/** What a request is answered with that the protocol refuses, and what stands in the log about it. */
describe('what is refused', () => {
  let app: TestApp;
  let wiki: RelyingParty;
  let own: RelyingParty;

  beforeAll(async () => {
    app = await startTestApp();
    wiki = await relyingParty(app, await app.client('web', { redirect_uris: ['https://wiki.example.net/cb'] }));
    own = await relyingParty(
      app,
      await app.client('web', { redirect_uris: ['https://own.example.net/cb'], first_party: true }),
    );
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const paths = ['/oauth/token', '/oauth/introspect', '/oauth/revoke', '/oauth/userinfo'];

  describe('at the endpoints of programs', () => {
    test.each(paths)('%s answers JSON to whoever says that it reads pages alone', async (path) => {
      const answer = await fetch(app.url + path, {
        method: 'POST',
        headers: { accept: 'text/html' },
        body: new URLSearchParams({ token: 'x', grant_type: 'x' }),
      });

      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(await answer.json()).toHaveProperty('error');
    });

    test.each([
      ...paths.filter((path) => !path.endsWith('userinfo')).map((path) => ['GET', path, 'POST, OPTIONS']),
      ['DELETE', '/oauth/token', 'POST, OPTIONS'],
      ['PUT', '/oauth/userinfo', 'GET, HEAD, POST, OPTIONS'],
    ])('%s %s is the wrong method, and the right ones are named', async (method, path = '', allowed = '') => {
      const answer = await fetch(app.url + path, { method, headers: { accept: 'text/html' } });

      expect([answer.status, answer.headers.get('allow')]).toEqual([405, allowed]);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
    });
  });

  describe('in the log', () => {
    const canary = 'canary-Xy12-canary@example.com';

    async function linesOf(id: string | undefined) {
      // Lines are written once a turn of the event loop.
      await new Promise((resolve) => void setImmediate(resolve));

      return app.log
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((line) => line['event'] === 'refused' && line['id'] === id);
    }

    async function asked(party: RelyingParty, more: Record<string, string | undefined>) {
      const url = (await party.request({ state: canary, login_hint: canary, nonce: canary, ...more })).url.href;
      const page = await openBrowser(app.url).open(url);

      return linesOf(String(page.headers['x-request-id']));
    }

    test('S114: the reference of an error page stands for the app, the error and its reason', async () => {
      const clientId = wiki.clientId;

      expect(await asked(wiki, { redirect_uri: `https://evil.example/${canary}` })).toEqual([
        expect.objectContaining({
          level: 'warn',
          clientId,
          error: 'invalid_redirect_uri',
          description: expect.stringContaining('redirect_uri'),
        }),
      ]);
      expect(await asked(wiki, { code_challenge: undefined })).toEqual([
        expect.objectContaining({ level: 'warn', clientId, error: 'invalid_request' }),
      ]);

      const [unknown] = await asked(wiki, { client_id: canary });
      expect(unknown).toMatchObject({ level: 'warn', error: 'invalid_client' });
      expect(unknown).not.toHaveProperty('clientId');
    });

    test('what the app was told is worth a mention', async () => {
      expect(await asked(own, { code_challenge: undefined })).toEqual([
        expect.objectContaining({ level: 'info', clientId: own.clientId, error: 'invalid_request' }),
      ]);

      const answer = await fetch(`${app.url}/oauth/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${own.clientId}:${canary}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'authorization_code', code: canary }),
      });
      expect(await linesOf(answer.headers.get('x-request-id') ?? '')).toEqual([
        expect.objectContaining({ level: 'info', clientId: own.clientId, error: 'invalid_client' }),
      ]);
    });

    test('S112: nothing that was sent stands there', async () => {
      for (const name of [
        'scope',
        'claims',
        'prompt',
        'max_age',
        'id_token_hint',
        'request',
        'resource',
        'response_mode',
      ]) {
        await asked(wiki, { [name]: canary });
        await asked(own, { [name]: `{"${canary}` });
      }

      await fetch(`${app.url}/oauth/token`, { method: 'POST', headers: { origin: `https://${canary}` }, body: canary });

      expect(app.log.filter((line) => /canary/i.test(line))).toEqual([]);
    });
  });
});
