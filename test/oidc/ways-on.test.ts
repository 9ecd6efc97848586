import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Arrived } from './browser.ts';
import { allow, arrive, codeRequest, hasCode, signIn } from './requests.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

describe('there is always a way on', () => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld();
    await world.addClient('own', { first_party: true });
    await world.addClient('wiki', { client_uri: 'https://wiki.example/' });
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  const stepOf = ({ json }: Arrived) => json['step'] as Record<string, unknown>;
  const restart = (path: string) => `${path}/restart`;

  test('a step of another browser can be begun here', async () => {
    const page = await world.browser().go(codeRequest('own', { login_hint: 'ana@example.com' }));
    const here = world.browser();
    const seen = await here.go(page.url.pathname);

    expect(stepOf(seen)).toMatchObject({ ended: 'elsewhere', restartable: true, client: { name: 'own' } });

    const anew = await here.go(restart(page.url.pathname), { form: {} });
    expect(stepOf(anew)).toMatchObject({ prompt: 'login', loginHint: 'ana@example.com' });
    expect(anew.url.pathname).not.toBe(page.url.pathname);
    expect(hasCode(await signIn(here, anew))).toBe(true);
  });

  test('the back button after a step was taken', async () => {
    const browser = world.browser();
    const page = await browser.go(codeRequest('own'));
    expect(hasCode(await signIn(browser, page))).toBe(true);

    const back = await browser.go(page.url.pathname);
    expect(stepOf(back)).toMatchObject({ ended: 'finished', restartable: true });

    // Typing the password once more leads to the same page, and from there straight to the app.
    expect(stepOf(await signIn(browser, back))).toMatchObject({ ended: 'finished' });
    expect(hasCode(await browser.go(restart(page.url.pathname), { form: {} }))).toBe(true);
  });

  test('a step that stood open for too long', async () => {
    const browser = world.browser();
    const page = await browser.go(codeRequest('own'));

    world.wait(3601);
    expect(stepOf(await signIn(browser, page))).toMatchObject({ ended: 'expired', restartable: true });

    const anew = await browser.go(restart(page.url.pathname), { form: {} });
    expect(hasCode(await signIn(browser, anew))).toBe(true);

    world.wait(86_400);
    expect(stepOf(await browser.go(page.url.pathname))).toEqual({ ended: 'expired', restartable: false });
    expect((await browser.go(restart(page.url.pathname), { form: {} })).json).toEqual({ restarted: false });
  });

  test('a step that never was', async () => {
    for (const uid of ['nope', 'x'.repeat(21), '%00', '..%2f..%2fetc', 'x'.repeat(300)]) {
      expect(stepOf(await world.browser().go(`/sign-in/${uid}`))).toEqual({ ended: 'expired', restartable: false });
    }
  });

  test('two tabs, one after the other', async () => {
    const browser = world.browser();
    const [one, two] = [await browser.go(codeRequest('own')), await browser.go(codeRequest('own'))];

    expect(hasCode(await signIn(browser, one))).toBe(true);
    expect(hasCode(await signIn(browser, two))).toBe(true);
  });

  test('two tabs, two people: the second one signs the first one out', async () => {
    const browser = world.browser();
    const [one, two] = [await browser.go(codeRequest('own')), await browser.go(codeRequest('own'))];

    expect(hasCode(await signIn(browser, one, 'ana'))).toBe(true);
    const anas =
      (await world.records.sessions.list('account', 'ana', { limit: 1, descending: true })).rows[0]?.id ?? '';

    expect(hasCode(await signIn(browser, two, 'bob'))).toBe(true);
    expect((await browser.go('/account')).json).toMatchObject({ current: { account: { id: 'bob' } } });

    expect(await world.records.sessions.get(anas)).toBeUndefined();
    expect(await world.records.grants.count('session', anas)).toBe(0);
  });

  test('another tab signs somebody else in between the proof and the way back', async () => {
    const browser = world.browser();
    const [one, two] = [await browser.go(codeRequest('own')), await browser.go(codeRequest('own'))];

    const resume = await browser.go(one.url.pathname, { form: { as: 'ana' }, stop: true });
    expect(hasCode(await signIn(browser, two, 'bob'))).toBe(true);

    const page = await browser.go(resume.url);
    const { action, fields } = page.json['data'] as { action: string; fields: { name: string; value: string }[] };

    expect(page.json['view']).toBe('protocol/form-post');
    expect(page.text).not.toContain('<script>');

    const form = Object.fromEntries(fields.map(({ name, value }) => [name, value]));
    expect(hasCode(await browser.go(action, { form }))).toBe(true);
    expect((await browser.go('/account')).json).toMatchObject({ current: { account: { id: 'ana' } } });
  });

  test('signed out in another tab, in front of prompt=login', async () => {
    const browser = world.browser();
    await arrive(browser, codeRequest('own'));
    const page = await browser.go(codeRequest('own', { prompt: 'login' }));
    await browser.go('/sign-out', { form: {} });

    expect(stepOf(await browser.go(page.url.pathname))).not.toHaveProperty('account');
    expect(hasCode(await signIn(browser, page))).toBe(true);
  });

  test('signed out in another tab, in front of consent', async () => {
    const browser = world.browser();
    const page = await arrive(browser, codeRequest('wiki'));
    expect(page.url.pathname).toMatch(/^\/consent\//);
    await browser.go('/sign-out', { form: {} });

    const after = await allow(browser, page);
    expect([after.url.pathname, stepOf(after)]).toMatchObject([
      page.url.pathname,
      { ended: 'expired', restartable: true, client: { name: 'wiki', clientUri: 'https://wiki.example/' } },
    ]);
    expect(stepOf(await browser.go(restart(page.url.pathname), { form: {} }))).toMatchObject({ prompt: 'login' });
  });

  test('somebody else signs in in another tab, in front of consent: it is not theirs to give', async () => {
    const browser = world.browser();
    const page = await arrive(browser, codeRequest('wiki'));
    await arrive(browser, codeRequest('own', { prompt: 'login' }), 'bob');

    expect(stepOf(await allow(browser, page))).toMatchObject({ ended: 'expired', restartable: true });
    expect(await world.records.consents.get('bob wiki')).toBeUndefined();
    expect(await world.records.consents.get('ana wiki')).toBeUndefined();
  });

  test('the way back is asked for twice, or without its cookie', async () => {
    const browser = world.browser();
    const page = await browser.go(codeRequest('own'));
    const resume = await browser.go(page.url.pathname, { form: { as: 'ana' }, stop: true });
    expect(hasCode(await browser.go(resume.url))).toBe(true);

    const again = await browser.go(resume.url);
    expect([again.url.pathname, stepOf(again)]).toMatchObject([page.url.pathname, { ended: 'finished' }]);

    const stranger = await world.browser().go(resume.url);
    expect(stepOf(stranger)).toMatchObject({ restartable: true });
  });

  test('S25: the app gets a "no" with its state as it was', async () => {
    const state = '"><script>alert(1)</script>\u2028 +%20&=ü';
    const browser = world.browser();
    const page = await browser.go(codeRequest('wiki', { state }));
    const app = await browser.go(`${page.url.pathname}/refuse`, { form: {} });

    expect(app.url.host).toBe('wiki.example');
    expect(Object.fromEntries(app.url.searchParams)).toMatchObject({
      error: 'access_denied',
      state,
      iss: world.origin,
    });
  });

  test('"no" at consent, also when the person signed out meanwhile', async () => {
    const browser = world.browser();
    const page = await arrive(browser, codeRequest('wiki'));
    await browser.go('/sign-out', { form: {} });
    const app = await browser.go(`${page.url.pathname}/refuse`, { form: {} });

    expect(app.url.searchParams.get('error')).toBe('access_denied');
    expect(await world.records.consents.get('ana wiki')).toBeUndefined();
    expect(world.events).toContain('consent.refused');
  });

  test('the account console cannot be told "no"', async () => {
    const browser = world.browser();
    const page = await browser.go('/account/devices');

    expect(stepOf(page)).toMatchObject({ mayRefuse: false, client: { id: 'account-console' } });

    const still = await browser.go(`${page.url.pathname}/refuse`, { form: {} });
    expect(still.url.pathname).toBe(page.url.pathname);
    expect((await signIn(browser, still)).url.pathname).toBe('/account/devices');
  });

  test('S14: an authorization request that another site posts finds the session', async () => {
    const browser = world.browser();
    await arrive(browser, codeRequest('own'));

    const form = Object.fromEntries(new URL(codeRequest('own'), world.origin).searchParams);
    expect(hasCode(await browser.go('/oauth/authorize', { form, from: 'elsewhere' }))).toBe(true);
  });

  test('S24: doubled parameters are refused on a page of ours, also when posted', async () => {
    for (const name of ['redirect_uri', 'client_id', 'scope', 'state']) {
      const query = new URL(codeRequest('own'), world.origin).searchParams;
      query.append(name, 'https://evil.example/');

      const page = await world.browser().go(`/oauth/authorize?${query.toString()}`);
      const errors = [page.status, page.url.searchParams.get('error')];
      expect(errors.includes(400) || errors.includes('invalid_request')).toBe(true);
      expect(page.url.host).not.toBe('evil.example');
    }
  });
});
