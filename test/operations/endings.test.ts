import { describe, expect, test } from '@jest/globals';

import { createEndings } from '../../src/operations/endings.ts';
import { createLogoutNotices } from '../../src/operations/logout-notices.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import type { Records } from '../../src/storage/records.ts';
import { fifty, succeeded } from '../storage/rows.ts';
import { describeStore, recordsStore, type MakeStore } from '../storage/stores.ts';
import { ana, family, fill, grant, left, operator, prepared, session, used } from './given-access.ts';

for (const backend of recordsBackends) {
  describeStore(backend.kind, () => {
    describe(`ending what was given, on ${backend.kind}`, () => endingOn(recordsStore(backend)));
  });
}

function endingOn(make: MakeStore<Records>): void {
  test('S108: a session, with its grants and without what was meant to outlive it', async () => {
    await using at = await prepared(make);
    await fill(at.records);

    const ended = await at.endings.session('s1', { offline: false });

    expect(await left(at.records)).toBe('g2, g4, g3, f3, s2, ana pay, ana wiki');
    expect(await at.told()).toEqual(['s1 wiki sid of wiki']);
    expect(at.woken()).toBe(1);
    expect(ended).toEqual({
      sessions: [{ userAgent: '', ip: '' }],
      applications: [{ clientId: 'wiki', name: 'Wiki', grants: 1, refreshTokens: 1 }],
      notices: [{ id: 's1 wiki sid of wiki', clientId: 'wiki' }],
    });
  });

  test('S108: a session with everything that it gave', async () => {
    await using at = await prepared(make);
    await fill(at.records);
    await at.records.grants.update('g1', (old) => ({ ...old, accessTokensUntil: 5 }));
    await at.records.refreshFamilies.update('f1', (old) => ({ ...old, accessTokensUntil: 7 }));

    const { applications } = await at.endings.session('s1', { offline: true });

    expect(await left(at.records)).toBe('g2, g4, s2, ana pay, ana wiki');
    expect(applications.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { clientId: 'pay', name: 'Payroll', grants: 1, refreshTokens: 1 },
      { clientId: 'wiki', name: 'Wiki', grants: 1, refreshTokens: 1, accessTokensUntil: 7 },
    ]);
  });

  test('a grant whose offline code was not redeemed yet outlives its session too', async () => {
    await using at = await prepared(make);
    await at.records.grants.create(grant('g1'));
    await at.records.sessions.create(
      session('s1', { payload: { authorizations: { wiki: { grantId: 'g1', persistsLogout: true } } } }),
    );

    await at.endings.session('s1', { offline: false });

    expect(await left(at.records)).toBe('g1');
  });

  test('a session that is an event of the one who ends it', async () => {
    await using at = await prepared(make);
    await fill(at.records);

    await at.endings.session('s1', { offline: true, by: operator });
    await at.endings.session('s1', { offline: true, by: operator });

    expect(at.written).toEqual(['session.ended "ana"']);
  });

  test('S22: an application of one account, in every browser: it hears that it is signed out there', async () => {
    await using at = await prepared(make);
    await fill(at.records);

    const ended = await at.endings.application('ana', 'wiki');

    expect(await left(at.records)).toBe('g4, g3, f3, s1, s2, ana pay');
    expect((await at.told()).toSorted()).toEqual(['s1 wiki sid of wiki', 's2 wiki sid of wiki']);
    expect(ended).toMatchObject({
      sessions: [],
      applications: [{ clientId: 'wiki', grants: 2, refreshTokens: 1 }],
      notices: [{}, {}],
    });
    expect((await at.records.sessions.get('s1'))?.payload).toEqual(used('pay').payload);
    expect(await at.records.sessions.get('s3')).toMatchObject(used('wiki'));
  });

  test('a client, whoever used it', async () => {
    await using at = await prepared(make);
    await fill(at.records);

    const ended = await at.endings.client('wiki');

    expect(await left(at.records)).toBe('g3, f3, s1, s2, ana pay');
    expect(await at.records.consents.get('bob wiki')).toBeUndefined();
    expect(ended.applications).toEqual([{ clientId: 'wiki', name: 'Wiki', grants: 3, refreshTokens: 1 }]);
  });

  test('an account, and nobody else', async () => {
    await using at = await prepared(make);
    await fill(at.records);

    const { sessions, notices } = await at.endings.account(ana, operator);

    expect(await left(at.records)).toBe('g4, ana pay, ana wiki');
    expect((await at.told()).toSorted()).toEqual(['s1 wiki sid of wiki', 's2 wiki sid of wiki']);
    expect([sessions.length, notices.length]).toEqual([2, 2]);
    expect(at.written).toEqual(Array(2).fill(`session.ended ${JSON.stringify(ana)}`));
    expect(await at.records.sessions.get('s3')).toBeDefined();
  });

  test('S70: every session of an account but one', async () => {
    await using at = await prepared(make);
    await fill(at.records);
    await at.records.grants.create(grant('g5', { sessionUid: 'over already' }));

    for (let round = 0; round < 2; round += 1) await at.endings.otherSessions(ana, 's1', operator);

    expect(await left(at.records)).toBe('g1, g4, g3, f1, f3, s1, ana pay, ana wiki');
    expect(await at.told()).toEqual(['s2 wiki sid of wiki']);
    expect(at.written).toHaveLength(1);
  });

  test('S108: every session but one, and what was meant to outlive the others stays', async () => {
    await using at = await prepared(make);
    await fill(at.records);
    await at.records.grants.create(grant('g5', { sessionUid: 's2' }));
    await at.records.refreshFamilies.create(family('f5', 'g5'));
    await at.records.grants.create(grant('g6', { sessionUid: 's2' }));
    await at.records.refreshFamilies.create(family('f6', 'g6', { expiresWithSession: true }));
    const notRedeemed = { authorizations: { pay: { grantId: 'g7', persistsLogout: true } } };
    await at.records.sessions.create(session('s9', { payload: notRedeemed }));
    await at.records.grants.create(grant('g7', { sessionUid: 's9', clientId: 'pay' }));

    await at.endings.otherSessions(ana, 's1', { ...operator, offline: false });

    expect(await at.records.sessions.get('s2')).toBeUndefined();
    expect(await at.records.grants.get('g5')).toBeDefined();
    expect(await at.records.grants.get('g7')).toBeDefined();
    expect(await at.records.refreshFamilies.get('f5')).toBeDefined();
    expect(await at.records.grants.get('g6')).toBeUndefined();
    expect(await at.records.refreshFamilies.get('f6')).toBeUndefined();
  });

  test('S22: one grant with its refresh tokens, and nothing of somebody else', async () => {
    await using at = await prepared(make);
    await fill(at.records);
    const before = await left(at.records);

    expect(await at.endings.grant({ id: 'bob', eventKey: '' }, 'g1', { actor: 'bob' })).toMatchObject({
      applications: [],
    });
    expect(await at.endings.grant({ id: 'ana', eventKey: '' }, 'nothing', { actor: 'ana' })).toMatchObject({
      applications: [],
    });
    expect(await left(at.records)).toBe(before);

    expect(await at.endings.grant({ id: 'ana', eventKey: '' }, 'g1', { actor: 'ana' })).toMatchObject({
      sessions: [],
      applications: [{ grants: 1 }],
    });
    expect(await at.records.grants.get('g1')).toBeUndefined();
    expect((await at.records.refreshFamilies.list('grant', 'g1')).rows).toEqual([]);
    expect(await at.records.sessions.get('s1')).toBeDefined();
  });

  test('all of it can be repeated', async () => {
    await using at = await prepared(make);
    await fill(at.records);

    for (let round = 0; round < 2; round += 1) {
      await at.endings.session('s1', { offline: false });
      await at.endings.application('ana', 'wiki');
      await at.endings.client('wiki');
      await at.endings.account(ana, operator);
    }

    expect(await left(at.records)).toBe('ana pay');
    expect((await at.told()).toSorted()).toEqual(['s1 wiki sid of wiki', 's2 wiki sid of wiki']);
  });

  test('S31: fifty at once on two nodes: one of them has ended it, and each app is told once', async () => {
    await using at = await prepared(make);
    await fill(at.records);
    const { endings: other } = await onAnotherNode(at);

    const all = succeeded(
      await fifty((number) => (number % 2 ? at.endings : other).session('s1', { offline: true, by: operator })),
    );

    expect(all.flatMap(({ sessions }) => sessions)).toHaveLength(1);
    expect(all.flatMap(({ notices }) => notices)).toHaveLength(1);
    expect(await at.told()).toEqual(['s1 wiki sid of wiki']);
    expect(await at.records.sessions.get('s1')).toBeUndefined();
  });

  test('an app that is signed in to while its session ends is told as well', async () => {
    await using at = await prepared(make);
    await fill(at.records);
    await at.records.clients.update('pay', (old) => ({
      ...old,
      metadata: { ...old.metadata, backchannel_logout_uri: 'https://pay.example/' },
    }));
    const records = between(at.records, async () => {
      await at.records.sessions.update('s2', (old) => ({ ...old, ...used('wiki', 'pay') }));
    });
    const notices = createLogoutNotices({ records: at.records, clock: at.clock });
    const endings = createEndings({ records, events: { write: async () => undefined }, notices });

    await endings.session('s2', { offline: true });

    expect((await at.told()).toSorted()).toEqual(['s2 pay sid of pay', 's2 wiki sid of wiki']);
  });

  test('nothing of a session is kept for as long as it is not swept', async () => {
    await using at = await prepared(make);
    await at.records.sessions.create(session('s1', { userAgent: 'Browser', ip: '192.0.2.1', ...used('wiki') }));

    await at.endings.session('s1', { offline: true });
    at.clock.set(-1);

    expect(await at.records.sessions.get('s1')).toMatchObject({ userAgent: '', ip: '', payload: {}, amr: [] });
    expect(await at.records.sessions.get('s1')).not.toHaveProperty('accountId');
  });

  test('more grants than one page of a list holds', async () => {
    await using at = await prepared(make);
    const many = Array.from({ length: 450 }, (_, n) => grant(`g${n}`, { createdAt: n }));
    await at.records.write(many.map((create) => ({ in: 'grants', create })));

    await at.endings.application('ana', 'wiki');

    expect(await at.records.grants.count('account', 'ana')).toBe(0);
  });
}

async function onAnotherNode({ another, clock }: Awaited<ReturnType<typeof prepared>>) {
  const records = await another();
  const notices = createLogoutNotices({ records, clock });

  return { endings: createEndings({ records, events: { write: async () => undefined }, notices }) };
}

/** The same records, where something happens once between the look at a session and its end. */
function between(records: Records, happening: () => Promise<void>): Records {
  let waiting: (() => Promise<void>) | undefined = happening;

  return {
    ...records,
    sessions: {
      ...records.sessions,
      async update(id, change, seen) {
        const now = waiting;
        waiting = undefined;
        await now?.();

        return records.sessions.update(id, change, seen);
      },
    },
  };
}
