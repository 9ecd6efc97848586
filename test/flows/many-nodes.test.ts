import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { openBrowser } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { startNodes, type Nodes } from '../support/nodes.ts';
import { relyingParty, walkThrough, type RelyingParty } from '../support/relying-party.ts';
import { needsOf, type Pair } from '../support/storage.ts';

const by = { actor: 'command-line' };
const scope = 'openid profile email offline_access';

/** The embedded stores, and those that many nodes are for. */
const shown: readonly Pair[] = ['sqlite', 'mongo+redis'];

/** What one node is told, the others know: nothing that matters is in a process alone. */
for (const pair of shown) {
  describeWith(needsOf(pair), `two nodes on ${pair}`, () => {
    let nodes: Nodes;
    let wiki: RelyingParty;

    beforeAll(async () => {
      nodes = await startNodes({ pair });
      wiki = await relyingParty(
        nodes,
        await nodes.client('web', {
          redirect_uris: ['https://wiki.example.net/cb'],
          grant_types: ['authorization_code', 'refresh_token'],
          scope,
        }),
      );
    });

    afterAll(() => nodes[Symbol.asyncDispose]());

    const on = (node: number | undefined) => {
      nodes.balancer.only = node;
    };

    async function signedIn(email: string) {
      on(undefined);
      const ana = await nodes.account({ email });

      return { ana, ...(await wiki.signIn(ana, { request: { scope } })) };
    }

    test.each([0, 1])('a sign-in whose steps go to each node in turn, first to %i, ends in tokens', async (first) => {
      on(undefined);
      const browser = openBrowser(nodes.url);
      if (first === 1) await browser.get('/healthz');

      const { ana, tokens } = await signedIn(`turns${first}@example.com`);

      expect(tokens.claims()?.sub).toBe(ana.id);
      expect(nodes.all.map(({ log }) => log.some((line) => line.includes('/sign-in/')))).toEqual([true, true]);
    });

    test('a form that one node showed is taken by the other, with its token, its cookies and what was typed', async () => {
      const { browser } = await signedIn('form@example.com');

      on(0);
      const page = await browser.open('/account/personal-information');
      on(1);
      const saved = await browser.submit(page, { displayName: 'Ana of two' });

      expect(saved.status).toBe(200);
      expect(saved.words).toContain('Your changes are saved.');

      on(0);
      expect((await browser.open('/account/personal-information')).html).toContain('Ana of two');
    });

    test('a session that ends on one node is over on the other at the next request, with its tokens', async () => {
      const { ana, browser, tokens } = await signedIn('session@example.com');
      const sub = ana.id;

      on(1);
      expect((await browser.open('/account/personal-information')).title).toContain('Personal information');
      await oidc.fetchUserInfo(wiki.config, tokens.access_token, sub);

      const { rows } = await nodes.first.services.records.sessions.list('account', sub);
      for (const { id } of rows) await nodes.first.services.endings.session(id, { offline: true });

      expect((await browser.open('/account/personal-information')).title).toContain('Sign in');
      await expect(oidc.fetchUserInfo(wiki.config, tokens.access_token, sub)).rejects.toMatchObject({ status: 401 });
      await expect(oidc.refreshTokenGrant(wiki.config, tokens.refresh_token ?? '')).rejects.toMatchObject({
        error: 'invalid_grant',
      });
    });

    test('a grant that is revoked on one node is worth nothing on the other', async () => {
      const { ana, tokens } = await signedIn('grant@example.com');

      on(1);
      await oidc.fetchUserInfo(wiki.config, tokens.access_token, ana.id);
      on(0);
      await oidc.tokenRevocation(wiki.config, tokens.refresh_token ?? '');
      on(1);

      await expect(oidc.fetchUserInfo(wiki.config, tokens.access_token, ana.id)).rejects.toMatchObject({ status: 401 });
    });

    test('a password that is changed, or an account that is disabled, is so on the other node at once', async () => {
      const { ana, browser } = await signedIn('account@example.com');

      on(1);
      await browser.open('/account/personal-information');
      await nodes.first.services.locking.lock(ana.id, { reason: 'Lost' }, by);

      expect((await browser.open('/account/personal-information')).title).toContain('Sign in');
      const stranger = openBrowser(nodes.url);
      const refused = await stranger.submit(await stranger.open('/account'), {
        email: ana.email,
        password: ana.password,
      });
      expect(refused.status).toBe(403);
    });

    test('a client that is changed or disabled on one node is so on the other within 5 s', async () => {
      const registered = await nodes.client('machine', { token_endpoint_auth_method: 'client_secret_post' });
      const job = await relyingParty(nodes, registered);
      const { id } = registered.client;
      const ask = () => oidc.clientCredentialsGrant(job.config);

      on(1);
      const { access_token: token } = await ask();

      await nodes.first.services.clients.disable(id, by);
      nodes.clock.advance(5_000);
      await expect(ask()).rejects.toMatchObject({ error: 'invalid_client' });

      await nodes.first.services.clients.enable(id, by);
      nodes.clock.advance(5_000);
      expect(await ask()).toHaveProperty('access_token');

      await nodes.first.services.clients.rotateSecret(id, 0, by);
      nodes.clock.advance(5_000);
      await expect(ask()).rejects.toMatchObject({ error: 'invalid_client' });
      expect(token).toBeDefined();
    });
  });
}

test('each node shows a link to make the first administrator, and its own sample app gets in', async () => {
  await using nodes = await startNodes({ env: { GATEHOUSE_DEMO_ENABLED: 'true' } });
  const links = nodes.all.map(({ setupUrl }) => setupUrl ?? '');
  const browser = openBrowser(nodes.url);

  expect(new Set(links).size).toBe(2);
  for (const link of links) expect((await browser.open(link)).status).toBe(200);

  const ana = await nodes.account();

  for (const { demoUrl = '' } of nodes.all) {
    const app = openBrowser(demoUrl);
    const left = await app.submit(await app.open('/'));
    const arrivedAt = await walkThrough(browser, await browser.open(left.location ?? ''), ana);

    expect((await app.open(arrivedAt)).words).toContain(ana.id);
  }
});

test('a node with cookie keys of its own is refused in words, before it serves or writes anything', async () => {
  await using nodes = await startNodes({ count: 1 });
  const env = { GATEHOUSE_SECRETS_COOKIE_KEYS: 'another-cookie-key-0123456789abcdefghij' };

  await expect(nodes.add(env)).rejects.toThrow('Another node is running with a different secrets.cookie_keys');
  expect((await openBrowser(nodes.url).open('/account')).status).toBe(200);
});

test('a node with another encryption key is refused in words', async () => {
  await using nodes = await startNodes({ count: 1 });
  const env = { GATEHOUSE_SECRETS_ENCRYPTION_KEY: randomBytes(32).toString('base64url') };

  await expect(nodes.add(env)).rejects.toThrow('What is secret in this database was sealed under the key');
});

test('a new encryption key goes from node to node: known to all first, then in use', async () => {
  const [old, fresh] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')];
  const knowing = {
    GATEHOUSE_SECRETS_ENCRYPTION_KEY: old,
    GATEHOUSE_SECRETS_FORMER_ENCRYPTION_KEYS: `${fresh},${old}`,
  };
  await using nodes = await startNodes({ env: knowing });
  await nodes.add({ GATEHOUSE_SECRETS_ENCRYPTION_KEY: fresh, GATEHOUSE_SECRETS_FORMER_ENCRYPTION_KEYS: old });

  const ana = await nodes.account();
  const registered = await nodes.client('web', { redirect_uris: ['https://wiki.example.net/cb'] });
  const wiki = await relyingParty(nodes, registered);
  // What the new node seals, the others open.
  await nodes.all[2]?.services.signingKeys.replace({ actor: 'command-line' });
  await nodes.first.oidc.checkKeys();

  expect((await wiki.signIn(ana)).tokens.claims()?.sub).toBe(ana.id);
});
