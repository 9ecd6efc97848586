import { randomBytes } from 'node:crypto';

import type { Config } from './config/schema.ts';
import { consoleClientId } from './domain/client.ts';
import type { Clock } from './domain/clock.ts';
import { scheduleSetting, signingAlgorithms, type SigningKey } from './domain/signing-key.ts';
import { rehearse } from './oidc/rehearsal.ts';
import { createUnits } from './oidc/units.ts';
import { createConsents } from './operations/consents.ts';
import { makeKey } from './operations/new-signing-key.ts';
import { createWhy, type Why } from './operations/why.ts';
import type { Services } from './services.ts';
import { openInMemory } from './storage/backends.ts';
import { createSealing, type Sealing } from './storage/sealing.ts';

/**
 * The part of `app.ts` about trying out what must not be done: the protocol once more, over a store that nobody has, with
 * keys that nobody trusts and events that nobody hears of.
 */
export function openWhy(services: Services, onError: (error: unknown) => void): Why {
  const { config, records, clock, secrets } = services;
  let keys: Promise<Keys> | undefined;

  /** RSA takes a few tenths of a second: once, and only where somebody asks. */
  async function keysOf(): Promise<Keys> {
    keys ??= makeKeys(clock);
    keys.catch(() => (keys = undefined));

    return keys;
  }

  return createWhy({
    ...services,

    async rehearse({ account, client, consent }, rehearsal) {
      const [{ sealing, rows }, ours] = await Promise.all([keysOf(), records.clients.get(consoleClientId)]);
      const stores = await openInMemory(clock);

      await using closing = new AsyncDisposableStack();
      closing.use(stores.records);
      closing.use(stores.ephemera);

      const units = createUnits({ ...stores, clock, onError });
      closing.defer(units.settled);

      await stores.records.write([
        { in: 'accounts', put: account },
        { in: 'clients', put: client },
        ...(ours && ours.id !== client.id ? ([{ in: 'clients', put: ours }] as const) : []),
        ...(consent ? ([{ in: 'consents', put: consent }] as const) : []),
        ...rows.map((put) => ({ in: 'signingKeys', put }) as const),
        { in: 'settings', put: { id: scheduleSetting, value: scheduleOf(rows, config), updatedAt: clock.now() } },
      ]);

      const events = { write: async () => undefined };

      // Awaited here: the store goes when this is left.
      return await rehearse(
        {
          ...stores,
          config,
          secrets: { cookieKeys: [randomBytes(32).toString('base64url')], pairwiseSalt: secrets.pairwiseSalt },
          units,
          sealing,
          clock,
          events,
          consents: createConsents({ records: stores.records, events, clock }),
          endings: { session: async () => undefined },
          logoutNotices: { leaveOne: async () => undefined, wake: () => undefined },
          apiKeys: { look: async () => undefined, used: async () => undefined },
          clientUses: { due: () => undefined },
          onError,
          accountId: account.id,
        },
        rehearsal,
      );
    },
  });
}

interface Keys {
  sealing: Sealing;
  rows: SigningKey[];
}

async function makeKeys(clock: Clock): Promise<Keys> {
  const sealing = createSealing({
    encryptionKeys: [{ id: 'why', key: randomBytes(32) }],
    hashKey: randomBytes(32),
  });
  const rows = await Promise.all(signingAlgorithms.map((alg) => makeKey(alg, clock.now(), sealing)));

  return { sealing, rows };
}

function scheduleOf(rows: readonly SigningKey[], { tokens }: Config) {
  return { keys: rows.map(({ id: kid, alg }) => ({ kid, alg, from: 0, life: tokens.id_token })) };
}
