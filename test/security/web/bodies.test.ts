import { Agent, request } from 'node:http';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Account } from '../../../src/domain/account.ts';
import type { Registered } from '../../../src/operations/clients.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import type { Browser, Page } from '../../support/browser.ts';
import { basic } from '../protocol/ground.ts';
import { authorize, isSignedIn, signIn, unlimited } from './visits.ts';

const form = 'application/x-www-form-urlencoded';
const json = 'application/json';
const deep = 10_000;

type Body = string | Buffer;

/** What is no honest body of any of our routes, with its content type. */
const bodies: [string, string, Body][] = [
  ['an operator of a database', json, '{"email":{"$ne":null},"password":{"$ne":null},"token":{"$ne":null}}'],
  ['operators in brackets', form, 'email[$ne]=&password[$ne]=&grant_type[$ne]=&token[$ne]=&logout[$ne]=&xsrf[$ne]='],
  ['a prototype', json, '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}'],
  ['a prototype as a field', form, '__proto__[admin]=1&__proto__=1&constructor=1&prototype=1&grant_type=__proto__'],
  ['arrays', json, '[["email","password"],["token"]]'],
  ['arrays in brackets', form, 'grant_type[]=authorization_code&code[]=a&code[]=b&token[]=a&email[]=a'],
  ['a number', json, '1e309'],
  ['nothing at all', json, ''],
  ['10 MB', form, Buffer.alloc(10_000_000, 'a=b&')],
  ['10 MB of one field', form, Buffer.alloc(10_000_000, 'a')],
  ['depth 10,000', json, '['.repeat(deep) + ']'.repeat(deep)],
  ['depth 10,000 in brackets', form, `token${'[a]'.repeat(deep)}=1&email${'[a]'.repeat(deep)}=1`],
  ['doubled fields', form, 'grant_type=a&grant_type=b&token=a&token=b&email=a&email=b&csrf=a&csrf=b&xsrf=a&xsrf=b'],
  ['10,000 fields', form, Array.from({ length: deep }, (_, index) => `f${index}=1`).join('&')],
  ['NUL', form, 'email=%00&password=%00&grant_type=%00&token=%00&code=%00&locale=%00&here=%00&xsrf=%00&logout=%00'],
  ['NUL as it is', form, 'grant_type=\0&token=\0&email=\0'],
  ['half an escape', form, 'email=%&password=%z&grant_type=%zz&token=%E0%A4%A'],
  ['no UTF-8', form, 'email=%ff%fe&grant_type=%ff&token=%c0%80&locale=%ff'],
  ['half a character', form, 'email=%ED%A0%80&grant_type=%ED%A0%80&token=%ED%A0%80'],
  ['text', 'text/plain', 'email=a&grant_type=refresh_token&token=a'],
  ['XML', 'application/xml', '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>'],
  ['parts', 'multipart/form-data; boundary=x', '--x\r\ncontent-disposition: form-data; name="token"\r\n\r\na\r\n--x--'],
  ['another character set', `${form}; charset=utf-16`, 'token=a&grant_type=b'],
  ['an unreadable content type', ';;;', 'token=a'],
  ['what says that it is packed', form, Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0])],
];

describe('hostile bodies', () => {
  let app: TestApp;
  let ana: Account & { password: string };
  let wiki: Registered;
  let browser: Browser;
  let steps: { signIn: Page; consent: Page; choose: Page; setup: string };

  beforeAll(async () => {
    app = await startTestApp({ env: unlimited });
    ana = await app.account({ email: 'ana@example.com' });
    wiki = await app.client('web', { client_name: 'Wiki', redirect_uris: ['https://wiki.example.net/cb'] });
    browser = await signIn(app, ana);

    const begin = (prompt: string) =>
      browser.open(authorize(wiki.client.id, 'https://wiki.example.net/cb', { prompt }));

    steps = {
      signIn: await begin('login'),
      consent: await begin('consent'),
      choose: await begin('select_account'),
      setup: String(app.setupUrl),
    };
  });

  afterAll(() => app[Symbol.asyncDispose]());

  /** Every route that takes a POST: as Ana's browser sends it, or the client with its secret. */
  const routes: [string, () => string][] = [
    ['sign-in', () => steps.signIn.url],
    ['sign-in, refused', () => `${steps.signIn.url}/refuse`],
    ['consent', () => steps.consent.url],
    ['consent, somebody else', () => `${steps.consent.url}/switch`],
    ['choice of an account', () => steps.choose.url],
    ['choice of an account, refused', () => `${steps.choose.url}/refuse`],
    ['set-up', () => steps.setup],
    ['personal information', () => '/account/personal-information'],
    ['the password', () => '/account/sign-in-and-security'],
    ['signing out of the console', () => '/account/sign-out'],
    ['language', () => '/language'],
    ['authorize', () => '/oauth/authorize'],
    ['logout', () => '/oauth/logout'],
    ['logout, confirmed', () => '/oauth/logout/confirm'],
    ['token', () => '/oauth/token'],
    ['introspection', () => '/oauth/introspect'],
    ['revocation', () => '/oauth/revoke'],
    ['userinfo', () => '/oauth/userinfo'],
    ['nothing', () => '/nothing'],
  ];

  const secretly = (): Record<string, string> => ({ authorization: basic(wiki.client.id, wiki.secret) });

  async function send(path: string, type: string, body: Body, headers = {}): Promise<Page> {
    return browser.send('POST', path, { headers: { 'content-type': type, ...headers }, body });
  }

  describe.each(routes)('%s', (_route, path) => {
    test.each(bodies)('S111: %s is refused, and nothing breaks', async (_body, type, body) => {
      const page = await send(path(), type, body, /^\/oauth\/(?!authorize|logout)/.test(path()) ? secretly() : {});

      // The protocol's own words for a token that is none (RFC 7662, RFC 7009), and the same request as GET, where it is
      // refused (S14).
      const nothing = page.status === 200 && /^(\{"active":false\})?$/.test(page.html);
      const asGet = page.status === 303 && /^\/oauth\/(authorize|logout)/.test(path());

      expect([nothing || asGet || (page.status >= 400 && page.status < 500), page.status]).toEqual([true, page.status]);
      if (asGet) expect((await browser.get(String(page.location))).status).toBeLessThan(500);
    });
  });

  test('S111: nobody was made an administrator, changed or signed out by it', async () => {
    expect(await isSignedIn(browser)).toBe(true);
    expect(await app.services.accounts.hasAdministrator()).toBe(false);
    expect(await app.services.accounts.get(ana.id)).toMatchObject({ displayName: 'Ana Lind', roles: [] });
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  test('S111: nothing of it was an error of ours', () => {
    const unexpected = app.log.filter((line) => /"level":"error"|"status":5\d\d/.test(line));

    expect(unexpected).toEqual([]);
  });

  test.each([
    ['/language', { 'content-length': '10000000' }],
    ['/language', { 'transfer-encoding': 'chunked' }],
    ['/oauth/authorize', { 'content-length': '10000000' }],
    ['/oauth/token', { 'content-length': '10000000' }],
    ['/oauth/token', { 'transfer-encoding': 'chunked' }],
    ['/nothing', { 'transfer-encoding': 'chunked' }],
  ])(
    'S111: a refused body holds no connection: %s %j',
    async (path, headers) => {
      // One connection: whatever is asked next has to wait until this one is free again.
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const ask = (method: string, at: string, body?: Buffer) =>
        new Promise<number | undefined>((resolve, reject) => {
          const sent = request({
            agent,
            port: new URL(app.url).port,
            method,
            path: at,
            headers: { host: new URL(app.url).host, ...(body && { ...headers, 'content-type': form }) },
          });

          sent.on('response', (answer) => answer.resume().on('end', () => resolve(answer.statusCode)));
          sent.on('error', reject);
          sent.end(body);
        });

      expect(await ask('POST', path, Buffer.alloc(10_000_000, 'a'))).toBeLessThan(500);
      expect(await ask('GET', '/healthz')).toBe(200);
      agent.destroy();
    },
    5000,
  );

  test('S111: a body that is too large is answered on the connection that it came by, as a page', async () => {
    const page = await browser.post('/oauth/authorize', `state=${'x'.repeat(20_000)}`);

    expect(page.status).toBe(400);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.words).toContain(String(page.headers['x-request-id']));
  });
});
