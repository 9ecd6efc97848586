import { expect, test } from '@jest/globals';

import { openBrowser, type Page } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { startNodes } from '../support/nodes.ts';
import { createOutage } from '../support/outage.ts';
import { needsOf } from '../support/storage.ts';

const wrong = 'not-the-password-of-anybody';

/** Whoever spreads tries over the nodes has no more of them. */
for (const pair of ['sqlite', 'mongo+redis'] as const) {
  describeWith(needsOf(pair), `limits over two nodes on ${pair}`, () => {
    test('requests of one address are counted together', async () => {
      await using nodes = await startNodes({ pair, env: { GATEHOUSE_LIMITS_REQUESTS_SIGN_INS: '4' } });
      const browser = openBrowser(nodes.url);
      const page = await browser.open('/account');
      const statuses: number[] = [];

      for (const node of [0, 1, 1, 0, 0, 1]) {
        nodes.balancer.only = node;
        statuses.push((await browser.submit(page, { email: 'nobody@example.com', password: wrong })).status);
      }

      expect(statuses).toEqual([422, 422, 422, 422, 429, 429]);
    });

    test('S86: wrong passwords are counted together', async () => {
      await using nodes = await startNodes({ pair, env: { GATEHOUSE_LIMITS_SIGN_IN_FAILURES_PER_PAIR: '4' } });
      const { email, password } = await nodes.account();
      const browser = openBrowser(nodes.url);
      const page = await browser.open('/account');

      for (const node of [0, 1, 0, 1]) {
        nodes.balancer.only = node;
        await browser.submit(page, { email, password: wrong });
      }

      for (const node of [0, 1]) {
        nodes.balancer.only = node;
        const stranger = openBrowser(nodes.url);
        const refused = await stranger.submit(await stranger.open('/account'), { email, password });

        expect([refused.status, refused.title]).toEqual([429, expect.stringContaining('Sign in')]);
      }
    });

    test('forty right passwords of one person at once all get in, whichever node verifies them', async () => {
      const outage = createOutage();
      await using nodes = await startNodes({ pair, aroundStores: outage.around });
      const { email, password } = await nodes.account();
      const doors = await Promise.all(
        Array.from({ length: 40 }, async () => {
          const browser = openBrowser(nodes.url);

          return { browser, page: await browser.open('/account') };
        }),
      );

      // As over a network, so that tries of both nodes are open at once.
      outage.delay(3);
      const pages = await Promise.all(
        doors.map(({ browser, page }) => browser.submit(page, { email, password }, { follow: false })),
      );

      expect(pages.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 303));
    }, 60_000);

    test('a right password waits for what the other node is verifying, instead of being refused', async () => {
      await using nodes = await startNodes({ pair, env: { GATEHOUSE_LIMITS_SIGN_IN_FAILURES_PER_PAIR: '5' } });
      const { email, password } = await nodes.account();
      const { promise: gate, resolve: open } = Promise.withResolvers<void>();
      const { promise: full, resolve: fill } = Promise.withResolvers<void>();
      const { passwords } = nodes.second.services;
      const { attempts } = nodes.first.services.records;
      const { verifier } = passwords;
      const { get } = attempts;
      let verifying = 0;

      passwords.verifier = (accountId) => {
        const verify = verifier(accountId);

        return async (password) => {
          verifying += 1;
          if (verifying === 5) fill();
          await gate;

          return verify(password);
        };
      };

      const signIn = async (node: number) => {
        nodes.balancer.only = node;
        const browser = openBrowser(nodes.url);
        const page = await browser.open('/account');

        return browser.submit(page, { email, password }, { follow: false });
      };
      const there: Promise<Page>[] = [];
      for (let count = 0; count < 5; count += 1) there.push(signIn(1));
      await full;

      // It asks again and again whether there is room by now.
      let asked = 0;
      attempts.get = async (id) => {
        asked += 1;
        if (asked === 9) open();

        return get(id);
      };

      expect((await signIn(0)).status).toBe(303);
      expect((await Promise.all(there)).map(({ status }) => status)).toEqual([303, 303, 303, 303, 303]);
    });
  });
}
