import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openGround, type Ground, type Party } from '../security/protocol/ground.ts';
import { openBrowser } from '../support/browser.ts';

const env = {
  GATEHOUSE_LIMITS_REQUESTS_AUTHORIZATIONS: '6',
  GATEHOUSE_LIMITS_REQUESTS_SIGN_INS: '4',
  GATEHOUSE_LIMITS_REQUESTS_API: '3',
};

/** What a stranger can make us keep or compute is bounded by address; how much, is a setting. */
describe('requests of one address', () => {
  let ground: Ground;
  let wiki: Party;

  beforeAll(async () => {
    ground = await openGround({ env });
    wiki = await ground.party('web', { first_party: true });
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  const minute = () => ground.app.clock.advance(60_000);

  test('authorization requests, by GET and by POST: 429 in words and Retry-After, until the window ends', async () => {
    minute();
    const browser = openBrowser(ground.app.url);
    const url = new URL(wiki.url());

    for (let n = 0; n < 3; n += 1) expect((await browser.get(url.href)).status).toBe(303);
    for (let n = 0; n < 3; n += 1) expect((await ground.post(url.pathname, url.search.slice(1))).status).toBe(303);

    const refused = await browser.get(url.href);

    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '60']);
    expect(refused.words).toContain('Too many tries');
    expect(refused.words).toContain('Please wait a little and try again.');
    expect((await ground.post(url.pathname, url.search.slice(1))).status).toBe(429);

    minute();
    expect((await browser.get(url.href)).status).toBe(303);
  });

  test('the account API: by address, and by key from wherever it is shown', async () => {
    minute();
    const { app, ana } = ground;
    const permissions = [{ audience: `${app.url}/api/account/v1`, scope: 'profile:read' }];
    const account = (await app.services.accounts.get(ana.id)) ?? (await app.account());
    const made = await app.services.apiKeys.create(account, { name: 'Key', permissions, once: 'o' }, { actor: ana.id });
    const key = typeof made === 'object' && made.ok ? made.value.key : '';
    const port = Number(new URL(app.url).port);
    const ask = async (from: string, shown: string) => {
      const browser = openBrowser(app.url, { connect: { port, from } });

      return browser.get('/api/account/v1/profile', { authorization: `Bearer ${shown}` });
    };

    for (let n = 0; n < 3; n += 1) expect((await ask('127.0.0.1', 'wrong')).status).toBe(401);
    const refused = await ask('127.0.0.1', key);
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '60']);
    expect(refused.headers['content-type']).toBe('application/problem+json');

    for (const from of ['127.0.0.2', '127.0.0.3', '127.0.0.4']) expect((await ask(from, key)).status).toBe(200);
    expect((await ask('127.0.0.5', key)).status).toBe(429);

    minute();
    expect((await ask('127.0.0.1', key)).status).toBe(200);
  });

  test('a refused one begins no sign-in', async () => {
    minute();
    const cookiesAfter = async () => (await ground.get(wiki.url())).headers['set-cookie']?.join() ?? '';

    for (let n = 0; n < 6; n += 1) expect(await cookiesAfter()).toContain('step=');
    expect(await cookiesAfter()).not.toContain('step=');
  });

  test('forms of sign-in, whichever sign-in they belong to', async () => {
    minute();
    const browser = openBrowser(ground.app.url);
    const page = await browser.open('/account');

    for (let n = 0; n < 4; n += 1) {
      expect((await browser.submit(page, { email: `nobody${n}@example.com`, password: 'wrong' })).status).toBe(422);
    }

    const refused = await browser.submit(page, { email: ground.ana.email, password: ground.ana.password });
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '60']);
    expect((await browser.get(page.url)).status).toBe(200);
  });

  test('forms that take a secret from a mail or from the first start, for the same share', async () => {
    for (const path of ['/undo-email-change', '/setup']) {
      minute();
      const statuses = [];
      for (let n = 0; n < 5; n += 1) statuses.push((await ground.post(path, 'code=made-up')).status);

      expect([statuses.slice(0, 4).includes(429), statuses[4]]).toEqual([false, 429]);
    }
  });

  test('apps are not limited at the token endpoint: each asks for many people', async () => {
    minute();
    const statuses = [];
    for (let n = 0; n < 30; n += 1) statuses.push((await wiki.redeem('unknown')).status);

    expect(new Set(statuses)).toEqual(new Set([400]));
  });
});
