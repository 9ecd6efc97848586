import { expect, test } from '@jest/globals';

import { startTestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';

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
