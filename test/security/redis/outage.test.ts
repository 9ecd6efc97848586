import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openBrowser, type Browser, type Page } from '../../support/browser.ts';
import { describeWith } from '../../support/need.ts';
import { startRedis, type RedisServer } from '../../support/redis.ts';
import { within } from '../../support/within.ts';
import type { Answer, Ground, Party, Tokens } from '../protocol/ground.ts';
import { ephemeraIn, openRedisGround, orders, stock, type RedisGround } from './redis-ground.ts';

interface Outcome {
  status: number;
  retryAfter: string | undefined;
}

/** Each begins while all is well, and is finished while Redis is away. */
type Begun = () => Promise<() => Promise<Page | Answer>>;

describeWith('redis', 'while Redis is away', () => {
  let server: RedisServer;
  let opened: RedisGround;
  let ground: Ground;
  let wiki: Party;
  let shop: Party;
  let machine: Party;
  let ana: Browser;
  let tokens: Tokens;

  beforeAll(async () => {
    server = await startRedis({ settings: ['--appendonly', 'yes'] });
    opened = await openRedisGround(ephemeraIn(server));
    ({ ground, wiki, shop } = opened);
    ana = ground.browser;
    tokens = await wiki.tokens(ana);
    machine = await ground.party('machine', { resources: [orders, stock], scope: 'orders:read stock:read' });
  });

  afterAll(async () => {
    await opened[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const asMachine = (resource: string) => machine.post('/oauth/token', { grant_type: 'client_credentials', resource });

  const needIt: [string, Begun][] = [
    ['beginning to sign in', async () => async () => openBrowser(ground.app.url).get(wiki.url())],
    ['beginning to sign in to the console', async () => async () => openBrowser(ground.app.url).open('/account')],
    [
      'signing in',
      async () => {
        const browser = openBrowser(ground.app.url);
        const door = await browser.open('/account');

        return () =>
          browser.submit(door, { email: ground.ana.email, password: ground.ana.password }, { follow: false });
      },
    ],
    [
      'going on after the sign-in',
      async () => {
        const browser = openBrowser(ground.app.url);
        const door = await browser.open(wiki.url());
        const { email, password } = ground.ana;
        const on = await browser.submit(door, { email, password }, { follow: false });

        return () => browser.get(String(on.location));
      },
    ],
    ['an authorization request of somebody who is signed in', async () => () => ana.get(wiki.url())],
    ['one that must be silent', async () => () => ana.get(wiki.url({ prompt: 'none' }))],
    [
      'redeeming a code',
      async () => {
        const { code } = await wiki.code(ana);

        return () => wiki.redeem(code);
      },
    ],
    [
      'refreshing an opaque token',
      async () => {
        const { refresh_token: token } = await wiki.tokens(ana);

        return () => wiki.refresh(token);
      },
    ],
    ['an opaque token for a machine', async () => () => asMachine(stock)],
    ['introspection of an opaque token', async () => () => wiki.introspect(tokens.access_token)],
    ['userinfo', async () => () => ground.userinfo(tokens.access_token)],
    [
      'revocation of an opaque token',
      async () => {
        const { access_token: token } = await wiki.tokens(ana);

        return () => wiki.revoke(token);
      },
    ],
    ['asking to sign out', async () => () => ana.get('/oauth/logout')],
  ];

  const doNot: [string, Begun][] = [
    ['discovery', async () => () => ground.get('/.well-known/openid-configuration')],
    ['the keys', async () => () => ground.get('/oauth/jwks')],
    ['that the process answers', async () => () => ground.get('/healthz')],
    ['that the node is ready', async () => () => ground.get('/readyz')],
    ['style and script', async () => () => ground.get('/assets/style.css')],
    ['a page of the console', async () => () => ana.get('/account/personal-information')],
    [
      'a change in the console',
      async () => {
        const profile = await ana.open('/account/personal-information');

        return () => ana.submit(profile, { displayName: 'Changed' });
      },
    ],
    [
      'signing out of the console',
      async () => {
        const browser = await ground.signedIn(ground.ana);
        const profile = await browser.open('/account/personal-information');

        return () => browser.submit(profile, {}, { form: '/account/sign-out' });
      },
    ],
    [
      'refreshing a JWT',
      async () => {
        const { refresh_token: token } = await shop.tokens(ana, {
          resource: orders,
          scope: 'openid offline_access orders:read',
        });

        return () => shop.refresh(token, { resource: orders });
      },
    ],
    ['a JWT for a machine', async () => () => asMachine(orders)],
    ['introspection of a refresh token', async () => () => wiki.introspect(tokens.refresh_token)],
    [
      'revocation of a refresh token',
      async () => {
        // The grant ends with it.
        const { refresh_token: token } = await wiki.tokens(await ground.signedIn(ground.ana));

        return () => wiki.revoke(token);
      },
    ],
  ];

  describe.each([
    ['killed', () => server.kill(), () => server.start()],
    ['frozen', async () => server.freeze(), async () => server.thaw()],
  ])('%s', (_how, away, back) => {
    /** Redis goes, the work is done, Redis is back: and so is Gatehouse, within 5 s. */
    async function meanwhile<T>(work: () => Promise<T>): Promise<T> {
      await away();

      try {
        return await work();
      } finally {
        await back();
        await within(
          5_000,
          // Counted there before it is refused.
          () => ground.get('/oauth/authorize?client_id=nobody'),
          ({ status }) => status === 400,
        );
      }
    }

    async function whileAway(begun: Begun): Promise<{ outcome: Outcome; took: number; text: string }> {
      const finish = await begun();

      return meanwhile(async () => {
        const started = performance.now();
        const answer = await finish();

        return {
          took: performance.now() - started,
          outcome: { status: answer.status, retryAfter: answer.headers['retry-after'] },
          text: 'text' in answer ? answer.text : answer.html,
        };
      });
    }

    test.each(needIt)(
      'S115: %s is 503 with the time to try again, soon, and works within 5 s of its return',
      async (_what, begun) => {
        const { outcome, took, text } = await whileAway(begun);

        expect(outcome).toEqual({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) });
        expect(took).toBeLessThan(2_000);
        expect(text).not.toMatch(/"active"|access_token|Redis|ECONNREFUSED|127\.0\.0\.1/);

        const later = await (await begun())();
        expect(later.status).toBeLessThan(400);
      },
    );

    test.each(doNot)('%s goes on', async (_what, begun) => {
      const { outcome, took } = await whileAway(begun);

      expect(outcome.status).toBe(200);
      expect(took).toBeLessThan(2_000);
    });

    test('S115: an app that goes on trying to refresh all the while has its grant afterwards, and its token works once', async () => {
      const { refresh_token: token } = await wiki.tokens(ana);

      await meanwhile(async () => {
        for (let times = 0; times < 4; times += 1) {
          expect((await wiki.refresh(token)).status).toBe(503);
          ground.app.clock.advance(11_000);
        }
      });

      const answer = await wiki.refresh(token);
      expect(answer.status).toBe(200);
      expect((await ground.userinfo(String(answer.body['access_token']))).status).toBe(200);
      expect((await wiki.refresh(token)).status).toBe(400);
    });

    test('S115: a code that could not be redeemed can be, as long as it lives, and then no more', async () => {
      const { code } = await wiki.code(ana);

      await meanwhile(async () => {
        for (let times = 0; times < 3; times += 1) {
          expect((await wiki.redeem(code)).status).toBe(503);
          ground.app.clock.advance(6_000);
        }
      });

      const answer = await wiki.redeem(code);
      expect(answer.status).toBe(200);
      expect((await ground.userinfo(String(answer.body['access_token']))).status).toBe(200);
      expect((await wiki.redeem(code)).status).toBe(400);
    });
  });
});
