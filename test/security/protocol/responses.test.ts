import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openBrowser, type Page } from '../../support/browser.ts';
import { answerAt, openGround, through, type Ground, type Party } from './ground.ts';

const unusual = [
  'plain',
  '"><script>alert(1)</script>',
  "'+onerror=alert(1)+'",
  'a b+c%20d&e=f#g/?',
  'äöü €𝕏 \u202e reversed',
  '  spaces  ',
  'line\r\nbreak\ttab',
  '{"json": [1, 2, {"a": "%7B"}]}',
  'x'.repeat(2_000),
];

/** What answers say, how they travel, and what they never do. */
describe('authorization responses', () => {
  let ground: Ground;
  let wiki: Party;
  let spa: Party;
  let implicit: Party;

  beforeAll(async () => {
    ground = await openGround();
    wiki = await ground.party('web', { first_party: true });
    spa = await ground.party('spa', { first_party: true });
    implicit = await ground.party('web', {
      first_party: true,
      grant_types: ['implicit'],
      response_types: ['id_token'],
    });
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  const fragmentOf = (page: Page) =>
    Object.fromEntries(new URLSearchParams(new URL(page.location ?? '').hash.slice(1)));
  const fieldsOf = (page: Page) => page.forms[0]?.fields ?? {};

  test.each([
    'token',
    'id_token token',
    'code token',
    'code id_token token',
    'code id_token',
    'none token',
    '',
    'CODE',
  ])('S11: response_type %j is refused, whoever asks', async (type) => {
    for (const party of [wiki, spa, implicit]) {
      const page = await ground.browser.open(party.url({ response_type: type, prompt: 'none' }));
      const said = page.location === undefined ? {} : { ...answerAt(page), ...fragmentOf(page) };

      expect(said).not.toHaveProperty('access_token');
      expect(said).not.toHaveProperty('id_token');
      expect(said).not.toHaveProperty('code');
      if (page.location === undefined) expect(page.status).toBe(400);
      else expect(said).toHaveProperty('error');
    }
  });

  test.each(['password', 'urn:ietf:params:oauth:grant-type:jwt-bearer', 'implicit', 'PASSWORD', 'client_credentials'])(
    'S11: grant_type %s gets no token',
    async (type) => {
      const fields = { grant_type: type, username: ground.ana.email, password: ground.ana.password, scope: 'openid' };

      for (const party of [wiki, spa]) {
        const answer = await party.post('/oauth/token', fields);

        expect(answer.status).toBe(400);
        expect(answer.body).not.toHaveProperty('access_token');
      }
    },
  );

  test('S11: id_token alone goes by form_post, and only to a client registered for it', async () => {
    const request = { response_type: 'id_token', response_mode: 'form_post', scope: 'openid' };

    const page = await ground.browser.open(implicit.url(request));
    expect(page.forms[0]).toMatchObject({ action: implicit.redirectUri, method: 'post' });
    expect(Object.keys(fieldsOf(page)).toSorted()).toEqual(['id_token', 'iss', 'state']);

    for (const party of [wiki, spa]) {
      const other = await ground.browser.open(party.url(request));

      expect(fieldsOf(other)).toMatchObject({ error: 'invalid_request' });
      expect(other.html).not.toContain('eyJ');
    }
  });

  test.each(['fragment', 'query', undefined])('S11: id_token alone does not go by %s', async (mode) => {
    const page = await ground.browser.open(
      implicit.url({ response_type: 'id_token', response_mode: mode, scope: 'openid', prompt: 'none' }),
    );

    expect(page.location ?? '').not.toContain('id_token=');
    expect(page.html).not.toContain('eyJ');
  });

  test('S11: id_token needs a nonce', async () => {
    const page = await ground.browser.open(
      implicit.url({ response_type: 'id_token', response_mode: 'form_post', scope: 'openid', nonce: undefined }),
    );

    expect(fieldsOf(page)).toMatchObject({ error: 'invalid_request' });
    expect(page.html).not.toContain('eyJ');
  });

  test('S12: a confidential client is answered in no fragment', async () => {
    const page = await ground.browser.open(wiki.url({ response_mode: 'fragment', prompt: 'none' }));
    const said = page.location === undefined ? {} : { ...answerAt(page), ...fragmentOf(page) };

    expect(said).not.toHaveProperty('code');
    expect(page.location ?? '').not.toContain('code=');
  });

  test.each(['query.jwt', 'fragment.jwt', 'form_post.jwt', 'jwt', 'web_message', 'unknown', 'QUERY'])(
    'S12: response_mode %j is refused',
    async (mode) => {
      for (const party of [wiki, spa]) {
        const page = await ground.browser.open(party.url({ response_mode: mode, prompt: 'none' }));

        expect(page.location ?? '').not.toContain('code=');
        expect(page.forms.flatMap(({ names }) => names)).not.toContain('code');
      }
    },
  );

  test('S13: iss stands in every answer, in each mode, errors included', async () => {
    const iss = ground.app.url;
    const asked = (party: Party, more: Record<string, string | undefined>) => ground.browser.open(party.url(more));

    expect(answerAt(await asked(wiki, {}))).toMatchObject({ code: expect.any(String), iss });
    expect(answerAt(await asked(wiki, { response_type: 'none' }))).toMatchObject({ error: expect.any(String), iss });
    expect(answerAt(await asked(wiki, { code_challenge: undefined }))).toMatchObject({ error: 'invalid_request', iss });
    expect(answerAt(await asked(wiki, { scope: 'profile' }))).toMatchObject({ iss });
    expect(answerAt(await asked(wiki, { prompt: 'none', max_age: '0' }))).toMatchObject({
      error: 'login_required',
      iss,
    });
    expect(fragmentOf(await asked(spa, { response_mode: 'fragment' }))).toMatchObject({
      code: expect.any(String),
      iss,
    });
    expect(fieldsOf(await asked(wiki, { response_mode: 'form_post' }))).toMatchObject({
      code: expect.any(String),
      iss,
    });
    expect(fieldsOf(await asked(wiki, { response_mode: 'form_post', code_challenge: undefined }))).toMatchObject({
      error: 'invalid_request',
      iss,
    });

    const stranger = openBrowser(iss);
    expect(answerAt(await stranger.open(wiki.url({ prompt: 'none' })))).toMatchObject({ error: 'login_required', iss });
    expect(answerAt(await stranger.open(wiki.url({ request: 'x.y.z' })))).toMatchObject({
      error: 'request_not_supported',
      iss,
    });

    const { body } = await ground.get('/.well-known/openid-configuration');
    expect(body['authorization_response_iss_parameter_supported']).toBe(true);
  });

  test('S13: and when the person says no', async () => {
    const browser = openBrowser(ground.app.url);
    const page = await browser.open(wiki.url());
    const after = await browser.submit(page, {}, { form: 'refuse' });

    expect(answerAt(after)).toMatchObject({ error: 'access_denied', iss: ground.app.url, state: 'state-1' });
  });

  test('S14: what follows a POST is asked for by GET', async () => {
    const third = await ground.party('web');
    const browser = openBrowser(ground.app.url);
    const { pathname, search } = new URL(third.url());
    const seen: Page[] = [];
    const step = async (next: Promise<Page>) => {
      seen.push(await next);

      return browser.follow(seen.at(-1) as Page);
    };

    const person = { email: ground.ana.email, password: ground.ana.password };
    const signIn = await step(browser.post(pathname, search.slice(1), { 'sec-fetch-site': 'cross-site' }));
    const consent = await step(browser.submit(signIn, person, { follow: false }));
    await step(browser.submit(consent, {}, { button: 'Allow', follow: false }));
    const signOut = await browser.open('/oauth/logout');
    await step(browser.submit(signOut, {}, { follow: false }));

    expect(seen.map(({ status }) => status)).toEqual([303, 303, 303, 303]);
  });

  test.each(unusual)('S25: state comes back byte by byte, and is never markup: %j', async (state) => {
    const byQuery = await ground.browser.open(wiki.url({ state }));
    expect(answerAt(byQuery)['state']).toBe(state);
    expect(byQuery.html).not.toContain('<script');

    const refusal = await ground.browser.open(wiki.url({ state, code_challenge: undefined }));
    expect(answerAt(refusal)['state']).toBe(state);

    const byFragment = await ground.browser.open(spa.url({ state, response_mode: 'fragment' }));
    expect(fragmentOf(byFragment)['state']).toBe(state);

    const byForm = await ground.browser.open(wiki.url({ state, response_mode: 'form_post' }));
    // A browser makes line breaks in a form's field CRLF, here and at the app alike.
    expect(fieldsOf(byForm)['state']).toBe(state);
    expect(byForm.html).not.toContain('<script>alert');
    expect(byForm.html.match(/<script/g)?.length ?? 0).toBeLessThanOrEqual(
      byForm.html.match(/<script [^>]*src=/g)?.length ?? 0,
    );
  });

  test('S25: it survives the sign-in page and consent, where it is shown nowhere', async () => {
    const third = await ground.party('web');
    const state = 'marker-"><b>x</b>';
    const browser = openBrowser(ground.app.url);
    const signIn = await browser.open(third.url({ state }));
    const consent = await browser.submit(signIn, { email: ground.ana.email, password: ground.ana.password });

    expect(signIn.html + consent.html).not.toContain('marker-');

    const after = await browser.submit(consent, {}, { button: 'Allow' });
    expect(answerAt(after)['state']).toBe(state);
  });

  test('S25: one that was not sent is not invented', async () => {
    expect(new URL(await through(ground.browser, wiki.url({ state: undefined }))).searchParams.has('state')).toBe(
      false,
    );
  });
});
