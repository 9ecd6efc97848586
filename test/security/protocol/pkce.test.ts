import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { answerAt, challenge, openGround, verifier, type Fields, type Ground, type Party } from './ground.ts';

const without = { code_challenge: undefined, code_challenge_method: undefined };

/** PKCE with S256 (RFC 7636) for everybody; an administrator may let a confidential client go without. */
describe('PKCE', () => {
  let ground: Ground;
  let parties: Record<'confidential' | 'public' | 'exempt', Party>;

  beforeAll(async () => {
    ground = await openGround();
    parties = {
      confidential: await ground.party('web', { first_party: true }),
      public: await ground.party('spa', { first_party: true }),
      exempt: await ground.party('web', { first_party: true, require_pkce: false }),
    };
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  const ask = async (who: keyof typeof parties, more: Fields) =>
    answerAt(await ground.browser.open(parties[who].url({ prompt: 'none', ...more })));

  test.each(['confidential', 'public'] as const)('S4: a %s client without code_challenge is refused', async (who) => {
    expect(await ask(who, without)).toMatchObject({ error: 'invalid_request', iss: ground.app.url });
    expect(await ask(who, { ...without, code_challenge: '' })).toMatchObject({ error: 'invalid_request' });
    expect(await ask(who, { code_challenge: undefined })).toMatchObject({ error: 'invalid_request' });
    expect(await ask(who, {})).toHaveProperty('code');
  });

  test('S4: only a confidential client can be let off, and only by its registration', async () => {
    expect(await ask('exempt', without)).toHaveProperty('code');
    expect(await ask('confidential', { ...without, require_pkce: 'false' })).toMatchObject({
      error: 'invalid_request',
    });

    const { clients } = ground.app.services;
    const metadata = { client_name: 'App', redirect_uris: ['https://a.example.com/'], require_pkce: false };

    expect(await clients.create(metadata, { actor: 'command-line' }, { kind: 'spa' })).toMatchObject({ ok: false });
    expect(await clients.create(metadata, { actor: 'command-line' }, { kind: 'native' })).toMatchObject({ ok: false });
  });

  test.each([
    ['plain', 'plain'],
    ['missing, which means plain', undefined],
    ['empty', ''],
    ['in another case', 's256'],
    ['unknown', 'S512'],
    ['padded', 'S256 '],
  ])('S5: a method that is %s is refused, for every client', async (_, method) => {
    for (const who of ['confidential', 'public', 'exempt'] as const) {
      expect(await ask(who, { code_challenge_method: method })).toMatchObject({ error: 'invalid_request' });
    }
  });

  test.each([
    ['too short', 'a'.repeat(42)],
    ['too long', 'a'.repeat(129)],
    ['of other characters', `${'a'.repeat(42)}+`],
  ])('S5: a challenge that is %s is refused', async (_, given) => {
    expect(await ask('public', { code_challenge: given })).toMatchObject({ error: 'invalid_request' });
  });

  test('S6: a verifier without a challenge in the request is refused', async () => {
    const { code } = await parties.exempt.code(ground.browser, without);

    expect(await parties.exempt.redeem(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect((await parties.exempt.redeem(code, { code_verifier: undefined })).status).toBe(200);
  });

  test('S6: a challenge in the request without a verifier is refused, for every client', async () => {
    for (const party of Object.values(parties)) {
      const { code } = await party.code(ground.browser);

      expect(await party.redeem(code, { code_verifier: undefined })).toMatchObject({ status: 400 });
      expect(await party.redeem(code, { code_verifier: '' })).toMatchObject({ status: 400 });
      expect(await party.redeem(code, { code_verifier: challenge })).toMatchObject({ status: 400 });
      expect((await party.redeem(code, { code_verifier: verifier })).status).toBe(200);
    }
  });

  test('S6: discovery offers S256 alone', async () => {
    const { body } = await ground.get('/.well-known/openid-configuration');

    expect(body['code_challenge_methods_supported']).toEqual(['S256']);
  });
});
