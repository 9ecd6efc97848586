import { describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser } from '../../support/browser.ts';

const guess = { email: 'ana@example.com', password: 'wrong-and-long-enough' };

/** The address that a failed sign-in is on record with. */
async function recordedFor(app: TestApp, headers: Record<string, string>): Promise<string | undefined> {
  const ana = (await app.services.accounts.findByEmail(guess.email)) ?? (await app.account({ email: guess.email }));
  const browser = openBrowser(app.url, { headers });
  app.clock.advance(3_600_000);
  await browser.submit(await browser.open('/account'), guess);

  const { events } = await app.services.events.read(ana, { limit: 1 });

  return events[0]?.ip;
}

const claims: [string, Record<string, string>][] = [
  ['X-Forwarded-For', { 'x-forwarded-for': '192.0.2.1' }],
  ['several in it', { 'x-forwarded-for': '192.0.2.1, 192.0.2.2, 192.0.2.3' }],
  ['what we might trust', { 'x-forwarded-for': '127.0.0.1, ::1, 10.0.0.1' }],
  ['Forwarded', { forwarded: 'for=192.0.2.1;proto=https;host=evil.example' }],
  ['X-Real-IP', { 'x-real-ip': '192.0.2.1' }],
  ['X-Client-IP', { 'x-client-ip': '192.0.2.1', 'true-client-ip': '192.0.2.1', 'cf-connecting-ip': '192.0.2.1' }],
  ['nonsense', { 'x-forwarded-for': 'unknown, _hidden, 999.1.1.1, <script>' }],
];

describe('S60: where a request comes from', () => {
  test.each(claims)('S60: without a proxy, %s is a claim that nobody believes', async (_what, headers) => {
    await using app = await startTestApp();

    expect(await recordedFor(app, headers)).toBe('127.0.0.1');
  });

  test.each<[string, Record<string, string>, string]>([
    ['what the proxy heard from', { 'x-forwarded-for': '203.0.113.5' }, '203.0.113.5'],
    ['and not what it was told', { 'x-forwarded-for': '192.0.2.1, 203.0.113.5' }, '203.0.113.5'],
    ['through two proxies of ours', { 'x-forwarded-for': '192.0.2.1, 203.0.113.5, 10.1.2.3' }, '203.0.113.5'],
    ['in IPv6, in its one form', { 'x-forwarded-for': '2001:DB8:0:0::1' }, '2001:db8::1'],
    ['IPv4 that is written as IPv6', { 'x-forwarded-for': '::ffff:203.0.113.5' }, '203.0.113.5'],
    ['nothing from Forwarded', { forwarded: 'for=192.0.2.1', 'x-forwarded-for': '203.0.113.5' }, '203.0.113.5'],
    ['nothing where the proxy says nothing', { 'x-real-ip': '192.0.2.1' }, '127.0.0.1'],
    ['nothing that is no address', { 'x-forwarded-for': '192.0.2.1, nonsense' }, '127.0.0.1'],
  ])('S60: behind ours: %s', async (_what, headers, ip) => {
    await using app = await startTestApp({ config: 'proxy: {trusted: [127.0.0.1/32, 10.0.0.0/8]}' });

    expect(await recordedFor(app, headers)).toBe(ip);
  });

  test('S60: a limit on requests counts by that address, not by the claim', async () => {
    await using app = await startTestApp({ env: { GATEHOUSE_LIMITS_REQUESTS_SIGN_INS: '3' } });
    const browser = openBrowser(app.url);
    const door = await browser.open('/account');
    const statuses: number[] = [];

    for (let n = 0; n < 5; n += 1) {
      const fields = { ...guess, email: `person-${n}@example.com`, csrf: door.forms[0]?.fields['csrf'] ?? '' };
      statuses.push((await browser.post(door.url, fields, { 'x-forwarded-for': `192.0.2.${n}` })).status);
    }

    expect(statuses).toEqual([422, 422, 422, 429, 429]);
  });

  test.each([{ 'x-forwarded-proto': 'https' }, { 'x-forwarded-proto': 'javascript' }, { 'x-forwarded-ssl': 'on' }])(
    'S60: whether it is https is ours to say, not %j',
    async (headers) => {
      await using app = await startTestApp();
      const page = await openBrowser(app.url, { headers }).get('/account/personal-information');

      expect(String(page.location)).toMatch(new RegExp(`^${app.url}/oauth/authorize`));
      expect(String(page.headers['set-cookie'])).not.toMatch(/secure|__Host-/i);
    },
  );
});
