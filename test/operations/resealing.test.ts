import { expect, test } from '@jest/globals';

import { encryptionKeySetting } from '../../src/domain/encryption-key.ts';
import { createPersonalFields } from '../../src/events/personal.ts';
import { allSealUnder } from '../../src/jobs/same-secrets.ts';
import { totpContext } from '../../src/operations/authenticators.ts';
import { makeKey } from '../../src/operations/new-signing-key.ts';
import { createResealing } from '../../src/operations/resealing.ts';
import { sealedAs } from '../../src/domain/signing-key.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import { createSealing, sealedUnder } from '../../src/storage/sealing.ts';
import { hour, sample, start } from '../storage/rows.ts';
import { describeStore, opened, recordsStore } from '../storage/stores.ts';

const [old, fresh] = [
  { id: 'old', key: Buffer.alloc(32, 1) },
  { id: 'fresh', key: Buffer.alloc(32, 2) },
];
const hashKey = Buffer.alloc(32, 3);
const sealing = (encryptionKeys: (typeof old)[]) => createSealing({ encryptionKeys, hashKey });
const never = new AbortController().signal;
const day = 24 * hour;

for (const backend of recordsBackends) {
  describeStore(backend.kind, () => {
    test(`F19: on ${backend.kind} what a former key sealed is sealed anew or waited for, and then the key may go`, async () => {
      await using store = await opened(recordsStore(backend));
      const { port: records, clock } = store;
      const before = sealing([old]);
      const id = 'account-1';
      const events: string[] = [];

      await records.accounts.create(sample('accounts', { eventKey: createPersonalFields(before).newKey(id) }));
      const totp = (name: string) => ({ id: name, sealed: before.seal(name, totpContext(id, name)) });
      await records.factors.create(
        sample('factors', {
          id,
          authenticators: [{ ...totp('app'), name: 'Phone', lastStep: 0, addedAt: start }],
          pending: { ...totp('other'), binding: 'b', begunAt: start },
        }),
      );
      const key = await makeKey('ES256', start, before);
      await records.signingKeys.create(key);
      await records.messages.create(sample('messages', { sealed: before.seal('m', 'm'), expiresAt: start + 2 * day }));
      await records.events.create(sample('events', { personal: before.seal('{}', 'event:event-1') }));
      await records.settings.create({ id: encryptionKeySetting, value: ['fresh', 'old'], updatedAt: start });

      const resealing = createResealing({
        records,
        sealing: sealing([fresh, old]),
        secrets: { encryptionKeys: [fresh, old] },
        events: { write: async (kind) => void events.push(kind) },
        clock,
      });
      await resealing.run(never);

      // Everything that stays opens with the new key alone, as what it was.
      const alone = sealing([fresh]);
      const account = await records.accounts.get(id);
      if (!account) throw new Error('no account');
      expect(() => createPersonalFields(alone).reader(account)).not.toThrow();
      const factors = await records.factors.get(id);
      expect(alone.open(factors?.authenticators[0]?.sealed ?? '', totpContext(id, 'app'))).toBe('app');
      expect(alone.open(factors?.pending?.sealed ?? '', totpContext(id, 'other'))).toBe('other');
      expect(alone.open((await records.signingKeys.get(key.id))?.sealed ?? '', sealedAs(key.id))).toContain('"d"');
      expect(await resealing.found()).toEqual({
        key: 'fresh',
        doneAt: start,
        lookedAt: start,
        left: { old: 2 },
        needed: ['fresh', 'old'],
      });

      // The event can't be touched: while it is kept, so is the key.
      clock.advance(9 * day);
      await resealing.run(never);
      expect((await resealing.found())?.left).toEqual({ old: 1 });
      expect((await resealing.found())?.needed).toEqual(['fresh', 'old']);
      expect(sealedUnder((await records.events.get(sample('events').id))?.personal ?? '')).toBe('old');

      await records.events.remove(sample('events').id);
      await resealing.run(never);
      expect((await resealing.found())?.needed).toEqual(['fresh']);
      expect(events).toEqual(['keys.resealed', 'keys.released']);

      // Told to stop, it has found nothing out.
      await records.settings.remove('resealing');
      await resealing.run(AbortSignal.abort());
      expect(await resealing.found()).toBeUndefined();
    });

    test(`F19: on ${backend.kind} a node that still seals under the former key is waited for`, async () => {
      await using store = await opened(recordsStore(backend));
      const { port: records, clock } = store;
      const holder = (first: string) => JSON.stringify({ node: { encryptionKeys: [first], until: start + hour } });
      const deps = { records, clock, secrets: { cookieKeys: [], pairwiseSalt: '', encryptionKeys: [fresh, old] } };
      expect(await allSealUnder(deps)).toBe(true);

      await records.leases.create({ id: 'secrets', holder: holder('old'), expiresAt: start + hour });
      expect(await allSealUnder(deps)).toBe(false);
      await records.leases.update('secrets', (row) => ({ ...row, holder: holder('fresh') }));
      expect(await allSealUnder(deps)).toBe(true);
    });
  });
}
