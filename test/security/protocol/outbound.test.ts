import { hostname, networkInterfaces } from 'node:os';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { assertion, newSigner, present } from './assertions.ts';
import { openCanary, watchDialling, type Canary } from './canary.ts';
import { openGround, type Answer, type Ground } from './ground.ts';

/** Every way to say "this machine", and names that stand for it. */
const here = [
  '127.0.0.1',
  '127.0.0.2',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '127.0.0.1.',
  '0.0.0.0',
  '0',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:0:0]',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'canary.localhost',
  hostname(),
  ...Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ scopeid = 0, address }) => scopeid === 0 && isInside(address))
    .map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address)),
];

/** Where no canary of ours can sit. */
const inside = [
  '10.0.0.1',
  '172.16.0.1',
  '192.168.0.1',
  '100.64.0.1',
  '169.254.169.254',
  '2852039166',
  '[::ffff:169.254.169.254]',
  '[fe80::1]',
  '[fd00::1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '[ff02::1]',
  '224.0.0.1',
  '255.255.255.255',
  '198.18.0.1',
];

/** Nothing that a client names makes us knock on a door inside. */
describe('server-side requests', () => {
  const signer = newSigner();
  let ground: Ground;
  let canary: Canary;

  beforeAll(async () => {
    ground = await openGround({ env: { GATEHOUSE_OUTBOUND_TIMEOUT: '500ms' } });
    canary = await openCanary();
  });

  afterAll(async () => {
    await ground[Symbol.asyncDispose]();
    await canary[Symbol.asyncDispose]();
  });

  /** Straight into the store: what registration lets through is not what protects us. */
  async function store(id: string, metadata: Record<string, unknown>) {
    const party = await ground.party('web', { first_party: true, backchannel_logout_uri: 'https://a.example.com/out' });

    await ground.app.services.records.clients.update(party.id, (old) => ({
      ...old,
      id: old.id,
      metadata: { ...old.metadata, client_name: id, ...metadata },
      version: old.version + 1,
    }));
    // A client is believed for 3 s.
    ground.app.clock.advance(5_000);

    return party;
  }

  /** Nobody waits for a logout notice. */
  async function tried(clientId: string): Promise<void> {
    for (let count = 1; ; count += 1) {
      const lines = await ground.app.logged('logout_notice', count);
      if (lines.some((line) => line['clientId'] === clientId)) return;
    }
  }

  const ways: [string, (address: string) => Promise<Answer | undefined>][] = [
    [
      'jwks_uri',
      async (address) => {
        const party = await store('jwks', {
          token_endpoint_auth_method: 'private_key_jwt',
          grant_types: ['client_credentials'],
          response_types: [],
          redirect_uris: [],
          jwks_uri: address,
        });

        return present(ground, assertion(ground, party.id, signer));
      },
    ],
    [
      'sector_identifier_uri',
      async (address) => {
        const party = await store('sector', { subject_type: 'pairwise', sector_identifier_uri: address });
        const page = await ground.browser.get(party.url());
        expect(page.location ?? '').not.toContain('code=');

        return party.post('/oauth/token', { grant_type: 'refresh_token', refresh_token: 'x' });
      },
    ],
    [
      'backchannel_logout_uri',
      async (address) => {
        const browser = await ground.signedIn(ground.ana);
        const party = await store('logout', { backchannel_logout_uri: address });
        const { id_token: token } = await party.tokens(browser);
        const page = await browser.get(`/oauth/logout?id_token_hint=${token}`);
        expect(page.status).toBe(303);
        await tried(party.id);
        // Else it is tried for a day.
        await ground.app.services.clients.delete(party.id, { actor: 'command-line' });

        return undefined;
      },
    ],
    [
      'logo_uri, policy_uri, tos_uri, client_uri and initiate_login_uri',
      async (address) => {
        const links = ['logo_uri', 'policy_uri', 'tos_uri', 'client_uri', 'initiate_login_uri'];
        const party = await store('links', Object.fromEntries(links.map((name) => [name, address])));
        await ground.browser.get(party.url({ prompt: 'login' }));

        return undefined;
      },
    ],
    [
      'request_uri',
      async (address) => {
        const party = await ground.party('web', { first_party: true });
        const page = await ground.browser.get(party.url({ request_uri: address }));
        expect(page.location).toContain('error=request_uri_not_supported');

        return undefined;
      },
    ],
  ];

  test.each(ways)('S55, S56: %s leads to no connection to this machine', async (_, ask) => {
    for (const host of here) {
      const answer = await ask(`https://${host}:${canary.port}/x`);

      expect(answer?.text ?? '').not.toContain('access_token');
      expect([400, 401]).toContain(answer?.status ?? 400);
    }

    await ask(`http://127.0.0.1:${canary.port}/x`);
    await ask(`http://localhost:${canary.port}/x`);

    // Whatever was still under way has ended by then.
    await ground.app.restart();
    expect({ connections: canary.connections(), requests: canary.requests }).toEqual({ connections: 0, requests: [] });
  });

  test.each(ways)('S55, S56: %s has no address inside dialled', async (_, ask) => {
    using watch = watchDialling();

    for (const host of inside) await ask(`https://${host}:${canary.port}/x`);

    await ground.app.restart();
    expect(watch.dialled.filter((one) => one.endsWith(` ${canary.port}`))).toEqual([]);
    expect(watch.dialled.length).toBeGreaterThan(0);
  });

  test('S55: what the answer says is the same for a port that is open and one that is not', async () => {
    const ask = ways[0]?.[1] as (address: string) => Promise<Answer>;
    const open = await ask(`https://127.0.0.1:${canary.port}/`);
    const closed = await ask('https://127.0.0.1:1/');

    expect(open).toMatchObject({ status: closed.status, body: closed.body });
  });
});

function isInside(address: string): boolean {
  return (
    /^(10|127|169\.254|172\.(1[6-9]|2\d|3[01])|192\.168|192\.0\.2)\./.test(address) || /^(fc|fd|::1)/.test(address)
  );
}
