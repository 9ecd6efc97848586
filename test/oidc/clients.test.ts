import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { sha256 } from '../../src/domain/ids.ts';
import type { ClientMetadata } from '../../src/domain/client.ts';
import { checkOurMetadata, ourMetadata } from '../../src/oidc/client-metadata.ts';
import type { FormPostView } from '../../src/oidc/pages.ts';
import { appsOf } from './apps.ts';
import type { Apps } from './apps.ts';
import { openWorld, secret } from './world.ts';
import type { World } from './world.ts';

describe('clients', () => {
  let world: World;
  let apps: Apps;

  beforeAll(async () => {
    world = await openWorld();
    apps = appsOf(world);
    world.freeze();

    await world.addClient('wiki', { first_party: true, grant_types: ['authorization_code', 'refresh_token'] });
    await world.addClient('robot', { redirect_uris: [], response_types: [], grant_types: ['client_credentials'] });
    await world.addClient('hybrid', {
      first_party: true,
      response_types: ['code', 'id_token'],
      grant_types: ['authorization_code', 'implicit'],
    });
    await world.addClient('local', {
      first_party: true,
      response_types: ['id_token'],
      grant_types: ['implicit'],
      redirect_uris: ['http://localhost:4000/callback'],
      post_logout_redirect_uris: ['http://localhost:4000'],
    });
    await world.addClient('native', native('http://127.0.0.1/cb'));
    await world.addClient('bare', native('http://localhost'));
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  const native = (uri: string): Partial<ClientMetadata> => ({
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    first_party: true,
    redirect_uris: [uri],
  });

  const machineToken = (given = secret) =>
    apps.post('/oauth/token', { grant_type: 'client_credentials' }, { as: 'robot', secret: given });

  const change = (
    id: string,
    of: (old: Parameters<Parameters<World['records']['clients']['update']>[1]>[0]) => object,
  ) => world.records.clients.update(id, (old) => ({ ...old, ...of(old), version: old.version + 1 }));

  /** Where an authorization request ends: at the app, at a step, or in an error that is shown. */
  async function endOf(clientId: string, of: Record<string, string | undefined>): Promise<string> {
    const { json, url } = await world.browser().go(apps.request(clientId, of));
    const { failure, data, at } = json as { failure?: { code: string }; data?: FormPostView; at?: string };

    const sent = new URLSearchParams(url.search || url.hash.slice(1));
    const posted = data?.fields.find(({ name }) => name === 'error')?.value;

    return failure?.code ?? sent.get('error') ?? posted ?? at ?? url.href;
  }

  test.each([
    'https://wiki.example/cb/',
    'https://wiki.example/cb?x=1',
    'https://WIKI.example/cb',
    'https://wiki.example:443/cb',
    'https://wiki.example/cb#',
    'https://wiki.example/a/../cb',
    'https://wiki.example/%63b',
    'https://u@wiki.example/cb',
    'https://wiki.example/cb ',
    'https://wiki.example/other',
    'javascript:alert(1)',
  ])('S1, S15: %s is another address: an error page, no redirect', async (uri) => {
    expect(await endOf('wiki', { redirect_uri: uri })).toBe('invalid_redirect_uri');
  });

  test('S3: a redirect URI has to be sent', async () => {
    expect(await endOf('wiki', { redirect_uri: undefined })).toBe('invalid_request');
    expect(await endOf('wiki', { redirect_uri: '' })).toBe('invalid_request');
  });

  test('S15: an unknown client is told nothing but that', async () => {
    expect(await endOf('nobody', {})).toBe('invalid_client');
  });

  test('S2: native apps: any port of the loopback address, the same path', async () => {
    expect(await endOf('native', { redirect_uri: 'http://127.0.0.1:50123/cb' })).toBe('sign-in');
    expect(await endOf('native', { redirect_uri: 'http://127.0.0.1:50123/other' })).toBe('invalid_redirect_uri');
    expect(await endOf('native', { redirect_uri: 'http://127.0.0.2:50123/cb' })).toBe('invalid_redirect_uri');
    expect(await endOf('bare', { redirect_uri: 'http://localhost:50123' })).toBe('sign-in');
  });

  test('S11: tokens through the browser and passwords through apps are refused', async () => {
    for (const response_type of ['token', 'id_token token', 'code token']) {
      expect(await endOf('hybrid', { response_type, response_mode: 'form_post' })).toBe('unsupported_response_type');
    }

    expect(await endOf('hybrid', { response_type: 'id_token' })).toBe('invalid_request');
    expect(await endOf('hybrid', { response_type: 'id_token', response_mode: 'form_post' })).toBe('sign-in');

    const { json } = await apps.post(
      '/oauth/token',
      { grant_type: 'password', username: 'a', password: 'b' },
      { as: 'wiki' },
    );
    expect(json['error']).toBe('unsupported_grant_type');
  });

  test('S11: response_type=id_token is for clients that are registered for it, on this computer over http too', async () => {
    const of = { response_type: 'id_token', response_mode: 'form_post' };

    expect(await endOf('wiki', of)).toBe('invalid_request');
    expect(await endOf('local', { ...of, redirect_uri: 'http://localhost:4000/callback' })).toBe('sign-in');
  });

  test('S12: a response mode that the client has no use for is refused', async () => {
    expect(await endOf('wiki', { response_mode: 'fragment' })).toBe('invalid_request');
    expect(await endOf('wiki', { response_mode: 'web_message' })).toBe('unsupported_response_mode');
    expect(await endOf('wiki', { response_mode: 'form_post' })).toBe('sign-in');
  });

  test('a changed secret: the old one works as long as it overlaps', async () => {
    const old = { id: 'old', hash: sha256(secret), createdAt: 0, expiresAt: Date.now() + 60_000 };
    await change('robot', () => ({ secrets: [{ id: 'new', hash: sha256('n'.repeat(43)), createdAt: 1 }, old] }));
    world.wait(4);

    expect((await machineToken()).status).toBe(200);
    expect((await machineToken('n'.repeat(43))).status).toBe(200);

    world.wait(90);
    expect((await machineToken()).json['error']).toBe('invalid_client');
    expect((await machineToken('n'.repeat(43))).status).toBe(200);
    expect(world.events).toContain('client.authentication_failed');

    await change('robot', () => ({ secrets: [{ id: 's', hash: sha256(secret), createdAt: 0 }] }));
    world.wait(4);
  });

  test('a hash from a copy of the database authenticates nobody', async () => {
    expect((await machineToken(sha256(secret))).status).toBe(401);
    expect((await machineToken('')).status).toBe(400);
  });

  test('a disabled client: tokens are dead at the next request, new ones within 5 s, and all come back', async () => {
    const tokens = await apps.tokens('wiki');
    await change('wiki', () => ({ disabled: true }));

    expect((await apps.userinfo(tokens.access_token)).status).toBe(401);
    expect((await apps.refresh('wiki', tokens.refresh_token)).status).not.toBe(200);

    world.wait(5);
    expect((await apps.introspect('wiki', tokens.access_token)).json['error']).toBe('invalid_client');
    expect(await endOf('wiki', {})).toBe('invalid_client');

    await change('wiki', () => ({ disabled: false }));
    world.wait(5);
    expect((await apps.userinfo(tokens.access_token)).status).toBe(200);
  });

  test('a client that was removed: its tokens are inactive, not an error', async () => {
    await world.addClient('gone', { first_party: true });
    const { access_token } = await apps.tokens('gone');
    await world.records.clients.remove('gone');
    world.wait(5);

    expect((await apps.introspect('wiki', access_token)).json).toEqual({ active: false });
    expect((await apps.userinfo(access_token)).status).toBe(401);
  });

  test('a post-logout address that is an origin, with and without its slash', async () => {
    for (const uri of ['http://localhost:4000', 'http://localhost:4000/']) {
      const { url } = await world
        .browser()
        .go(`/oauth/logout?client_id=local&post_logout_redirect_uri=${encodeURIComponent(uri)}`);
      expect(url.origin).toBe('http://localhost:4000');
    }

    const { json } = await world
      .browser()
      .go('/oauth/logout?client_id=local&post_logout_redirect_uri=http://localhost:4000/x');
    expect(json['failure']).toMatchObject({ code: 'invalid_request' });
  });

  test('S41: a machine is nobody', async () => {
    const { json } = await machineToken();

    expect((await apps.introspect('wiki', String(json['access_token']))).json).toEqual({ active: false });
    expect((await apps.userinfo(String(json['access_token']))).status).toBe(401);
  });

  test('S53: what is ours is refused in whatever a request brings', () => {
    for (const name of ourMetadata) {
      expect(() => checkOurMetadata({} as never, name, true, { client_id: 'x' })).toThrow();
      expect(() => checkOurMetadata({} as never, name, undefined, { client_id: 'x' })).not.toThrow();
    }

    expect(() => checkOurMetadata(undefined, 'first_party', 'yes', { client_id: 'x' })).toThrow();
  });

  test('S57: a pairwise client at several hosts needs a list of them', async () => {
    await world.addClient('many', {
      first_party: true,
      subject_type: 'pairwise',
      redirect_uris: ['https://many.example/cb', 'https://more.example/cb'],
    });

    expect(await endOf('many', {})).toBe('invalid_client_metadata');
  });
});
