import { expect, test } from '@jest/globals';

import { startTestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';

test('a person sees how many tries were blocked, when the last one was and where it came from', async () => {
  await using app = await startTestApp({ env: { GATEHOUSE_PROXY_TRUSTED: '127.0.0.1' } });
  const ana = await app.account();
  const mallory = { 'x-forwarded-for': '203.0.113.9', 'user-agent': 'curl/8.0', connection: 'close' };
  const seen = async () => {
    const browser = openBrowser(app.url, { headers: { 'x-forwarded-for': '192.0.2.1', connection: 'close' } });
    await browser.submit(await browser.open('/account'), { email: ana.email, password: ana.password });

    return (await browser.open('/account/activity')).words;
  };

  expect(await seen()).not.toContain('Blocked tries');

  const browser = openBrowser(app.url, { headers: mallory });
  const page = await browser.open('/account');
  for (let n = 0; n < 12; n += 1) await browser.submit(page, { email: ana.email, password: `not hers ${n}` });
  // What the last minute holds is written when the server stops.
  await app.restart();

  expect(await seen()).toMatch(/Blocked tries 12 .*The last one .*203\.0\.113\.9/);

  app.clock.advance(31 * 86_400_000);
  expect(await seen()).not.toContain('Blocked tries');
});

test('S113: two hundred blocked tries write few events, and none goes uncounted', async () => {
  // Two hundred tries may take longer than the first wait lasts.
  await using app = await startTestApp({ env: { GATEHOUSE_LIMITS_SIGN_IN_FIRST_WAIT: '5m' } });
  const ana = await app.account();
  const browser = openBrowser(app.url);
  const page = await browser.open('/account');
  const wrong = { email: ana.email, password: 'a wrong password of hers' };
  const statuses: number[] = [];

  for (let n = 0; n < 205; n += 1) statuses.push((await browser.submit(page, wrong)).status);

  // What the last minute still holds is written when the server stops.
  await app.restart();
  const { events } = await app.services.events.read(ana, { limit: 1000 });
  const blocked = events.filter(({ kind }) => kind === 'sign_in.blocked');
  const counted = blocked.reduce((sum, { details }) => sum + 1 + Number(details['leftOut'] ?? 0), 0);

  expect(events.filter(({ kind }) => kind === 'sign_in.failed')).toHaveLength(5);
  expect(statuses.filter((status) => status === 429)).toHaveLength(200);
  expect(blocked.length).toBeLessThanOrEqual(3);
  expect(counted).toBe(200);
});
