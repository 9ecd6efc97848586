import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { basic, openGround, type Ground, type Party } from './ground.ts';

/** A confidential client proves itself wherever it asks for something. */
describe('a client without its proof', () => {
  let ground: Ground;
  let wiki: Party;
  let other: Party;

  beforeAll(async () => {
    ground = await openGround();
    wiki = await ground.party('web', { first_party: true });
    other = await ground.party('web', { first_party: true });
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  const proofs: [string, (party: Party) => [Record<string, string>, Record<string, string>]][] = [
    ['nothing but its name', ({ id }) => [{ client_id: id }, {}]],
    ['an empty secret', ({ id }) => [{ client_id: id, client_secret: '' }, {}]],
    ['an empty secret in the header', ({ id }) => [{}, { authorization: basic(id, '') }]],
    ['a wrong secret', ({ id }) => [{}, { authorization: basic(id, 'wrong') }]],
    ['the secret’s beginning', ({ id, secret = '' }) => [{}, { authorization: basic(id, secret.slice(0, -1)) }]],
    ['the secret and more', ({ id, secret = '' }) => [{}, { authorization: basic(id, `${secret}A`) }]],
    ['its own name as secret', ({ id }) => [{}, { authorization: basic(id, id) }]],
    ['two ways at once', ({ id, secret = '' }) => [{ client_secret: secret }, { authorization: basic(id, secret) }]],
    ['another’s name in the body', ({ id, secret }) => [{ client_id: other.id }, { authorization: basic(id, secret) }]],
    ['a header that is cut', () => [{}, { authorization: 'Basic' }]],
    ['a header that is no base64', () => [{}, { authorization: 'Basic %%%' }]],
  ];

  test.each(proofs)('S39: is refused with %s', async (_, prove) => {
    const { code } = await wiki.code(ground.browser);
    const tokens = await wiki.tokens(ground.browser);
    const [fields, headers] = prove(wiki);
    const requests: [string, Record<string, string>][] = [
      ['/oauth/token', { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }],
      ['/oauth/token', { grant_type: 'authorization_code', code, redirect_uri: wiki.redirectUri }],
      ['/oauth/token', { grant_type: 'client_credentials' }],
      ['/oauth/introspect', { token: tokens.access_token }],
      ['/oauth/revoke', { token: tokens.refresh_token }],
    ];

    for (const [path, body] of requests) {
      const answer = await ground.post(path, { ...body, ...fields }, headers);

      expect([400, 401]).toContain(answer.status);
      expect(answer.body['error']).toMatch(/^invalid_(client|request)$/);
    }

    expect((await ground.userinfo(tokens.access_token)).status).toBe(200);
    expect((await wiki.refresh(tokens.refresh_token)).status).toBe(200);
    expect((await wiki.redeem(code)).status).toBe(200);
  });

  test('S39: is not told whether it exists', async () => {
    const unknown = await ground.post(
      '/oauth/token',
      { grant_type: 'refresh_token' },
      { authorization: basic('x', 'y') },
    );
    const wrong = await ground.post(
      '/oauth/token',
      { grant_type: 'refresh_token' },
      { authorization: basic(wiki.id, 'y') },
    );

    expect(unknown).toMatchObject({ status: 401, body: wrong.body });
  });

  test('S44: its secret has 256 bits, works, and stands nowhere but in the answer that made it', async () => {
    const party = await ground.party('web', { first_party: true, token_endpoint_auth_method: 'client_secret_post' });
    const secret = party.secret ?? '';
    const hash = createHash('sha256').update(secret).digest('base64url');

    expect(secret).toMatch(/^[\w-]{43}$/);
    const { refresh_token: token } = await party.tokens(ground.browser);
    expect((await party.refresh(token)).status).toBe(200);
    await ground.post(
      '/oauth/token',
      { grant_type: 'refresh_token' },
      { authorization: basic(party.id, `${secret}x`) },
    );
    await ground.get(`/oauth/authorize?client_id=${party.id}&client_secret=${secret}`);

    const { services, log } = ground.app;
    const { rows } = await services.records.events.list('time', 'all', { descending: true, limit: 50 });
    const shown = JSON.stringify([await services.clients.show(party.id), rows, log]);
    const files = await readdir(services.config.data, { recursive: true, withFileTypes: true });
    const kept = files
      .filter((one) => one.isFile())
      .map((one) => readFileSync(join(one.parentPath, one.name), 'latin1'));

    expect(kept.join('')).toContain(hash);
    expect(shown + kept.join('')).not.toContain(secret);
    expect((await party.post('/oauth/token', { grant_type: 'refresh_token', client_secret: hash })).status).toBe(401);
  });
});
