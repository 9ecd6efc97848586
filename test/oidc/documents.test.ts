import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openWorld } from './world.ts';
import type { World } from './world.ts';

const discovery = '/.well-known/openid-configuration';

describe('discovery and the key set', () => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld();
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  /** Asks for the prebuilt answer, as the web does before anything else runs. */
  function fast(
    url: string,
    { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
  ) {
    const request = Object.assign(new IncomingMessage(new Socket()), { url, method, headers });
    const response = new ServerResponse(request);
    let body = '';

    response.end = ((chunk?: Buffer) => {
      body = chunk?.toString() ?? '';
      return response;
    }) as typeof response.end;

    return { answered: world.oidc.fast(request, response), status: response.statusCode, body, response };
  }

  test('are prebuilt, at both well-known places, with what OpenID Connect wants to stand there', () => {
    const { body } = fast(discovery);

    expect(JSON.parse(body)).toMatchObject({
      issuer: world.origin,
      authorization_endpoint: `${world.origin}/oauth/authorize`,
      token_endpoint: `${world.origin}/oauth/token`,
      userinfo_endpoint: `${world.origin}/oauth/userinfo`,
      jwks_uri: `${world.origin}/oauth/jwks`,
      end_session_endpoint: `${world.origin}/oauth/logout`,
      scopes_supported: expect.arrayContaining(['openid', 'offline_access', 'profile', 'email', 'phone', 'address']),
      response_types_supported: ['code', 'id_token', 'none'],
      subject_types_supported: ['public', 'pairwise'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256'],
      acr_values_supported: ['urn:gatehouse:acr:1', 'urn:gatehouse:acr:2'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      backchannel_logout_supported: true,
      request_uri_parameter_supported: false,
    });
    expect(fast('/.well-known/oauth-authorization-server').body).toBe(body);
  });

  test('S58: are the same under every Host, forwarded header and target, prebuilt or not', async () => {
    const { body } = fast(discovery, { headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' } });
    expect(body).not.toContain('evil.example');

    for (const headers of [
      { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
      { forwarded: 'host=evil.example' },
    ]) {
      const answer = await fetch(`${world.origin}${discovery}?a`, { headers });
      const { acr_values_supported: _, ...rest } = JSON.parse(await answer.text()) as Record<string, unknown>;
      expect(JSON.parse(body)).toMatchObject(rest);
    }
  });

  test('hold no private part of a key', () => {
    const { keys } = JSON.parse(fast('/oauth/jwks').body) as { keys: Record<string, unknown>[] };

    expect(keys.map(({ alg, use }) => [alg, use])).toEqual([
      ['RS256', 'sig'],
      ['ES256', 'sig'],
    ]);
    expect(keys.flatMap(Object.keys).filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].includes(name))).toEqual(
      [],
    );
  });

  test('may be kept for a while, and are not sent again to who has them', () => {
    const { response } = fast(discovery);
    expect(response.statusCode).toBe(200);

    expect(fast(discovery, { headers: { 'if-none-match': '"another"' } }).status).toBe(200);
    expect(fast(discovery, { headers: { 'if-none-match': '*' } })).toMatchObject({ status: 304, body: '' });
    expect(fast(discovery, { method: 'HEAD' })).toMatchObject({ answered: true, body: '' });
  });

  test('S110: every page may read them', () => {
    const preflight = fast('/oauth/jwks', { method: 'OPTIONS', headers: { origin: 'https://any.example' } });

    expect([preflight.answered, preflight.status]).toEqual([true, 204]);
  });

  test('a query changes nothing', () => {
    expect(fast(`${discovery}?v=2`)).toEqual(expect.objectContaining({ answered: true, body: fast(discovery).body }));
    expect(fast('/oauth/jwks?').answered).toBe(true);
  });

  test('nothing else is answered so', () => {
    expect(fast('/oauth/token').answered).toBe(false);
    expect(fast(discovery, { method: 'POST' }).answered).toBe(false);
  });
});
