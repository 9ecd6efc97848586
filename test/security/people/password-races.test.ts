import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { openBrowser } from '../../support/browser.ts';
import { describeWith } from '../../support/need.ts';
import { startNodes, type Nodes } from '../../support/nodes.ts';
import { needsOf, eachStore } from '../../support/storage.ts';
import { enter, isSignedIn, unlimited } from '../web/visits.ts';

/** `npm run races` plays a thousand. */
const rounds = Number(process.env['GATEHOUSE_TEST_RACE_ROUNDS'] ?? 2);
const longest = 60_000 + rounds * 5_000;
const path = '/account/sign-in-and-security';
const next = 'nine herons judge the moor';

for (const pair of eachStore) {
  describeWith(needsOf(pair), `F13: a change of password among twenty sign-ins, on two nodes on ${pair}`, () => {
    let nodes: Nodes;

    beforeAll(async () => {
      nodes = await startNodes({ pair, env: unlimited });
    });

    afterAll(() => nodes[Symbol.asyncDispose]());

    test(
      'S70: no session that the old password began is there once the change was acknowledged',
      async () => {
        for (let round = 0; round < rounds; round += 1) {
          const ana = await nodes.account({ email: `racer-${round}@example.com` });
          const own = openBrowser(nodes.url);
          await enter(own, ana);
          const form = await own.open(path);

          const browsers = Array.from({ length: 20 }, () => openBrowser(nodes.url));
          const doors = await Promise.all(browsers.map((browser) => browser.open('/account')));
          const { email, password } = ana;

          const [changed] = await Promise.all([
            own.submit(
              form,
              { currentPassword: password, newPassword: next, confirmPassword: next },
              { form: path, follow: false },
            ),
            ...browsers.map(async (browser, n) => {
              const door = doors[n];
              // Whatever becomes of it: refused, led back, or let in and out again.
              if (door) await browser.submit(door, { email, password }).catch(() => undefined);
            }),
          ]);

          // A store that a busy machine keeps waiting answers 503: nothing was acknowledged.
          expect([303, 503]).toContain(changed.status);
          if (changed.status === 503) continue;

          expect((await Promise.all(browsers.map(isSignedIn))).filter(Boolean)).toEqual([]);
          expect(await isSignedIn(own)).toBe(true);
          expect(await nodes.first.services.records.sessions.count('account', ana.id)).toBe(1);
        }
      },
      longest,
    );
  });
}
