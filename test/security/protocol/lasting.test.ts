import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openBrowser } from '../../support/browser.ts';
import { tickAll } from '../../support/relying-party.ts';
import { assertingParty, assertion, newSigner, present } from './assertions.ts';
import { openGround, type Ground, type Party, type Tokens } from './ground.ts';

const by = { actor: 'command-line' };
const words = (scope: unknown) => String(scope).split(' ').toSorted();

/** What lasts when the rest is lost, and what a change of mind changes at once. */
describe('what was given', () => {
  let ground: Ground;
  let wiki: Party;
  let third: Party;

  beforeAll(async () => {
    ground = await openGround();
    wiki = await ground.party('web', { first_party: true });
    third = await ground.party('web');
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  /** As if the store of what may be lost had been emptied. */
  function loseEphemera() {
    using database = new DatabaseSync(join(ground.app.services.config.data, 'ephemera.db'));

    const tables = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%expires%'")
      .all();

    expect(tables.length).toBeGreaterThan(0);
    for (const { name } of tables) database.exec(`DELETE FROM ${String(name)}`);
  }

  test('S7, S8, S27, S37: what was used stays used when everything that may be lost is lost', async () => {
    const signer = newSigner();
    const machine = await assertingParty(ground, signer);
    const used = assertion(ground, machine.id, signer);
    expect((await present(ground, used)).status).toBe(200);

    const { code } = await wiki.code(ground.browser);
    const first = (await wiki.redeem(code)).body as unknown as Tokens;
    const second = (await wiki.refresh(first.refresh_token)).body as unknown as Tokens;
    const waiting = await wiki.code(ground.browser);

    loseEphemera();

    expect((await present(ground, used)).status).toBe(401);
    expect((await wiki.redeem(code)).status).toBe(400);
    expect((await wiki.redeem(waiting.code)).status).toBe(400);
    expect((await ground.userinfo(second.access_token)).status).toBe(401);

    // Nobody is signed out, and an app goes on with the token that lasts.
    expect((await ground.browser.get('/account/personal-information')).status).toBe(200);
    const third = (await wiki.refresh(second.refresh_token)).body as unknown as Tokens;
    expect((await ground.userinfo(third.access_token)).status).toBe(200);
    expect((await wiki.refresh(first.refresh_token)).status).toBe(400);
    expect((await wiki.refresh(third.refresh_token)).status).toBe(400);
  });

  test('S22: access that is narrowed is narrower at once: userinfo, introspection, and the next refresh', async () => {
    const browser = await ground.signedIn(ground.ana);
    const tokens = await third.tokens(browser);
    expect((await ground.userinfo(tokens.access_token)).body).toMatchObject({ email: ground.ana.email });

    const page = await browser.open(third.url({ prompt: 'consent' }));
    await browser.submit(page, { ...tickAll(page), 'allow scope:email': undefined }, { button: 'Allow' });

    const told = await ground.userinfo(tokens.access_token);
    expect(told.status).toBe(200);
    expect(told.body).not.toHaveProperty('email');
    expect(words((await third.introspect(tokens.access_token)).body['scope'])).not.toContain('email');

    const next = await third.refresh(tokens.refresh_token);
    expect(words(next.body['scope'])).not.toContain('email');
    expect((await ground.userinfo(String(next.body['access_token']))).body).not.toHaveProperty('email');

    // Asking for it by name brings nothing back.
    const wide = await third.refresh(String(next.body['refresh_token']), { scope: 'openid email offline_access' });
    expect(wide).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
  });

  test('S22: who takes back going on while away ends it, and nothing else', async () => {
    const browser = await ground.signedIn(ground.ana);
    const tokens = await third.tokens(browser);

    const page = await browser.open(third.url({ prompt: 'consent' }));
    await browser.submit(page, { ...tickAll(page), 'allow scope:offline_access': undefined }, { button: 'Allow' });

    expect((await third.introspect(tokens.refresh_token)).body).toEqual({ active: false });
    expect(await third.refresh(tokens.refresh_token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect((await ground.userinfo(tokens.access_token)).body).toMatchObject({ sub: ground.ana.id });
  });

  test('S22: a disabled client’s tokens fail at the next request, and it gets none within 5 s', async () => {
    const party = await ground.party('web', { first_party: true });
    const tokens = await party.tokens(ground.browser);
    const { code } = await party.code(ground.browser);

    await ground.app.services.clients.disable(party.id, by);
    expect((await ground.userinfo(tokens.access_token)).status).toBe(401);
    expect((await party.refresh(tokens.refresh_token)).status).toBeGreaterThanOrEqual(400);

    ground.app.clock.advance(5_000);
    expect((await party.redeem(code)).status).toBe(401);
    expect((await party.refresh(tokens.refresh_token)).status).toBe(401);
    expect((await ground.browser.get(party.url())).location).toBeUndefined();
  });

  test.each(['token', 'client_id'])(
    'S24: a doubled %s is refused where tokens are asked about and revoked',
    async (name) => {
      const post = await ground.party('web', { first_party: true, token_endpoint_auth_method: 'client_secret_post' });
      const { refresh_token: token } = await post.tokens(ground.browser);
      const fields = new URLSearchParams({ token, client_id: post.id, client_secret: post.secret ?? '' });
      const doubled = `${fields.toString()}&${name}=${fields.get(name)}`;

      for (const path of ['/oauth/introspect', '/oauth/revoke']) {
        expect(await ground.post(path, doubled)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
      }

      expect((await post.refresh(token)).status).toBe(200);
    },
  );

  test.each([
    'login_hint',
    'ui_locales',
    'acr_values',
    'display',
    'claims_locales',
    'nonce',
    'state',
    'prompt',
    'client_id',
    'error_description',
  ])('S25: what %s says is shown as text or not at all', async (name) => {
    const evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}';
    const page = await openBrowser(ground.app.url).open(wiki.url({ [name]: evil }));

    expect(page.html).not.toMatch(/<script>alert|<img src=x/);
    expect(page.location ?? '').not.toContain('<script');
  });
});
