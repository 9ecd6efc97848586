import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { openBrowser } from '../../support/browser.ts';
import { describeWith } from '../../support/need.ts';
import { startNodes, type Nodes } from '../../support/nodes.ts';
import { needsOf, eachStore } from '../../support/storage.ts';
import { enter, isSignedIn, unlimited } from '../web/visits.ts';

/** `npm run races` plays a thousand. */
const rounds = Number(process.env['GATEHOUSE_TEST_RACE_ROUNDS'] ?? 2);
const longest = 60_000 + rounds * 5_000;
const wanted = (n: number) => `nine herons judge the moor ${n}`;

for (const pair of eachStore) {
  describeWith(needsOf(pair), `F11: fifty new passwords at once by one link, on two nodes on ${pair}`, () => {
    let nodes: Nodes;

    beforeAll(async () => {
      nodes = await startNodes({ pair, env: { ...unlimited, GATEHOUSE_LIMITS_RECOVERY_PER_ADDRESS: '100000' } });
    });

    afterAll(() => nodes[Symbol.asyncDispose]());

    async function asked(email: string): Promise<{ link: string; code: string }> {
      const browser = openBrowser(nodes.url);
      await browser.submit(await browser.open('/forgot-password'), { email });
      const { link, text } = await nodes.first.mail.to(email, 'reset-password');

      return { link, code: /^ {4}(\S+)$/m.exec(text)?.[1] ?? '' };
    }

    test.each(['link', 'code'] as const)(
      'S73: the %s makes one new password, which is the one that works',
      async (by) => {
        for (let round = 0; round < rounds; round += 1) {
          const ana = await nodes.account({ email: `${by}-${round}@example.com` });
          const given = await asked(ana.email);
          const path = by === 'link' ? given.link : `/reset-password?token=${encodeURIComponent(given.code)}`;
          const browsers = Array.from({ length: 50 }, () => openBrowser(nodes.url));
          const forms = await Promise.all(browsers.map((browser) => browser.open(path)));

          const pages = await Promise.all(
            browsers.map(async (browser, n) => {
              const fields = { newPassword: wanted(n), confirmPassword: wanted(n) };
              const form = forms[n];

              return form && (await browser.submit(form, fields, { follow: false }));
            }),
          );
          const statuses = pages.map((page) => page?.status);
          const winners = statuses.flatMap((status, n) => (status === 303 ? [n] : []));

          // A store that a busy machine keeps waiting answers 503; what such a form wanted has not happened.
          expect(statuses.filter((status) => ![303, 410, 503].includes(status ?? 0))).toEqual([]);
          expect(winners).toHaveLength(1);

          const browser = openBrowser(nodes.url);
          await enter(browser, { email: ana.email, password: wanted(winners[0] ?? -1) });
          expect(await isSignedIn(browser)).toBe(true);
        }
      },
      longest,
    );
  });
}
