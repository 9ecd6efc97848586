import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Attempt, Guessing, Ticket } from '../../src/credentials/guessing.ts';
import { Unavailable } from '../../src/domain/errors.ts';
import type { Records } from '../../src/storage/records.ts';
import { accountId, guesses } from './guesses.ts';
import { limits, openRoom, type Room } from './room.ts';

/** Fewer than may fail at one address, and more than at one pair. */
const people = 30;

let room: Room;

beforeEach(async () => {
  room = await openRoom();
});

afterEach(() => room[Symbol.asyncDispose]());

const ada: Attempt = { email: 'ada@example.com', ip: '192.0.2.1', deviceId: 'd'.repeat(22), accountId };

/** Guessing over a store of which nothing that is written arrives before it is let through, or is refused. */
function heldUp() {
  const held: PromiseWithResolvers<void>[] = [];
  let asked = 0;
  let open = true;

  const write: Records['write'] = async (writes, how) => {
    asked += 1;

    if (!open) {
      const one = Promise.withResolvers<void>();
      held.push(one);
      await one.promise;
    }

    return room.records.write(writes, how);
  };

  return {
    guessing: guesses({ ...room, records: { ...room.records, write } }).guessing,
    asked: () => asked,
    hold: () => void (open = false),

    async until(count: number) {
      while (held.length < count) await new Promise(setImmediate);
    },

    letThrough() {
      open = true;
      for (const one of held.splice(0)) one.resolve();
    },

    async freeze(count: number) {
      await this.until(count);
      for (const one of held.splice(0)) one.reject(new Unavailable('the store does not answer'));
    },
  };
}

const all = <T>(one: (index: number) => Promise<T>) => Promise.all(Array.from({ length: people }, (_, n) => one(n)));

/** What it fails with; that it does not is told as well. */
const failure = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing',
    (error: unknown) => (error instanceof Error ? error.message : error),
  );

const away = 'the store does not answer';

test('people sign in side by side, also from one address: none waits for the trips of another', async () => {
  const store = heldUp();
  store.hold();

  const admitted = all((n) =>
    store.guessing.admit({ ...ada, email: `person-${n}@example.com`, accountId: `account-${n}` }),
  );

  // Would one of them wait, they would never all be on their way.
  await store.until(people);
  store.letThrough();

  expect((await admitted).filter(({ allowed }) => allowed)).toHaveLength(people);
  expect(store.asked()).toBe(people);
});

describe('a store that stands still is one failure for all, and not one after another', () => {
  test('to those for whom there may be no room behind those that are being counted', async () => {
    const store = heldUp();
    store.hold();

    const failing = all(() => failure(store.guessing.admit(ada)));
    await store.freeze(limits.failures_per_pair);

    expect(await failing).toEqual(Array(people).fill(away));
    expect(store.asked()).toBe(limits.failures_per_pair);
  });

  test('to those who wait for what comes of tries that were counted', async () => {
    const store = heldUp();
    const tickets = await Promise.all(Array.from({ length: limits.failures_per_pair }, () => ticket(store.guessing)));
    const waiting = all(() => failure(store.guessing.admit(ada)));
    await turns();
    const before = store.asked();

    store.hold();
    const [first] = tickets;
    const leaving = first && failure(store.guessing.succeeded(first, accountId));
    await store.freeze(1);

    expect(await leaving).toBe(away);
    expect(await waiting).toEqual(Array(people).fill(away));
    expect(store.asked()).toBe(before + 1);
  });

  test('and is forgotten: whoever comes when it goes on is counted as ever', async () => {
    const store = heldUp();
    store.hold();
    const failing = all(() => failure(store.guessing.admit(ada)));
    await store.freeze(limits.failures_per_pair);
    await failing;
    store.letThrough();

    for (let n = 0; n < limits.failures_per_pair; n += 1) await store.guessing.failed(await ticket(store.guessing));

    expect(await store.guessing.admit(ada)).toMatchObject({ allowed: false, reason: 'pair' });
  });
});

async function ticket(guessing: Guessing): Promise<Ticket> {
  const admission = await guessing.admit(ada);
  if (!admission.allowed) throw new Error(admission.reason);

  return admission.ticket;
}

/** Until whoever asks has been told that there is no room. */
async function turns(): Promise<void> {
  for (let n = 0; n < 20; n += 1) await new Promise(setImmediate);
}
