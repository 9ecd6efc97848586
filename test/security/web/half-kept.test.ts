import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { openBrowser } from '../../support/browser.ts';
import { createOutage } from '../../support/outage.ts';
import { openGround, type Ground, type Party } from '../protocol/ground.ts';
import { isSignedIn, sessionsOf } from './visits.ts';

/** A request writes to two stores at once, and one of them fails: whoever was told so finds everything as it was. */
describe('S115: when records keep their half and ephemera do not', () => {
  const outage = createOutage();
  let ground: Ground;
  let wiki: Party;

  beforeAll(async () => {
    ground = await openGround({ aroundStores: outage.around });
    wiki = await ground.party('web', { first_party: true });
  });

  afterEach(() => outage.mend());

  afterAll(() => ground[Symbol.asyncDispose]());

  const families = async () => {
    const { records } = ground.app.services;

    return records.refreshFamilies.count('account', ground.ana.id);
  };

  test('a code is not redeemed, and nothing is left of the try', async () => {
    const { code } = await wiki.code(ground.browser);
    const before = await families();

    outage.take('ephemera.put');
    expect((await wiki.redeem(code)).status).toBe(503);
    expect(await families()).toBe(before);
    ground.app.clock.advance(6_000);
    expect((await wiki.redeem(code)).status).toBe(503);
    outage.mend();

    expect((await wiki.redeem(code)).status).toBe(200);
    expect((await wiki.redeem(code)).status).toBe(400);
    expect(await families()).toBe(before + 1);
  });

  test('a refresh token is not exchanged, however long it lasts, and is exchanged once afterwards', async () => {
    const { refresh_token: token } = await wiki.tokens(ground.browser);

    outage.take('ephemera.put');
    for (let times = 0; times < 3; times += 1) {
      expect((await wiki.refresh(token)).status).toBe(503);
      ground.app.clock.advance(11_000);
    }
    outage.mend();

    const { status, body } = await wiki.refresh(token);
    expect(status).toBe(200);
    expect((await wiki.refresh(String(body['refresh_token']))).status).toBe(200);
  });

  test('of fifty at once, each of which fails, nothing is left; then one of fifty succeeds', async () => {
    const { code } = await wiki.code(ground.browser);
    const fifty = async () =>
      (await Promise.all(Array.from({ length: 50 }, () => wiki.redeem(code)))).map(({ status }) => status);

    outage.take('ephemera.put');
    for (const status of await fifty()) expect([400, 503]).toContain(status);
    outage.mend();

    expect((await fifty()).filter((status) => status === 200)).toHaveLength(1);
  });

  test('somebody who proves again who they are is still signed in', async () => {
    const browser = await ground.signedIn(ground.ana);
    const door = await browser.open(wiki.url({ prompt: 'login' }));
    const { email, password } = ground.ana;
    const on = await browser.submit(door, { email, password }, { follow: false });

    outage.take('ephemera.put', 'ephemera.remove');
    const page = await browser.get(String(on.location));
    outage.mend();

    expect(page.status).toBe(503);
    expect(page.headers['set-cookie']).toBeUndefined();
    expect(await isSignedIn(browser)).toBe(true);
    expect((await browser.get(String(on.location))).location).toContain('code=');
    expect(await isSignedIn(browser)).toBe(true);
  });

  test('nobody has a session that no browser knows', async () => {
    const before = await sessionsOf(ground.app, ground.ana.id);
    const browser = openBrowser(ground.app.url);
    const door = await browser.open(wiki.url());
    const { email, password } = ground.ana;
    const on = await browser.submit(door, { email, password }, { follow: false });

    outage.take('ephemera.put', 'ephemera.remove');
    expect((await browser.get(String(on.location))).status).toBe(503);
    outage.mend();

    expect(await sessionsOf(ground.app, ground.ana.id)).toBe(before);
    expect((await browser.get(String(on.location))).location).toContain('code=');
    expect(await sessionsOf(ground.app, ground.ana.id)).toBe(before + 1);
  });

  test('what was ended stays ended', async () => {
    const browser = await ground.signedIn(ground.ana);
    const { access_token: token, refresh_token: refresh } = await wiki.tokens(browser);

    outage.take('ephemera.remove');
    await wiki.revoke(refresh);
    await wiki.revoke(token);
    outage.mend();

    expect((await wiki.refresh(refresh)).status).toBe(400);
    expect((await ground.userinfo(token)).status).toBe(401);
  });
});
