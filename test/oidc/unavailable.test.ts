import { afterEach, afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { Unavailable } from '../../src/domain/errors.ts';
import { appsOf } from './apps.ts';
import type { Apps } from './apps.ts';
import { intercepted } from './between.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

/** S115: with a store that does not answer, nothing is allowed that it should have been asked about. */
describe('a store that does not answer', () => {
  let world: World;
  let apps: Apps;

  /** How many calls still go through before every one fails. */
  let left = Infinity;

  beforeAll(async () => {
    world = await openWorld({}, (store) =>
      intercepted(store, async (run) => {
        left -= 1;
        if (left < 0) throw new Unavailable('away');

        return run();
      }),
    );
    apps = appsOf(world);
    await world.addClient('wiki', { first_party: true, grant_types: ['authorization_code', 'refresh_token'] });
  });

  afterEach(() => {
    left = Infinity;
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  const away = (answer: { status: number; json: Record<string, unknown>; headers: Headers }) => [
    answer.status,
    answer.json['error'],
    answer.headers.get('retry-after'),
  ];
  const refused = [503, 'temporarily_unavailable', '2'];

  /** Runs `work` with the store failing at its first call, its second, … until it is not called that often any more. */
  async function atEveryPoint(work: () => Promise<{ status: number }>, check: (answer: never) => Promise<void> | void) {
    for (let calls = 0; ; calls += 1) {
      left = calls;
      const answer = await work();
      const failed = left < 0;
      left = Infinity;

      if (!failed) return calls;

      await check(answer as never);
    }
  }

  test('S115: userinfo and introspection answer 503, whichever of their questions is not answered', async () => {
    const { access_token } = await apps.tokens('wiki');

    expect(
      await atEveryPoint(
        () => apps.userinfo(access_token),
        (one) => expect(away(one)).toEqual(refused),
      ),
    ).toBeGreaterThan(2);
    await atEveryPoint(
      () => apps.introspect('wiki', access_token),
      (one) => expect(away(one)).toEqual(refused),
    );
  });

  test('S115: a refresh that fails half-way can be tried again, and gives tokens once', async () => {
    let { refresh_token: token } = await apps.tokens('wiki');
    world.freeze();

    await atEveryPoint(
      async () => {
        const answer = await apps.refresh('wiki', token);
        if (answer.status === 200) token = String(answer.json['refresh_token']);

        return answer;
      },
      (one) => {
        expect(away(one)).toEqual(refused);
        world.wait(3);
      },
    );

    world.wait(3);
    expect((await apps.refresh('wiki', token)).status).toBe(200);
  });

  test('S115: a code is redeemed or not, never said to be', async () => {
    await atEveryPoint(
      async () => {
        const calls = left;
        left = Infinity;
        const code = await apps.code('wiki');
        left = calls;

        return apps.redeem('wiki', code);
      },
      (one) => expect(away(one)).toEqual(refused),
    );
  });

  test('S115: nobody is signed in, and no cookie promises it', async () => {
    const browser = world.browser();
    await apps.code('wiki', { browser });
    const path = apps.request('wiki', { prompt: 'none' });
    world.wait(61);

    const points = await atEveryPoint(
      async () => {
        const headers = { cookie: await browser.jar.getCookieString(world.origin) };
        return fetch(world.origin + path, { redirect: 'manual', headers });
      },
      (one: Response) => {
        expect(one.status).not.toBe(303);
        expect(one.headers.getSetCookie()).toEqual([]);
        expect(world.errors.at(-1)).toBeInstanceOf(Unavailable);
      },
    );

    expect(points).toBeGreaterThan(2);
  });
});
