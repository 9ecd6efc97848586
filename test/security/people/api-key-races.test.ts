import { setImmediate as turn } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { accountApiWords } from '../../../src/domain/account-api.ts';
import type { Account } from '../../../src/domain/account.ts';
import { noFactors } from '../../../src/domain/factors.ts';
import { newId } from '../../../src/domain/ids.ts';
import { createApiKeys, type ApiKeys } from '../../../src/operations/api-keys.ts';
import { createDisowning, type Disowning, type DisowningDeps } from '../../../src/operations/disowning.ts';
import { createEndings } from '../../../src/operations/endings.ts';
import { recordsBackends } from '../../../src/storage/backends.ts';
import { noReads } from '../../../src/storage/reads.ts';
import type { Records } from '../../../src/storage/records.ts';
import { failed, fifty, sample, succeeded } from '../../storage/rows.ts';
import { describeStore, opened, recordsStore, type Opened } from '../../storage/stores.ts';
import { takeTime } from '../../support/pace.ts';

/**
 * `npm run races` plays a thousand of each. Here what F12 asks for, on the store that takes its time and is quick at it, and
 * few elsewhere: one that answers at once has one order, and one in another process takes its time of itself.
 */
function roundsOn(kind: string, pace: string): { limit: number; others: number } {
  const all = process.env['GATEHOUSE_TEST_RACE_ROUNDS'];
  if (all !== undefined) return { limit: Number(all), others: Number(all) };

  return kind === 'sqlite' && pace === 'take their time' ? { limit: 50, others: 10 } : { limit: 5, others: 5 };
}

const issuer = 'https://id.example';
const by = { actor: 'somebody' };
const api = {
  ...accountApiWords({ issuer, brand: 'Gatehouse' }),
  key_scopes: ['profile:read'],
};
const permissions = [{ audience: `${issuer}/api/account/v1`, scope: 'profile:read' }];

for (const backend of recordsBackends) {
  describeStore(backend.kind, () => {
    /** F12: fifty at once over two nodes that share a store. */
    describe.each(['answer at once', 'take their time'] as const)('two nodes that %s, fifty at once', (pace) => {
      const { limit, others } = roundsOn(backend.kind, pace);
      /** Of few each, so that they are many. */
      const ousted = others * 4;
      const longest = 30_000 + Math.max(limit, ousted) * 3_000;
      let store: Opened<Records>;
      let records: readonly [Records, Records];
      let people = 0;

      beforeEach(async () => {
        store = await opened(recordsStore(backend));
        records = [store.port, await store.another()];
        if (pace === 'take their time') for (const one of records) takeTime({ records: one });
      });

      afterEach(async () => {
        await store[Symbol.asyncDispose]();
      });

      function on(number: number, limit = 5): ApiKeys {
        return createApiKeys({
          records: records[number % 2] ?? store.port,
          reads: noReads,
          clock: store.clock,
          takeOver: () => false,
          events: { write: async () => undefined },
          config: {
            issuer,
            api_keys: { limit },
            apis: [api],
          },
        });
      }

      async function person(): Promise<Account> {
        const id = `person-${(people += 1)}`;
        const { closing: _, ...rest } = sample('accounts', { id, emailKey: `${id}@example.org`, roles: [] });
        const account: Account = { ...rest, status: 'active' };
        await records[0].accounts.create(account);

        return account;
      }

      async function session({ id: accountId }: Account): Promise<string> {
        const id = newId();
        await records[0].sessions.create(
          sample('sessions', { id, cookieHash: id, accountId, expiresAt: store.clock.now() + 3_600_000_000 }),
        );

        return id;
      }

      /** With nothing to take back but keys. */
      function disowning(): Disowning {
        const events = { write: async () => undefined };
        const notices = { leave: async () => [], leaveOne: async () => undefined, wake: () => undefined };
        const nothing = { cancel: async () => undefined, forget: async () => undefined, forgetAll: async () => 0 };

        return createDisowning({
          records: records[0],
          clock: store.clock,
          events,
          endings: createEndings({ records: records[0], events, notices }),
          apiKeys: on(0),
          factors: { of: async (id: string) => noFactors(id), make: async () => ({ ok: false, problems: [] }) },
          receipts: { create: async () => 'receipt' },
          remembering: nothing,
          oldPassword: nothing,
          emailChange: nothing,
          phoneChange: nothing,
        } as unknown as DisowningDeps);
      }

      const input = (once = newId()) => ({ name: 'Key', permissions, once });
      const isMade = (outcome: unknown) => typeof outcome === 'object' && outcome !== null && 'value' in outcome;
      const countOf = ({ id }: Account) => records[0].apiKeys.count('account', id);

      async function play(round: () => Promise<void>, most = others): Promise<void> {
        for (let number = 1; number <= most; number += 1) await round();
      }

      test(
        `F12: five keys and never six, ${limit} rounds; what is deleted makes room for as many`,
        () =>
          play(async () => {
            const ada = await person();

            const outcomes = await fifty((number) => on(number).create(ada, input(), by));
            expect(failed(outcomes)).toEqual([]);
            expect(succeeded(outcomes).filter(isMade)).toHaveLength(5);
            expect(await countOf(ada)).toBe(5);

            const [first, second] = await on(0).list(ada.id);
            const mixed = await fifty(async (number) => {
              const gone = number === 10 ? first : number === 20 ? second : undefined;

              return gone ? on(number).remove(ada, gone.id, by) : on(number).create(ada, input(), by);
            });
            expect(failed(mixed)).toEqual([]);
            const made = succeeded(mixed).filter(isMade).length;
            expect(made).toBeLessThanOrEqual(2);
            expect(await countOf(ada)).toBe(3 + made);
          }, limit),
        longest,
      );

      test(
        'one form that is sent fifty times makes one key',
        () =>
          play(async () => {
            const ada = await person();
            const once = newId();

            const outcomes = await fifty((number) => on(number).create(ada, input(once), by));

            expect(failed(outcomes)).toEqual([]);
            expect(succeeded(outcomes).filter(isMade)).toHaveLength(1);
            expect(succeeded(outcomes).filter((one) => one === 'made')).toHaveLength(49);
            expect(await countOf(ada)).toBe(1);
          }),
        longest,
      );

      test(
        'F14: of an account that is closed meanwhile no key is left',
        () =>
          play(async () => {
            const ada = await person();

            await fifty(async (number) => {
              if (number !== 25) return on(number).create(ada, input(), by);

              await records[0].accounts.remove(ada.id);
              return await records[0].apiKeys.removeAll('account', ada.id);
            });

            expect(await countOf(ada)).toBe(0);
          }),
        longest,
      );

      test(
        `F14: of whoever was put out by “This wasn’t me” no key is left, ${ousted} rounds`,
        async () => {
          for (let round = 0; round < ousted; round += 1) {
            const ada = await person();
            const [own, thief] = [await session(ada), await session(ada)];
            const old = await on(0).create(ada, input(), by);
            store.clock.advance(60_000);
            const event = { kind: 'sign_in.succeeded', at: store.clock.now(), by: 'self' } as const;

            const [disowned] = await Promise.allSettled([
              disowning().disown(ada, { event, keeps: [], sessionUid: own }, by),
              ...[0, 1, 2, 3].map(async (number) => {
                for (let turns = number * 4 * (round % 5); turns > 0; turns -= 1) await turn();

                return on(number).create(ada, input(), { ...by, sessionUid: thief });
              }),
            ]);

            expect(disowned.status).toBe('fulfilled');
            expect((await on(1).list(ada.id)).map(({ id }) => id)).toEqual([
              typeof old === 'object' && old.ok ? old.value.apiKey.id : '',
            ]);
          }
        },
        longest,
      );

      test(
        'a limit that was lowered is kept, although older keys stand on higher numbers',
        () =>
          play(async () => {
            const ada = await person();
            await fifty((number) => on(number).create(ada, input(), by));
            const keys = await on(0).list(ada.id);
            const low = keys.filter(({ slot }) => / [12]$/.test(slot));
            for (const { id } of low) await on(0).remove(ada, id, by);
            await on(0).remove(ada, keys.find(({ slot }) => slot.endsWith(' 5'))?.id ?? '', by);

            const outcomes = await fifty((number) => on(number, 3).create(ada, input(), by));

            expect(failed(outcomes)).toEqual([]);
            expect(succeeded(outcomes).filter(isMade)).toHaveLength(1);
            expect(await countOf(ada)).toBe(3);
          }),
        longest,
      );
    });
  });
}
