import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { startTestApp, type TestApp } from '../support/app.ts';
import { relyingParty } from '../support/relying-party.ts';

/** What an app is told about a person, and where: userinfo in each of its forms, the ID token, the `claims` parameter. */
describe('what an app is told', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const redirects = { redirect_uris: ['https://app.example.com/cb'], first_party: true };

  const everything = {
    middle_name: 'Maria',
    nickname: 'ana',
    preferred_username: 'ana.l',
    profile: 'https://ana.example.com/about',
    picture: 'https://ana.example.com/me.png',
    website: 'https://ana.example.com/',
    gender: 'female',
    birthdate: '1990-02-28',
    zoneinfo: 'Europe/Stockholm',
    address: { street_address: 'Storgatan 1', postal_code: '111 22', locality: 'Stockholm', country: 'SE' },
  };

  test('every standard claim of OpenID Connect Core 5.1 that the account has, by its scope', async () => {
    const ana = await app.account({ claims: everything });
    const party = await relyingParty(app, await app.client('web', redirects));
    const { tokens } = await party.signIn(ana, { request: { scope: 'openid profile email phone address' } });

    expect(await oidc.fetchUserInfo(party.config, tokens.access_token, ana.id)).toEqual({
      sub: ana.id,
      name: 'Ana Lind',
      given_name: 'Ana',
      family_name: 'Lind',
      locale: 'en',
      updated_at: Math.floor(ana.updatedAt / 1000),
      email: ana.email,
      email_verified: true,
      ...everything,
    });
    expect(tokens.claims()).not.toHaveProperty('email');
  });

  test.each(['GET', 'POST'])('userinfo by %s, as JSON', async (method) => {
    const ana = await app.account();
    const party = await relyingParty(app, await app.client('web', redirects));
    const { tokens } = await party.signIn(ana, { request: { scope: 'openid email' } });

    const response = await oidc.fetchProtectedResource(
      party.config,
      tokens.access_token,
      new URL(party.config.serverMetadata().userinfo_endpoint ?? ''),
      method,
    );

    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({ sub: ana.id, email: ana.email, email_verified: true });
  });

  test('userinfo by POST with the token in the form (RFC 6750 section 2.2)', async () => {
    const ana = await app.account();
    const party = await relyingParty(app, await app.client('web', redirects));
    const { tokens } = await party.signIn(ana, { request: { scope: 'openid' } });

    const response = await fetch(`${app.url}/oauth/userinfo`, {
      method: 'POST',
      body: new URLSearchParams({ access_token: tokens.access_token }),
    });

    expect(await response.json()).toEqual({ sub: ana.id });
  });

  test.each(['RS256', 'ES256'])('userinfo signed with %s, as ID tokens then are too', async (alg) => {
    const ana = await app.account();
    const party = await relyingParty(
      app,
      await app.client('web', {
        ...redirects,
        userinfo_signed_response_alg: alg,
        id_token_signed_response_alg: alg,
      }),
    );
    // Checks signatures against the published keys, as it would for tokens that came by way of the browser.
    oidc.enableNonRepudiationChecks(party.config);
    const { tokens } = await party.signIn(ana, { request: { scope: 'openid email' } });

    expect(await oidc.fetchUserInfo(party.config, tokens.access_token, ana.id)).toMatchObject({
      iss: app.url,
      aud: party.clientId,
      email: ana.email,
    });
  });

  test('single claims by the claims parameter, in the ID token and at userinfo', async () => {
    const ana = await app.account({ claims: everything });
    const party = await relyingParty(app, await app.client('web', { ...redirects, first_party: false }));
    const claims = { id_token: { email: { essential: true }, auth_time: null }, userinfo: { nickname: null } };
    const { tokens } = await party.signIn(ana, { request: { scope: 'openid', claims: JSON.stringify(claims) } });

    expect(tokens.claims()).toMatchObject({ email: ana.email, auth_time: expect.any(Number) });
    expect(tokens.claims()).not.toHaveProperty('nickname');
    expect(await oidc.fetchUserInfo(party.config, tokens.access_token, ana.id)).toEqual({
      sub: ana.id,
      nickname: 'ana',
    });
  });

  test('a client with claims_in_id_token reads e-mail and name there, also after a refresh', async () => {
    const ana = await app.account();
    const party = await relyingParty(app, await app.client('web', { ...redirects, claims_in_id_token: true }));
    const { tokens } = await party.signIn(ana, { request: { scope: 'openid profile email offline_access' } });
    const refreshed = await oidc.refreshTokenGrant(party.config, tokens.refresh_token ?? '');

    for (const claims of [tokens.claims(), refreshed.claims()]) {
      expect(claims).toMatchObject({ email: ana.email, email_verified: true, name: 'Ana Lind' });
    }
  });

  test('pairwise subjects: one a sector, the same in every answer, none of them the account', async () => {
    const ana = await app.account();
    const pairwise = { ...redirects, subject_type: 'pairwise' };
    const [one, same, other] = await Promise.all(
      ['https://a.example.com/cb', 'https://a.example.com/other', 'https://b.example.com/cb'].map(async (uri) =>
        relyingParty(app, await app.client('web', { ...pairwise, redirect_uris: [uri] })),
      ),
    );
    const subjects: (string | undefined)[] = [];

    for (const party of [one, same, other]) {
      if (!party) continue;
      const { tokens } = await party.signIn(ana, { request: { scope: 'openid offline_access' } });
      const subject = tokens.claims()?.sub ?? '';
      subjects.push(subject);

      expect(await oidc.fetchUserInfo(party.config, tokens.access_token, subject)).toEqual({ sub: subject });
      expect((await oidc.refreshTokenGrant(party.config, tokens.refresh_token ?? '')).claims()?.sub).toBe(subject);
      expect(await oidc.tokenIntrospection(party.config, tokens.access_token)).toMatchObject({ sub: subject });
    }

    expect(subjects[0]).toBe(subjects[1]);
    expect(new Set([...subjects, ana.id]).size).toBe(3);
  });
});
