import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import type { SecurityEvent } from '../../src/domain/security-event.ts';
import { createActivity, type Activity } from '../../src/events/activity.ts';
import type { Origin } from '../../src/events/writer.ts';
import { openRoom, type Room } from '../credentials/room.ts';

let room: Room;
let activity: Activity;
let ada: Account;
let ben: Account;

beforeEach(async () => {
  room = await openRoom();
  activity = createActivity(room);
  ada = await made('ada@example.com');
  ben = await made('ben@example.com');
});

afterEach(() => room[Symbol.asyncDispose]());

async function made(email: string): Promise<Account> {
  const account = await room.accounts.create({ email }, { actor: 'command-line' });
  if (!account.ok) throw new Error('no account');
  room.clock.advance(1000);

  return account.value;
}

const from: Origin = { ip: '192.0.2.77', userAgent: 'Canary/1.0', requestId: 'request-1' };
const mine = () => ({ actor: ada.id, account: ada, from });
const kindsOf = async (group?: Parameters<Activity['list']>[1]) =>
  (await activity.list(ada, group)).events.map(({ kind }) => kind);

/** An event as it rests, of so long ago. */
function row(ago: number, kind: string, group: string): SecurityEvent {
  const at = room.clock.now() - ago;

  return { id: `${at} ${kind}`, kind, group, at, accountId: ada.id, actor: ada.id, details: {} };
}

describe('what happened to an account, for its owner', () => {
  test('says who did it, where from, and for how many more it stands', async () => {
    await room.events.write('sign_out', mine());
    room.clock.advance(1);
    await room.events.write('token.issued', {
      actor: 'client:wiki',
      account: ada,
      clientId: 'wiki',
      from: { ...from, program: true },
      details: { grantType: 'authorization_code', scopes: ['openid'] },
    });
    room.clock.advance(1);
    await room.events.write('account.disabled', { actor: ben.id, account: ada, details: {} });
    await room.records.events.create({ ...row(-1, 'sign_in.blocked', 'sign-ins'), details: { leftOut: 12 } });

    const { events } = await activity.list(ada);

    expect(events).toMatchObject([
      { kind: 'sign_in.blocked', leftOut: 12, details: {} },
      { kind: 'account.disabled', by: 'administrator', unreadable: false },
      { kind: 'token.issued', by: 'app', clientId: 'wiki', from: { ip: from.ip, program: true } },
      { kind: 'sign_out', by: 'self', from: { ip: from.ip, userAgent: from.userAgent, program: false } },
      { kind: 'account.created', by: 'operator' },
    ]);
    expect(events[1]).not.toHaveProperty('from');
  });

  test('is listed by group, and what is none of the owner’s business nowhere', async () => {
    await room.events.write('password.set', mine());
    await room.events.write('client.authentication_failed', mine());
    await room.records.events.create(row(-1, 'written.by_a_later_version', 'security'));

    expect(await kindsOf()).toEqual(['password.set', 'account.created']);
    expect(await kindsOf({ group: 'security' })).toEqual(['password.set', 'account.created']);
    expect(await kindsOf({ group: 'applications' })).toEqual([]);
  });

  test('somebody else’s is not there', async () => {
    await room.events.write('sign_out', mine());
    const [{ id } = { id: '' }] = (await activity.list(ada)).events;

    expect(await activity.find(ada, id)).toMatchObject({ kind: 'sign_out' });
    expect(await activity.find(ben, id)).toBeUndefined();
    expect(await activity.find(ada, 'nothing')).toBeUndefined();
  });

  test('without the account’s key it is still said what happened, and when', async () => {
    await room.events.write('sign_out', mine());
    const destroyed = { id: ada.id, eventKey: '' };
    const another = { id: ada.id, eventKey: room.events.newEventKey(ada.id) };

    for (const account of [destroyed, another]) {
      const [event] = (await activity.list(account)).events;

      expect(event).toMatchObject({ kind: 'sign_out', unreadable: true });
      expect(event).not.toHaveProperty('from');
    }
  });

  test('of a hundred thousand events a filtered page is read like any other: once, so many rows and no more', async () => {
    const { records } = room;
    const flood = Array.from({ length: 100_000 }, (_, n) => row(n + 1, 'token.issued', 'applications'));
    for (let next = 0; next < flood.length; next += 5_000) {
      await records.write(flood.slice(next, next + 5_000).map((create) => ({ in: 'events', create })));
    }
    const asked: unknown[] = [];
    const events: typeof records.events = {
      ...records.events,
      list: (list, group, page) => {
        asked.push([list, group, page?.limit]);

        return records.events.list(list, group, page);
      },
    };
    const watched = createActivity({ ...room, records: { events } });

    const { events: found, next } = await watched.list(ada, { group: 'security' });
    expect(found.map(({ kind }) => kind)).toEqual(['account.created']);
    expect(next).toBeUndefined();
    expect(asked).toEqual([['group', `${ada.id} security`, 25]]);

    const first = await watched.list(ada, { group: 'applications' });
    const second = await watched.list(ada, { group: 'applications', after: first.next });
    expect([...first.events, ...second.events].map(({ id }) => id)).toEqual(flood.slice(0, 50).map(({ id }) => id));
    expect(asked).toHaveLength(3);
  }, 60_000);
});
