import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { openBrowser } from '../../support/browser.ts';
import { describeWith } from '../../support/need.ts';
import { startRedis, type RedisServer } from '../../support/redis.ts';
import { wrong } from '../people/guesses.ts';
import { assertingParty, assertion, newSigner, present } from '../protocol/assertions.ts';
import { through, type Ground, type Party } from '../protocol/ground.ts';
import { isSignedIn } from '../web/visits.ts';
import { ephemeraIn, openRedisGround, stock, type RedisGround } from './redis-ground.ts';

/** F7: all that was in Redis is gone. And worse: what was removed from it is back, as after a fail-over. */
describeWith('redis', 'when all of Redis is lost', () => {
  let server: RedisServer;
  let opened: RedisGround;
  let ground: Ground;
  let wiki: Party;

  beforeAll(async () => {
    server = await startRedis();
    opened = await openRedisGround(ephemeraIn(server));
    ({ ground, wiki } = opened);
  });

  afterAll(async () => {
    await opened[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const lose = () => server.command('FLUSHALL');

  /** Everything as it is now, to be put back: a replica that takes over without the last writes. */
  async function snapshot(): Promise<() => Promise<void>> {
    const keys = (await server.command('KEYS', '*')).split('\n').filter(Boolean);
    const values = await Promise.all(keys.map(async (key) => [key, await server.command('GET', key)] as const));

    return async () => {
      for (const [key, value] of values) await server.command('SET', key, value, 'PX', '600000');
    };
  }

  test('nobody is signed out, and apps need no new consent', async () => {
    const notes = await ground.party('web');
    await through(ground.browser, notes.url());
    await lose();

    expect(await isSignedIn(ground.browser)).toBe(true);
    expect((await ground.browser.get(wiki.url({ prompt: 'none' }))).location).toContain('code=');
    expect((await ground.browser.get(notes.url({ prompt: 'none' }))).location).toContain('code=');
  });

  test('no grant is lost: an app gets a new access token with its refresh token', async () => {
    const { access_token: old, refresh_token: token } = await wiki.tokens(ground.browser);
    await lose();

    expect((await wiki.introspect(old)).body).toEqual({ active: false });
    const { status, body } = await wiki.refresh(token);
    expect(status).toBe(200);
    expect((await ground.userinfo(String(body['access_token']))).status).toBe(200);
  });

  test('an exchanged refresh token is still known: whoever brings it again ends the grant', async () => {
    const { refresh_token: old } = await wiki.tokens(await ground.signedIn(ground.ana));
    const { body } = await wiki.refresh(old);
    await lose();
    ground.app.clock.advance(11_000);

    expect((await wiki.refresh(old)).status).toBe(400);
    expect((await wiki.refresh(String(body['refresh_token']))).status).toBe(400);
  });

  test('S8: a redeemed code stays redeemed, lost or back again', async () => {
    const { code } = await wiki.code(ground.browser);
    const restore = await snapshot();
    expect((await wiki.redeem(code)).status).toBe(200);

    await lose();
    expect((await wiki.redeem(code)).status).toBe(400);

    await restore();
    const results = await Promise.all(Array.from({ length: 50 }, () => wiki.redeem(code)));
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set([400]));
  });

  test('S22: a revoked access token stays revoked when Redis has it back', async () => {
    const machine = await ground.party('machine', { resources: [stock], scope: 'stock:read' });
    const own = await machine.post('/oauth/token', { grant_type: 'client_credentials', resource: stock });
    const { access_token: token } = await wiki.tokens(ground.browser);
    const tokens: [Party, string][] = [
      [wiki, token],
      [machine, String(own.body['access_token'])],
    ];
    const restore = await snapshot();

    for (const [party, one] of tokens) {
      expect((await party.introspect(one)).body['active']).toBe(true);
      expect((await party.revoke(one)).status).toBe(200);
    }

    await restore();
    for (const [party, one] of tokens) expect((await party.introspect(one)).body).toEqual({ active: false });
    expect((await ground.userinfo(token)).status).toBe(401);
  });

  test('S37: a client assertion that was used is refused', async () => {
    const signer = newSigner();
    const machine = await assertingParty(ground, signer);
    const once = assertion(ground, machine.id, signer);
    expect((await present(ground, once)).status).toBe(200);
    await lose();

    expect((await present(ground, once)).status).toBe(401);
  });

  test('S83: wrong passwords are still counted', async () => {
    const ben = await ground.app.account({ email: 'ben@example.com' });
    const attempt = async (password: string) => {
      const browser = openBrowser(ground.app.url);

      return browser.submit(await browser.open('/account'), { email: ben.email, password });
    };

    for (let number = 0; number < 5; number += 1) {
      await attempt(wrong(number));
      await lose();
    }

    const page = await attempt(ben.password);
    expect(page.status).toBe(429);
    expect(Number(page.headers['retry-after'])).toBeGreaterThan(0);
  });

  test('who was in the middle of signing in begins again, and is told how', async () => {
    const browser = openBrowser(ground.app.url);
    const door = await browser.open(wiki.url());
    const { email, password } = ground.ana;
    await lose();
    const page = await browser.submit(door, { email, password });

    expect(page.status).toBeLessThan(500);
    expect(page.words).not.toContain('Something went wrong');
    expect(await isSignedIn(browser)).toBe(false);

    const again = await browser.open(wiki.url());
    const on = await browser.submit(again, { email, password });
    expect(on.location).toContain('code=');
  });
});
