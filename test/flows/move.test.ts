import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import { fetchUserInfo, refreshTokenGrant, tokenIntrospection } from 'openid-client';

import { newSecret } from '../../src/domain/ids.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import { isSignedIn } from '../security/web/visits.ts';
import { describeStores } from '../storage/stores.ts';
import { startTestApp } from '../support/app.ts';
import { openCommandLine } from '../support/command-line.ts';
import { openHouse } from '../support/records-place.ts';
import { relyingParty } from '../support/relying-party.ts';

for (const { kind: from } of recordsBackends) {
  for (const { kind: to } of recordsBackends.filter(({ kind }) => kind !== from || kind === 'sqlite')) {
    describeStores([from, to], `people and apps, moved from ${from} to ${to}`, () => whatGoesOn(from, to));
  }
}

function whatGoesOn(from: string, to: string): void {
  test('stay signed in, and what they were given goes on', async () => {
    await using line = await openCommandLine();
    await using old = await openHouse(from);
    await using next = await openHouse(to);
    const secret = { GATEHOUSE_SECRETS_ENCRYPTION_KEY: newSecret() };

    await using app = await startTestApp({ env: { ...secret, ...old.env } });
    const ana = await app.account({ email: 'ana@example.com' });
    const wiki = await relyingParty(
      app,
      await app.client('web', { redirect_uris: ['https://wiki.example.net/cb'], scope: 'openid email offline_access' }),
    );
    const request = { scope: 'openid email offline_access', prompt: 'consent' };
    const { browser, tokens } = await wiki.signIn(ana, { request });
    const used = await refreshTokenGrant(wiki.config, tokens.refresh_token ?? '');
    const jwks = await (await fetch(`${app.url}/oauth/jwks`)).json();

    const file = join(line.data, '..', 'new.yaml');
    await writeFile(file, next.yaml);

    // An empty variable is one that is not set.
    const unset = Object.fromEntries(Object.keys(old.env).map((name) => [name, '']));
    await app.restart({ ...unset, ...next.env }, async () => {
      const env = { GATEHOUSE_ISSUER: app.url, ...secret, ...old.env };
      const moved = await line.run(`move --to ${file} --json`, { env });

      expect(moved).toMatchObject({ code: 0 });
      expect(moved.json()).toMatchObject({ collections: { accounts: { rows: 1 }, sessions: { rows: 1 } } });
    });

    expect(await isSignedIn(browser)).toBe(true);

    // Neither a password nor consent is asked for again.
    const departure = await wiki.request({ scope: 'openid email' });
    const { location = '' } = await browser.open(departure.url.href);
    expect(await wiki.redeem(departure, location)).toMatchObject({ token_type: 'bearer' });

    const refreshed = await refreshTokenGrant(wiki.config, used.refresh_token ?? '');
    expect(await fetchUserInfo(wiki.config, refreshed.access_token, ana.id)).toMatchObject({ email: ana.email });
    expect(await (await fetch(`${app.url}/oauth/jwks`)).json()).toEqual(jwks);

    // Access tokens are among what may be lost: the app takes a new one.
    expect(await tokenIntrospection(wiki.config, used.access_token)).toMatchObject({ active: false });

    // What was over stays over: the refresh token that was used before the move is known to be used.
    app.clock.advance(60_000);
    await expect(refreshTokenGrant(wiki.config, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await expect(refreshTokenGrant(wiki.config, refreshed.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  }, 60_000);
}
