import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Page } from '../support/browser.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';

/** RFC 9700 section 4.11.2: our address in a link must not become a way to somebody else's site. */
describe('a wrong request of an app that is not the operator’s own', () => {
  let app: TestApp;
  let wiki: RelyingParty;
  let own: RelyingParty;
  let native: RelyingParty;

  beforeAll(async () => {
    app = await startTestApp();
    wiki = await relyingParty(
      app,
      await app.client('web', {
        client_name: 'Wiki <b>',
        redirect_uris: ['https://wiki.example.net/cb'],
        scope: 'openid profile email',
      }),
    );
    own = await relyingParty(
      app,
      await app.client('web', { redirect_uris: ['https://own.example.net/cb'], first_party: true }),
    );
    native = await relyingParty(
      app,
      await app.client('native', { redirect_uris: ['net.example.notes:/cb', 'http://127.0.0.1/cb'] }),
    );
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const wrong: [string, Record<string, string | undefined>][] = [
    ['invalid_request', { code_challenge: undefined }],
    ['invalid_request', { prompt: 'none login' }],
    ['invalid_scope', { scope: 'openid phone' }],
    ['invalid_target', { resource: 'https://api.example.org/' }],
    ['unsupported_response_type', { response_type: 'magic' }],
    ['request_not_supported', { request: 'x.y.z' }],
    [
      'unmet_authentication_requirements',
      { claims: '{"id_token":{"acr":{"essential":true,"values":["urn:gatehouse:acr:3"]}}}' },
    ],
  ];

  const linkIn = ({ html }: Page) => /<a class="button wide" href="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&');

  async function open(party: RelyingParty, more: Record<string, string | undefined>) {
    const departure = await party.request(more);

    return { departure, page: await openBrowser(app.url).open(departure.url.href) };
  }

  test.each(wrong)('S15: %s is shown, and gone on with by a link alone', async (code, more) => {
    const { page, departure } = await open(wiki, more);

    expect([page.status, page.location]).toEqual([400, undefined]);
    expect(page.words).toContain(', at wiki.example.net, sent you here');
    expect(page.words).toContain('Back to Wiki <b>');
    expect(page.words).toContain(code);
    expect(page.words).toContain(String(page.headers['x-request-id']));
    expect(page.html).not.toMatch(/<script|http-equiv/);

    const back = new URL(linkIn(page) ?? '');
    const said = new URLSearchParams(back.search === '' ? back.hash.slice(1) : back.search);
    expect(back.href).toMatch(/^https:\/\/wiki\.example\.net\/cb[?#]/);
    expect(Object.fromEntries(said)).toMatchObject({ error: code, state: departure.state, iss: app.url });
  });

  test.each(wrong)('S15: %s also of somebody who is signed in and has allowed it', async (code, more) => {
    const { browser } = await wiki.signIn(await app.account());
    const page = await browser.open((await wiki.request(more)).url.href);

    expect([page.status, page.location]).toEqual([400, undefined]);
    expect(page.words).toContain(code);
  });

  test('S15: form_post: a form that nothing but its button sends, and that the policy lets go there', async () => {
    const { page, departure } = await open(wiki, { response_mode: 'form_post', code_challenge: undefined });
    const [form] = page.forms;

    expect(page.status).toBe(400);
    expect(form).toMatchObject({ method: 'post', action: 'https://wiki.example.net/cb' });
    expect(form?.fields).toMatchObject({ error: 'invalid_request', state: departure.state, iss: app.url });
    expect(page.html).not.toMatch(/<script|data-submit/);
    expect(page.headers['content-security-policy']).toMatch(/form-action 'self' https:;/);
  });

  test('S15: a private scheme and this computer are named and led back to', async () => {
    const scheme = await open(native, { code_challenge: undefined });
    expect(scheme.page.words).toContain('at net.example.notes');
    expect(linkIn(scheme.page)).toMatch(/^net\.example\.notes:\/cb\?error=invalid_request&/);

    const here = await open(native, { code_challenge: undefined, redirect_uri: 'http://127.0.0.1:4711/cb' });
    expect(here.page.words).toContain('on this computer');
    expect(linkIn(here.page)).toMatch(/^http:\/\/127\.0\.0\.1:4711\/cb\?error=/);
  });

  test('S25: what the app sent stands in the link alone, inertly', async () => {
    const { page } = await open(wiki, { state: '"><script>canary</script>', code_challenge: undefined });

    expect(page.words).not.toContain('canary');
    expect(page.html).not.toContain('<script');
    expect(new URL(linkIn(page) ?? '').searchParams.get('state')).toBe('"><script>canary</script>');
  });

  test('in the language that the app asks for', async () => {
    const { page } = await open(wiki, { ui_locales: 'de', code_challenge: undefined });

    expect(page.words).toContain('Zurück zu Wiki <b>');
  });

  test('OpenID Connect Core 3.1.2.6: silent authentication is answered by redirect', async () => {
    for (const more of [{}, { code_challenge: undefined }, { scope: 'openid phone' }]) {
      expect((await open(wiki, { prompt: 'none', ...more })).page.location).toMatch(/^https:\/\/wiki\.[^?]*\?error=/);
    }
  });

  test('the operator’s own app is answered at once', async () => {
    const { page } = await open(own, { code_challenge: undefined });

    expect(page.location).toMatch(/^https:\/\/own\.example\.net\/cb\?error=invalid_request&/);
  });

  test('after a step of the person the app is answered at once', async () => {
    const browser = openBrowser(app.url);
    const door = await browser.open((await wiki.request()).url.href);
    const refused = await browser.submit(door, {}, { form: 'refuse' });
    expect(refused.location).toMatch(/^https:\/\/wiki\.example\.net\/cb\?error=access_denied&/);

    const ana = await app.account();
    const ben = await app.account();
    const { tokens } = await wiki.signIn(ana);
    const other = openBrowser(app.url);
    const meant = await other.open((await wiki.request({ id_token_hint: tokens.id_token })).url.href);
    const as = await other.submit(meant, { email: ben.email, password: ben.password });
    expect(as.location).toMatch(/^https:\/\/wiki\.example\.net\/cb\?error=login_required&/);
  });

  test('S15: a wrong address or app never leads anywhere', async () => {
    for (const more of [{ redirect_uri: 'https://evil.example/cb' }, { client_id: 'nobody' }]) {
      const { page } = await open(wiki, { ...more, code_challenge: undefined });

      expect([page.status, page.location]).toEqual([400, undefined]);
      expect(page.html).not.toContain('error=');
      expect(page.html).not.toContain('evil.example');
    }
  });
});
