import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import type { SecurityEvent } from '../../src/domain/security-event.ts';
import { createEvents, type Origin } from '../../src/events/writer.ts';
import { createSealing } from '../../src/storage/sealing.ts';
import { goodPassword, openRoom, type Room } from '../credentials/room.ts';

let room: Room;
let ada: Account;

beforeEach(async () => {
  room = await openRoom();
  const made = await room.accounts.create(
    { email: 'ada@example.com', password: goodPassword },
    { actor: 'command-line' },
  );
  if (!made.ok) throw new Error('no account');
  ada = made.value;
  room.clock.advance(1000);
});

afterEach(() => room[Symbol.asyncDispose]());

const onError = (error: unknown) => {
  throw error;
};
const from: Origin = { ip: '192.0.2.77', userAgent: 'Canary/1.0 (Oberon)', requestId: 'request-1' };
const stored = async () => (await room.records.events.list('time', 'all', { descending: true })).rows;

describe('S113: the record of events', () => {
  test('an event has actor, target, address, time in UTC and request id', async () => {
    room.clock.set(Date.UTC(2026, 4, 1, 12, 30));
    await room.events.write('sign_in.succeeded', {
      actor: ada.id,
      account: ada,
      clientId: 'wiki',
      from,
      details: { amr: ['pwd'], acr: 'urn:gatehouse:acr:1' },
    });

    const { events } = await room.events.read(ada);
    expect(events[0]).toEqual({
      id: expect.any(String),
      kind: 'sign_in.succeeded',
      at: Date.UTC(2026, 4, 1, 12, 30),
      actor: ada.id,
      accountId: ada.id,
      clientId: 'wiki',
      requestId: 'request-1',
      details: { amr: ['pwd'], acr: 'urn:gatehouse:acr:1' },
      ip: '192.0.2.77',
      userAgent: 'Canary/1.0 (Oberon)',
    });
  });

  test('making an account is an event itself', async () => {
    const { events } = await room.events.read(ada);
    expect(events).toMatchObject([
      { kind: 'account.created', actor: 'command-line', details: { emailVerified: false } },
    ]);
  });

  test('what is personal rests encrypted under the account’s own key', async () => {
    await room.events.write('sign_out', { actor: ada.id, account: ada.id, from });
    const [row] = await stored();

    expect(JSON.stringify(row)).not.toMatch(/192\.0\.2\.77|Canary|Oberon/);
    expect(ada.eventKey).toMatch(/^v1\.k1\./);

    // Without the account's row, and with it its key, the operator's key opens nothing.
    await room.accounts.delete(ada.id, { actor: 'command-line' });
    expect(() => room.sealing.open(row?.personal ?? '', `event:${row?.id}`)).toThrow();
    const other = { id: ada.id, eventKey: room.events.newEventKey(ada.id) };
    await expect(room.events.read(other)).rejects.toThrow();
  });

  test('of no known account it rests under the operator’s key', async () => {
    await room.events.write('sign_in.failed', { actor: 'anonymous', from, details: { known: false } });
    const [row] = await stored();

    expect(JSON.stringify(row)).not.toMatch(/192\.0\.2\.77|Canary/);
    expect(row).not.toHaveProperty('accountId');
    expect(JSON.parse(room.sealing.open(row?.personal ?? '', `event:${row?.id}`))).toEqual({
      ip: from.ip,
      userAgent: from.userAgent,
    });
  });

  test('no ciphertext can be moved to another event', async () => {
    await room.events.write('sign_out', { actor: ada.id, account: ada, from });
    room.clock.advance(1000);
    await room.events.write('sign_out', { actor: ada.id, account: ada, from: { ...from, ip: '198.51.100.1' } });
    const [second, first] = await stored();
    await room.records.events.update(first?.id ?? '', (row) => ({
      ...row,
      ...(second?.personal && { personal: second.personal }),
    }));

    await expect(room.events.read(ada)).rejects.toThrow();
  });

  test('a batch gets the event instead of the store', async () => {
    const batch: SecurityEvent[] = [];
    const before = await stored();
    await room.events.write('consent.refused', { actor: ada.id, account: ada, clientId: 'wiki', from }, (row) =>
      batch.push(row),
    );

    expect(await stored()).toEqual(before);
    await room.records.write(batch.map((row) => ({ in: 'events', create: row })));
    expect((await room.events.read(ada)).events[0]).toMatchObject({ kind: 'consent.refused', ip: from.ip });
  });

  test('an event that can’t be stored is not lost in silence', async () => {
    const { records, clock, sealing } = room;
    const broken = { ...records.events, create: () => Promise.reject(new Error('disk full')) };
    const events = createEvents({
      records: { accounts: records.accounts, events: broken },
      sealing,
      clock,
      onError,
    });

    await expect(events.write('sign_out', { actor: ada.id, account: ada })).rejects.toThrow('disk full');
  });

  test('after the operator’s key was rotated everything still reads', async () => {
    await room.events.write('sign_out', { actor: ada.id, account: ada, from });
    const { records, clock } = room;
    const sealing = createSealing({
      encryptionKeys: [
        { id: 'k2', key: Buffer.alloc(32, 8) },
        { id: 'k1', key: Buffer.alloc(32, 7) },
      ],
      hashKey: Buffer.alloc(32, 9),
    });

    const { events } = await createEvents({ records, sealing, clock, onError }).read(ada);
    expect(events[0]).toMatchObject({ ip: from.ip });
  });
});

test('an account’s events come newest first, page by page', async () => {
  for (let index = 0; index < 5; index += 1) {
    room.clock.advance(1000);
    await room.events.write('sign_out', { actor: ada.id, account: ada, from: { ...from, requestId: `r${index}` } });
  }

  const first = await room.events.read(ada, { limit: 4 });
  const second = await room.events.read(ada, { limit: 4, ...(first.next && { after: first.next }) });

  expect(first.events.map(({ requestId }) => requestId)).toEqual(['r4', 'r3', 'r2', 'r1']);
  expect(second.events.map(({ kind }) => kind)).toEqual(['sign_out', 'account.created']);
  expect(second.next).toBeUndefined();
});
