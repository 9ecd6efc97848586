import { describe, expect, test } from '@jest/globals';

import type { LogoutAnswer, LogoutNotice } from '../../src/domain/logout-notice.ts';
import { createLogoutDelivery } from '../../src/operations/logout-delivery.ts';
import { createReceipts } from '../../src/operations/receipts.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import { noReads } from '../../src/storage/reads.ts';
import type { Records } from '../../src/storage/records.ts';
import { createSealing } from '../../src/storage/sealing.ts';
import { describeStore, recordsStore, type MakeStore } from '../storage/stores.ts';
import { ana, fill, operator, prepared, session, used } from './given-access.ts';

const sealing = createSealing({
  encryptionKeys: [{ id: 'k', key: Buffer.alloc(32, 7) }],
  hashKey: Buffer.alloc(32, 8),
});
const second = 1000;
const noAnswer: LogoutAnswer = { kind: 'retry', error: 'no_answer', detail: 'ECONNREFUSED' };

for (const backend of recordsBackends) {
  describeStore(backend.kind, () => {
    describe(`receipts on ${backend.kind}`, () => receiptsOn(recordsStore(backend)));
  });
}

function receiptsOn(make: MakeStore<Records>): void {
  async function ended() {
    const at = await prepared(make);
    await fill(at.records);
    const receipts = createReceipts({ reads: noReads, records: at.records, sealing, clock: at.clock });
    const told: LogoutNotice[] = [];
    let answer: LogoutAnswer = { kind: 'delivered' };
    const delivery = createLogoutDelivery({
      ...at,
      tell: async (notice) => {
        told.push(notice);
        return answer;
      },
    });

    return {
      ...at,
      receipts,
      told,
      apps: (say: LogoutAnswer) => void (answer = say),
      /** Everything that is due now. */
      async send() {
        for (let errand = await delivery.next(); errand; errand = await delivery.next()) {
          await errand.settle(await errand.run());
        }
      },
      [Symbol.asyncDispose]: () => at[Symbol.asyncDispose](),
    };
  }

  test('a receipt says what ended, and how far its notices have come', async () => {
    await using at = await ended();
    await at.records.sessions.update('s2', (old) => ({ ...old, userAgent: 'Firefox', ip: '192.0.2.7', signedInAt: 9 }));
    const id = await at.receipts.create(ana, 'other_devices', await at.endings.otherSessions(ana, 's1', operator));
    const stateNow = async () => (await at.receipts.of('ana', id))?.applications[0]?.notices;

    expect(await at.receipts.of('ana', id)).toEqual({
      id,
      at: at.clock.now(),
      reason: 'other_devices',
      keys: [],
      expiresAt: at.clock.now() + 30 * 86_400_000,
      sessions: [{ userAgent: 'Firefox', ip: '192.0.2.7', signedInAt: 9 }],
      applications: [{ clientId: 'wiki', name: 'Wiki', grants: 1, refreshTokens: 0, notices: [{ state: 'sending' }] }],
    });

    at.apps(noAnswer);
    await at.send();
    const again = at.clock.now() + 10 * second;
    expect(await stateNow()).toEqual([{ state: 'retrying', at: again, why: 'no_answer' }]);

    at.clock.set(again);
    at.apps({ kind: 'delivered' });
    await at.send();
    expect(await stateNow()).toEqual([{ state: 'delivered', at: again }]);
    expect(at.told.map(({ accountId, sid }) => ({ accountId, sid }))).toEqual(
      Array(2).fill({ accountId: 'ana', sid: 'sid of wiki' }),
    );
  });

  test('what an app refuses is not tried again', async () => {
    await using at = await ended();
    const id = await at.receipts.create(ana, 'device', await at.endings.session('s1', { offline: true }));

    at.apps({ kind: 'failed', error: 'refused', detail: 'answered 400' });
    await at.send();
    at.clock.advance(86_400_000);
    await at.send();

    expect(at.told).toHaveLength(1);
    const { applications = [] } = (await at.receipts.of('ana', id)) ?? {};
    expect(applications.find(({ clientId }) => clientId === 'wiki')?.notices).toMatchObject([
      { state: 'failed', why: 'refused' },
    ]);
  });

  test('an app that never answers is given up after a day, and whose session it was is forgotten', async () => {
    await using at = await ended();
    await at.endings.session('s1', { offline: true });
    at.apps(noAnswer);

    const began = at.clock.now();
    while ((await at.records.logoutNotices.count('state', 'queued')) > 0) {
      await at.send();
      at.clock.advance(60 * second);
    }

    expect(at.told).toHaveLength(9);
    expect((at.clock.now() - began) / 3_600_000).toBeCloseTo(24, 1);
    const row = await at.records.logoutNotices.get('s1 wiki sid of wiki');
    expect(row).toMatchObject({ state: 'failed', lastError: 'no_answer' });
    expect(row).not.toHaveProperty('accountId');
  });

  test('an app that does not answer hears of all that has ended later, in its order', async () => {
    await using at = await ended();
    await at.records.sessions.create(session('s4', used('wiki')));
    for (const uid of ['s4', 's1', 's2']) {
      await at.endings.session(uid, { offline: true });
      at.clock.advance(1);
    }

    at.apps(noAnswer);
    await at.send();
    expect(at.told).toHaveLength(1);

    at.apps({ kind: 'delivered' });
    for (let step = 0; step < 30; step += 1) {
      at.clock.advance(second);
      await at.send();
    }

    expect(at.told.slice(1).map(({ sessionUid }) => sessionUid)).toEqual(['s4', 's1', 's2']);
  });

  test('a notice that was left for a session which is still there waits for its end', async () => {
    await using at = await ended();
    const row = await at.records.sessions.get('s1');
    if (!row) throw new Error('no session');
    await at.records.logoutNotices.create({
      id: 's1 wiki sid of wiki',
      clientId: 'wiki',
      sessionUid: 's1',
      sid: 'sid of wiki',
      accountId: 'ana',
      state: 'queued',
      attempts: 0,
      nextAt: 0,
      createdAt: at.clock.now(),
      expiresAt: row.expiresAt,
    });

    await at.send();
    at.clock.advance(86_400_000);
    await at.send();
    expect(at.told).toEqual([]);

    await at.endings.session('s1', { offline: true });
    at.clock.advance(60 * second);
    await at.send();
    expect(at.told.map(({ id }) => id)).toEqual(['s1 wiki sid of wiki']);
  });

  test('somebody else’s receipt is not found, nor one that is over', async () => {
    await using at = await ended();
    const id = await at.receipts.create(ana, 'application', await at.endings.application('ana', 'wiki'));

    expect(await at.receipts.of('bob', id)).toBeUndefined();
    expect(await at.receipts.of('ana', `${id.slice(0, -1)}_`)).toBeUndefined();

    at.clock.advance(31 * 86_400_000);
    expect(await at.receipts.of('ana', id)).toBeUndefined();
  });

  test('S113: in the store it says nothing of the person’s browser and address', async () => {
    await using at = await ended();
    await at.records.sessions.update('s1', (old) => ({ ...old, userAgent: 'Firefox', ip: '192.0.2.7' }));
    const id = await at.receipts.create(ana, 'device', await at.endings.session('s1', { offline: true }));

    expect(JSON.stringify(await at.records.receipts.get(id))).not.toMatch(/Firefox|192\.0\.2/);
  });

  test('an app that was removed meanwhile keeps its name there', async () => {
    await using at = await ended();
    const id = await at.receipts.create(ana, 'application', await at.endings.application('ana', 'wiki'));

    await at.records.clients.remove('wiki');
    at.apps({ kind: 'dropped' });
    await at.send();

    expect((await at.receipts.of('ana', id))?.applications).toMatchObject([
      { name: 'Wiki', notices: [{ state: 'dropped' }, { state: 'dropped' }] },
    ]);
  });
}
