import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';

const by = { actor: 'command-line' };

/** What an operator ends while the server runs: the apps hear of it (OpenID Connect Back-Channel Logout 1.0). */
describe('access that an operator ends', () => {
  let app: TestApp;
  let wiki: RelyingParty;
  const told: Record<string, unknown>[] = [];

  const receiver = createServer((request, response) => {
    void text(request).then((body) => {
      const [, claims = ''] = new URLSearchParams(body).get('logout_token')?.split('.') ?? [];
      told.push(JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>);
      response.end();
      receiver.emit('told');
    });
  });

  beforeAll(async () => {
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    app = await startTestApp({ env: { GATEHOUSE_OUTBOUND_ALLOW_PRIVATE: 'true' } });

    const registered = await app.client('web', {
      redirect_uris: ['https://wiki.example.net/cb'],
      first_party: true,
      backchannel_logout_uri: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
      backchannel_logout_session_required: true,
    });
    wiki = await relyingParty(app, registered);
  });

  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    receiver.close();
  });

  async function heard(notices: number): Promise<void> {
    const signal = AbortSignal.timeout(5000);
    while (told.length < notices) await once(receiver, 'told', { signal });
  }

  const endedOf = async (account: Account) => {
    const { events } = await app.services.events.read(account);

    return events.filter(({ kind }) => kind === 'session.ended').map(({ actor, details }) => ({ actor, details }));
  };

  test('disabling an account tells the apps of each of its sessions, and writes each down', async () => {
    const ana = await app.account();
    const ids = [await wiki.signIn(ana), await wiki.signIn(ana)].map(({ tokens }) => tokens.claims()?.['sid']);
    told.length = 0;

    await app.services.locking.lock(ana.id, { reason: 'Lost' }, by);

    await heard(2);
    expect(new Set(told.map(({ sid }) => sid))).toEqual(new Set(ids));
    expect(told[0]).toMatchObject({ iss: app.url, aud: wiki.clientId, sub: ana.id });
    expect(await endedOf(ana)).toEqual(
      Array(2).fill({ actor: 'command-line', details: { reason: 'account_disabled' } }),
    );
  });

  test('so does deleting it, also where the account is gone before the app answers', async () => {
    const ana = await app.account();
    const { tokens } = await wiki.signIn(ana);
    told.length = 0;

    await app.services.accounts.delete(ana.id, by);

    await heard(1);
    expect(told).toMatchObject([{ sub: ana.id, sid: tokens.claims()?.['sid'] }]);
  });
});
