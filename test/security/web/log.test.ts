import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { redact } from '../../../src/web/log.ts';
import { openBrowser, type Browser } from '../../support/browser.ts';
import { createOutage } from '../../support/outage.ts';
import { tickAll } from '../../support/relying-party.ts';
import { openGround, verifier, type Ground, type Party } from '../protocol/ground.ts';
import { unlimited } from './visits.ts';

/** What a terminal or a log reader would act on, and what would end a line. */
const tricks = '\r\n{"level":"error","event":"forged"}\u001b[31m\u0007\u2028\u2029\u0085\u202e';

/** A text that stands nowhere else, and looks like no secret: nothing but leaving it out keeps it from the log. */
const canary = (what: string): string =>
  `${what}${randomBytes(6)
    .toString('hex')
    .replace(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] ?? '')}`;

describe('the log', () => {
  const outage = createOutage();
  const secrets: [string, string][] = [];
  let ground: Ground;
  let wiki: Party;

  const secret = (what: string, value = canary(what)): string => {
    secrets.push([what, value]);
    return value;
  };

  beforeAll(async () => {
    ground = await openGround({ aroundStores: outage.around, env: { ...unlimited, GATEHOUSE_LOG_LEVEL: 'debug' } });
    wiki = await ground.party('web', { client_name: `Wiki ${secret('ClientName')}` });
    secret('the client secret', wiki.secret);
    secret('the set-up token', new URL(String(ground.app.setupUrl)).searchParams.get('token') ?? '?');

    await everything();

    for (const part of [
      'records',
      'ephemera.put',
      'records.attempts',
      'records.events',
      'records.grants',
      'records.sessions.update',
      'records.refreshFamilies',
      'records.accounts.update',
    ]) {
      // Each gets as far as it can.
      outage.take(part);
      await everything().catch(() => undefined);
      outage.fail(new TypeError('nobody foresaw it'), part);
      await everything().catch(() => undefined);
      outage.mend();
    }
  }, 60_000);

  afterAll(() => ground[Symbol.asyncDispose]());

  /** Each field of everything that takes one, right and wrong. */
  async function everything(): Promise<void> {
    const { app, ana } = ground;
    const browser = openBrowser(app.url, { headers: { 'user-agent': `${secret('UserAgent')}\u009b\u0085` } });
    const ask = wiki.url({
      state: secret('State') + tricks,
      nonce: secret('Nonce'),
      login_hint: secret('Hint') + tricks,
    });

    await wrongAnswers(browser);

    const door = await browser.open(ask);
    secret('a step', /^\/sign-in\/(.+)/.exec(new URL(door.url).pathname)?.[1] ?? '');
    secret('a form’s token', door.forms[0]?.fields['csrf']);
    await browser.submit(door, {
      email: `${secret('Email')}@example.com${tricks}`,
      password: secret('Password') + tricks,
    });
    const asked = await browser.submit(door, { email: ana.email, password: secret('the password', ana.password) });
    const left = await browser.submit(asked, tickAll(asked), { button: 'Allow' });

    const code = secret('a code', new URL(String(left.location)).searchParams.get('code') ?? '?');
    await wiki.redeem(code, { code_verifier: secret('Verifier') });
    const { body } = await wiki.redeem(code, { code_verifier: verifier });
    secret('the verifier', verifier);
    for (const kind of ['access_token', 'refresh_token', 'id_token']) secret(kind, String(body[kind]));

    const profile = await browser.open('/account');
    await browser.submit(profile, {
      firstName: secret('FirstName') + tricks,
      lastName: secret('LastName'),
      displayName: canary('').slice(-8),
      task: secret('Task') + tricks,
    });
    await browser.submit(await browser.open('/account/sign-in-and-security'), {
      currentPassword: secret('CurrentPassword') + tricks,
      newPassword: secret('NewPassword'),
      confirmPassword: secret('NewPassword'),
    });
    await browser.open(`/oauth/logout?${query({ id_token_hint: body['id_token'], state: secret('State') + tricks })}`);
    await afterwards(browser, body);

    for (const { key, value } of await browser.jar.getCookies(app.url)) if (value.length > 15) secret(key, value);
  }

  async function wrongAnswers(browser: Browser): Promise<void> {
    const setup = await browser.open(`/setup?token=${secret('SetupToken')}`);
    expect(setup.status).not.toBe(200);

    for (const more of [
      { client_id: secret('ClientId') + tricks },
      { redirect_uri: `https://evil.example/${secret('Uri')}?${tricks}` },
      { scope: secret('Scope') + tricks },
      { id_token_hint: secret('IdTokenHint') },
      { claims: `{"${secret('Claims')}${tricks}` },
      { code_challenge: secret('Challenge') + tricks },
      { resource: `https://${secret('Resource')}.example/` },
      { prompt: secret('Prompt') },
    ]) {
      await browser.open(wiki.url(more));
    }

    await browser.get(`/sign-in/${secret('StepId')}${encodeURIComponent(tricks)}`);
    await browser.get(
      `/${secret('Path')}/${secret('Email')}@example.com?${secret('Query')}=${encodeURIComponent(tricks)}`,
    );
    await browser.get('/account', { host: `${secret('Host')}.example`, cookie: `session=${secret('Cookie')}` });
    await browser.get('/account', { cookie: `session=${secret('Cookie')}; session.sig=${secret('Signature')}` });
    await browser.get('/account', { 'x-request-id': secret('RequestId'), 'x-forwarded-for': secret('Forwarded') });
    await browser.send('POST', '/language', { headers: { 'content-type': secret('Type') }, body: secret('Body') });
    await browser.post('/setup?token=x', { password: secret('Password'), csrf: secret('Csrf') });
  }

  async function afterwards(browser: Browser, tokens: Record<string, unknown>): Promise<void> {
    await wiki.refresh(secret('RefreshToken') + tricks);
    const { body } = await wiki.refresh(String(tokens['refresh_token']));
    for (const kind of ['access_token', 'refresh_token', 'id_token']) secret(kind, String(body[kind]));

    await wiki.introspect(secret('AccessToken') + tricks);
    await wiki.introspect(String(body['access_token']));
    await wiki.revoke(secret('AccessToken'));
    await ground.userinfo(secret('AccessToken'));
    await ground.userinfo(String(body['access_token']));
    await ground.get(`/oauth/userinfo?access_token=${secret('AccessToken')}`);
    await ground.post('/oauth/token', {
      grant_type: secret('GrantType') + tricks,
      client_id: wiki.id,
      client_secret: secret('ClientSecret'),
    });
    await ground.post('/oauth/token', {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${secret('Assertion')}.${secret('Assertion')}.${secret('Assertion')}`,
    });
    await ground.post('/oauth/token', 'x', { authorization: `Basic ${secret('Basic')}` });
    await browser.open(
      `/oauth/logout?${query({ client_id: wiki.id, post_logout_redirect_uri: secret('Bye') + tricks })}`,
    );
  }

  const query = (of: Record<string, unknown>) =>
    new URLSearchParams(Object.entries(of).map(([name, value]): [string, string] => [name, String(value)])).toString();

  test('S112: holds nothing that was sent, and nothing that was given out', () => {
    const text = ground.app.log.join('\n');
    const told = secrets.filter(([, value]) => value.length > 5 && value !== 'undefined' && text.includes(value));

    expect(secrets.length).toBeGreaterThan(100);
    expect(told).toEqual([]);
  });

  test('S112: nor whom it happened to', () => {
    const text = ground.app.log.join('\n');

    for (const word of [ground.ana.email, ground.ana.id, '127.0.0.1', 'Ana Lind', '@example.com']) {
      expect([word, text.includes(word)]).toEqual([word, false]);
    }
  });

  test('S112: a line is one line of JSON, in which nothing colours a terminal or turns the text around', () => {
    expect(ground.app.log.length).toBeGreaterThan(100);

    for (const line of ground.app.log) {
      expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
      expect(JSON.parse(line)).toMatchObject({ time: expect.any(String), level: expect.any(String) });
      expect(line).not.toContain('forged');
    }
  });

  test.each(['a@', 'a', 'a.', 'a@a.', '1a', '-', '@', '<', 'a '])(
    'S112: what a library may quote (%j again and again) is gone through in one pass',
    (part) => {
      const began = performance.now();
      redact(part.repeat(1000));

      expect(performance.now() - began).toBeLessThan(200);
    },
  );

  test('S112: nor does it fill the log', () => {
    expect(redact('word '.repeat(20_000)).length).toBeLessThan(10_000);
  });

  test('S112: says all the same what was asked for and how it ended', () => {
    const lines = ground.app.log.map((line) => JSON.parse(line) as Record<string, unknown>);
    const requests = lines.filter(({ event }) => event === 'request');

    expect(requests.map(({ status }) => status)).toEqual(
      expect.arrayContaining([200, 303, 400, 401, 404, 410, 421, 422, 500, 503]),
    );
    expect(requests.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/sign-in/:uid', '/consent/:uid', '/oauth/token', '/account/personal-information']),
    );
  });
});
