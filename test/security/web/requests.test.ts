import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { routes as protocol } from '../../../src/oidc/settings.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser, type Page } from '../../support/browser.ts';
import { authorize, signIn, unlimited } from './visits.ts';

const wiki = 'https://wiki.example.net/cb';
const uid = 'abcdefghijklmnopqrstuvwxyz';
const pages = ['/', '/account', '/account/personal-information', '/account/signed-in', '/signed-out', '/setup'];
const steps = [`/sign-in/${uid}`, `/sign-in/${uid}/restart`, `/consent/${uid}`, `/choose-account/${uid}`];
const everywhere = [...pages, ...steps, ...Object.values(protocol), `/oauth/authorize/${uid}`, '/nothing'];

/** Queries, cookies, addresses and headers that no browser of an honest person sends. */
describe('hostile requests', () => {
  let app: TestApp;
  let clientId: string;

  beforeAll(async () => {
    app = await startTestApp({ env: unlimited });
    clientId = (await app.client('web', { redirect_uris: [wiki] })).client.id;
    await app.account({ email: 'ana@example.com' });
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const get = (path: string, headers: Record<string, string> = {}): Promise<Page> =>
    openBrowser(app.url).send('GET', path, { headers: { accept: 'text/html', ...headers } });

  const breaks = async (asked: readonly (() => Promise<Page>)[]): Promise<string[]> => {
    const broken: string[] = [];

    for (const ask of asked) {
      const { status, url, html } = await ask();

      if (status >= 500 || /\n\s+at |node_modules|node:internal/.test(html))
        broken.push(`${status} ${url.slice(0, 80)}`);
    }

    return broken;
  };

  test.each([
    ['an operator', 'client_id[$ne]=1&email[$gt]=&token[$ne]='],
    ['a prototype', '__proto__=1&__proto__[admin]=1&constructor=x&prototype=x'],
    ['a list', 'client_id[]=a&client_id[]=b'],
    ['doubled', 'state=a&state=b&client_id=a&client_id=b&error=a&error=b&token=a&token=b&as=a&as=b'],
    ['NUL', 'client_id=%00&state=%00&error=%00&token=%00&%00=%00'],
    ['half an escape', 'client_id=%&state=%zz&token=%E0%A4%A&error=%'],
    ['no UTF-8', 'client_id=%ff&state=%c0%80&token=%fe'],
    ['half a character', 'client_id=%ED%A0%80&state=%ED%A0%80&token=%ED%A0%80'],
    ['a name of an object', 'client_id=__proto__&token=constructor&state=toString&ui_locales=__proto__'],
    ['20 kB', `client_id=${'a'.repeat(20_000)}`],
    ['1,000 fields', Array.from({ length: 1000 }, (_, index) => `f${index}=1`).join('&')],
  ])('S111: a query with %s breaks nothing', async (_what, query) => {
    expect(await breaks(everywhere.map((path) => () => get(`${path}?${query}`)))).toEqual([]);
  });

  const values = [
    '\0',
    '__proto__',
    'null',
    '[]',
    '-1',
    '1e309',
    'NaN',
    '99999999999999999999',
    '\u2028',
    '{"__proto__":{"admin":true}}',
    '{"id_token":null,"userinfo":[]}',
    '{"id_token":{"sub":{"value":{"$ne":1}}}}',
    '{"id_token":{"acr":{"essential":true,"values":[{}]}}}',
    '{"userinfo":{"constructor":null,"__proto__":null}}',
    `${'['.repeat(5000)}${']'.repeat(5000)}`,
    `${'{"id_token":'.repeat(500)}1${'}'.repeat(500)}`,
    'none login',
    'https://x.example/%00',
    'data:,x',
    'x'.repeat(9000),
    'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.',
    'a.b.c',
  ];

  test.each(
    (
      'claims id_token_hint max_age prompt login_hint ui_locales acr_values request request_uri registration resource ' +
      'state nonce display response_mode response_type scope code_challenge code_challenge_method authorization_details ' +
      'dpop_jkt claims_locales web_message_uri'
    ).split(' '),
  )('S111: an authorization request with a hostile %s breaks nothing', async (name) => {
    const ask = (value: string) => () => get(authorize(clientId, wiki, { [name]: value }));

    expect(await breaks(values.map(ask))).toEqual([]);
  });

  test.each([
    ['10 kB', `session=${'a'.repeat(10_000)}`],
    ['a wrong signature', 'session=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; session.sig=bbbbbbbbbbbbbbbbbbbbbbbbbbb'],
    ['NUL', 'session=%00; session.sig=%00; csrf=%00; device=%00; lang=%00; notice=%00'],
    ['half an escape', 'session=%; csrf=%zz; device=%E0%A4; lang=%; notice=%7B'],
    [
      'a name of an object',
      'session=__proto__; lang=constructor; device=__proto__; csrf=toString; notice=hasOwnProperty',
    ],
    ['a hash in place of an id', 'session=#47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU; session.sig=x'],
    ['nonsense', ';;;===;,; =; session; "'],
    ['the same name 1,000 times', 'session=a; '.repeat(1000)],
    ['what a notice is not', 'notice=eyJfX3Byb3RvX18iOnsieCI6MX19; lang=zz; device=../../etc/passwd'],
    ['high bytes', 'session=\u00ff\u00fe; lang=\u00e9'],
  ])('S111: a cookie with %s breaks nothing, and is nobody’s', async (_what, cookie) => {
    const asked = [...pages, ...steps, authorize(clientId, wiki), '/oauth/logout', '/oauth/logout/success'];

    expect(await breaks(asked.map((path) => () => get(path, { cookie })))).toEqual([]);
    expect((await get('/account/personal-information', { cookie })).status).toBe(303);
  });

  test('S111: the cookies of somebody who is signed in count only as they are', async () => {
    const ana = await signIn(app, { email: 'ana@example.com', password: 'quiet-marble-otter-47-lantern' });
    const cookies = await ana.jar.getCookieString(app.url);
    const profile = (cookie: string) => get('/account/personal-information', { cookie });

    expect((await profile(cookies)).status).toBe(200);

    const [, id = '', signature = ''] = /session=([^;]+); session\.sig=([^;]+)/.exec(cookies) ?? [];
    const flipped = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);

    for (const changed of [
      cookies.replace(id, flipped(id)),
      cookies.replace(signature, flipped(signature)),
      cookies.replace(id, id.slice(0, -1)),
      cookies.replace(id, `${id}a`),
      `session=${id}`,
      cookies.replace(`session.sig=${signature}`, 'session.sig='),
    ]) {
      expect((await profile(changed)).status).toBe(303);
    }
  });

  test.each([
    '%00',
    '%zz',
    '%ff',
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e',
    '__proto__',
    'constructor',
    '%0d%0aSet-Cookie:x=y',
    '%E2%80%A8',
    '%7B%22$ne%22:null%7D',
    "'%20OR%20'1'='1",
    'a'.repeat(300),
    'a'.repeat(7000),
  ])('S111: a part of an address that is %j breaks nothing', async (part) => {
    const asked = [
      '/sign-in/',
      '/consent/',
      '/choose-account/',
      '/oauth/authorize/',
      '/oauth/',
      '/assets/',
      '/account/',
    ];

    expect(await breaks(asked.map((path) => () => get(path + part)))).toEqual([]);
    expect(
      await breaks(asked.map((path) => () => openBrowser(app.url).post(path + part, { csrf: 'x', answer: 'allow' }))),
    ).toEqual([]);
  });

  test.each([
    { authorization: 'Basic %%%' },
    { authorization: `Basic ${Buffer.from('%zz:%zz').toString('base64')}` },
    { authorization: `Basic ${Buffer.from('a\0:b\0').toString('base64')}` },
    { authorization: `Basic ${Buffer.from('nothing').toString('base64')}` },
    { authorization: `Bearer ${'a'.repeat(9000)}` },
    { authorization: 'Bearer' },
    { authorization: 'Digest x' },
    { 'accept-language': 'x-'.repeat(3000) },
    { 'accept-language': ';q=;q=;,,,;;' },
    { accept: 'a/b;q=x,,,;' },
    { 'accept-encoding': 'gzip;q=x, *;q=0' },
    { origin: 'null' },
    { origin: 'x y' },
    { 'user-agent': '\u00ff'.repeat(5000) },
    { 'if-none-match': 'x' },
    { range: 'bytes=9-1' },
    { dpop: 'x' },
    { 'x-forwarded-proto': 'javascript', 'x-forwarded-host': 'evil.example', 'x-forwarded-for': '%00, 999.1.1.1' },
    { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' },
  ] as Record<string, string>[])('S111: headers %j break nothing', async (headers) => {
    const browser = openBrowser(app.url);
    const asked = everywhere.flatMap((path) =>
      ['GET', 'POST'].map((method) => () => browser.send(method, path, { headers })),
    );

    expect(await breaks(asked)).toEqual([]);
  });

  test.each([
    ['no HTTP', 'nonsense\r\n\r\n'],
    ['two lengths', 'POST /oauth/token HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\na=b'],
    [
      'a length and chunks',
      'POST /oauth/token HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
    ],
    ['40 kB of headers', `GET / HTTP/1.1\r\nHost: h\r\nX-A: ${'a'.repeat(40_000)}\r\n\r\n`],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: h\r\n evil\r\n\r\n'],
    ['NUL in a header', 'GET / HTTP/1.1\r\nHost: h\r\nX-A: \0\r\n\r\n'],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: h\nX-A: b\n\n'],
  ])('S111: %s on the wire ends in 4xx', async (_what, text) => {
    const answer = await exchange(
      Number(new URL(app.url).port),
      text.replaceAll('Host: h', `Host: ${new URL(app.url).host}`),
    );

    expect(answer).toMatch(/^HTTP\/1\.1 (4\d\d|303) /);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  test.each([
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/..//evil.example',
    '/%09/evil.example',
    '/%5cevil.example',
    'https:evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/@evil.example',
    '@evil.example',
    '.evil.example',
  ])('a place to go back to (%j) never leads to another site', async (here) => {
    const browser = openBrowser(app.url);
    const csrf = (await browser.open('/signed-out')).forms[0]?.fields['csrf'] ?? '';

    const page = await browser.post('/language', { csrf, locale: 'en', here });

    expect([page.status, new URL(String(page.location)).origin]).toEqual([303, app.url]);
  });

  test('S111: nothing of it was an error of ours', () => {
    expect(app.log.filter((line) => /"level":"error"|"status":5\d\d/.test(line))).toEqual([]);
  });
});

/** What comes back until the server is done, or a second has gone by without more. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = '';
    const socket = connect(port, '127.0.0.1', () => void socket.write(text));

    socket.setTimeout(1000, () => void socket.destroy());
    socket.on('data', (data) => (got += data.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(got));
  });
}
