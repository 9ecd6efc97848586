import { describe, expect, test } from '@jest/globals';

import { createQueue, type Claimed } from '../../src/messages/queue.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import { claimLasts } from '../../src/storage/queue.ts';
import type { Records } from '../../src/storage/records.ts';
import type { SettableClock } from '../support/clock.ts';
import { fifty, sample, start, succeeded } from '../storage/rows.ts';
import { describeStore, opened, recordsStore, type MakeStore } from '../storage/stores.ts';

const minute = 60_000;

interface Nodes extends AsyncDisposable {
  records: Records;
  clock: SettableClock;
  one: ReturnType<typeof createQueue>;
  other: ReturnType<typeof createQueue>;
}

for (const backend of recordsBackends) {
  describeStore(backend.kind, () => describe(`the queue on ${backend.kind}`, () => queueOn(recordsStore(backend))));
}

function queueOn(store: MakeStore<Records>): void {
  /** Two nodes over one store. */
  async function nodes(): Promise<Nodes> {
    const place = await opened(store);
    const { port: records, clock } = place;

    return {
      records,
      clock,
      one: createQueue({ records, clock }),
      other: createQueue({ records: await place.another(), clock }),
      [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
    };
  }

  const message = (id: string, differently = {}) =>
    sample('messages', { id, newestOf: id, expiresAt: start + 100 * minute, ...differently });

  async function claimed(queue: Nodes['one']): Promise<Claimed> {
    const taken = await queue.claim('email');
    if (!taken) throw new Error('nothing was due');

    return taken;
  }

  test('fifty at once on two nodes: each message is one’s alone', async () => {
    await using at = await nodes();
    for (let number = 0; number < 30; number += 1) {
      await at.records.messages.create(message(`message-${String(number).padStart(2, '0')}`));
    }

    const taken = succeeded(await fifty((number) => (number % 2 ? at.one : at.other).claim('email'))).filter(Boolean);

    expect(taken).toHaveLength(30);
    expect(new Set(taken.map((each) => each?.id)).size).toBe(30);
    expect(await at.one.claim('email')).toBeUndefined();
  });

  test('the longest due comes first, what is not due not at all, and each channel is its own', async () => {
    await using at = await nodes();
    await at.records.messages.create(message('later', { nextAt: start + 2 }));
    await at.records.messages.create(message('text', { channel: 'sms', nextAt: start }));
    await at.records.messages.create(message('sooner', { nextAt: start + 1 }));

    expect(await at.one.claim('email')).toBeUndefined();
    expect(await at.one.nextAt('email')).toBe(start + 1);

    at.clock.set(start + 2);
    expect((await claimed(at.one)).id).toBe('sooner');
    expect((await claimed(at.other)).id).toBe('later');
    expect(await at.one.claim('sms')).toMatchObject({ id: 'text', attempts: 1 });
  });

  test('a node that dies in the middle gives its message back; one that is only slow keeps it', async () => {
    await using at = await nodes();
    await at.records.messages.create(message('message-1'));
    const slow = await claimed(at.one);

    at.clock.advance(claimLasts - 1);
    await at.one.renew(slow);
    at.clock.advance(claimLasts - 1);
    expect(await at.other.claim('email')).toBeUndefined();

    at.clock.advance(1);
    const second = await claimed(at.other);
    expect(second).toMatchObject({ id: slow.id, attempts: 2 });

    // The first one comes back to life: it has nothing to say any more.
    expect(await at.one.settle(slow, { kind: 'failed', error: 'late' })).toBeUndefined();
    await at.one.renew(slow);
    expect(await at.other.settle(second, { kind: 'sent' })).toBe('sent');
    expect(await at.records.messages.get(slow.id)).toMatchObject({ state: 'sent', attempts: 2 });
  });

  test('what is given back untried counts for nothing and is due at once', async () => {
    await using at = await nodes();
    await at.records.messages.create(message('message-1'));

    expect(await at.one.settle(await claimed(at.one), { kind: 'unsent' })).toBe('queued');
    expect(await at.other.claim('email')).toMatchObject({ attempts: 1 });
  });

  test('a code is not tried again when it would be dead by then', async () => {
    await using at = await nodes();
    await at.records.messages.create(message('message-1', { usefulUntil: start + 3 * minute }));
    const states: (string | undefined)[] = [];

    for (let attempt = 0; attempt < 3; attempt += 1) {
      states.push(await at.one.settle(await claimed(at.one), { kind: 'retry', error: 'down' }));
      at.clock.advance(minute);
    }

    // At once, after ten seconds, after a minute; the next would be five minutes later.
    expect(states).toEqual(['queued', 'queued', 'failed']);
    const given = await at.records.messages.get('message-1');
    expect(given).toMatchObject({ state: 'failed', lastError: 'down' });
    expect(given).not.toHaveProperty('sealed');
  });

  test('a server that names a time is not asked before it', async () => {
    await using at = await nodes();
    await at.records.messages.create(message('message-1'));
    await at.one.settle(await claimed(at.one), { kind: 'retry', error: 'busy', after: 1800 });

    expect(await at.one.nextAt('email')).toBe(start + 30 * minute);
  });

  test('of those that replace each other, only the newest is current', async () => {
    await using at = await nodes();
    const first = message('first', { newestOf: 'code', createdAt: start });
    const second = message('second', { newestOf: 'code', createdAt: start + 1 });
    await at.records.messages.create(first);
    expect(await at.one.isOutdated(first)).toBe(false);

    await at.records.messages.create(second);
    expect(await at.one.isOutdated(first)).toBe(true);
    expect(await at.one.isOutdated(second)).toBe(false);
    expect(await at.one.isOutdated(message('other'))).toBe(false);
  });
}
