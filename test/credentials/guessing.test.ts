import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { fifty, limits, openRoom, type Room } from './room.ts';
import { accountId, elsewhere, guesses } from './guesses.ts';

let room: Room;

beforeEach(async () => {
  room = await openRoom();
});

afterEach(() => room[Symbol.asyncDispose]());

describe('waits', () => {
  test('after five failures of a pair grow from 5 s to 5 min', async () => {
    const { wrong } = guesses(room);
    for (let index = 0; index < 5; index += 1) expect(await wrong()).toBe('wrong');

    const waits: number[] = [];
    for (let index = 0; index < 8; index += 1) {
      const refused = await wrong();
      if (typeof refused !== 'object') throw new Error('no wait');

      waits.push(refused.retryAfter);
      room.clock.advance(refused.retryAfter * 1000 - 1);
      expect(await wrong()).toMatchObject({ allowed: false, reason: 'pair', retryAfter: 1 });
      room.clock.advance(1);
      expect(await wrong()).toBe('wrong');
    }

    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
  });

  test('are not made longer by tries that they refuse', async () => {
    const { wrong } = guesses(room);
    for (let index = 0; index < 5; index += 1) await wrong();

    room.clock.advance(3000);
    for (let index = 0; index < 20; index += 1) await wrong();

    expect(await wrong()).toMatchObject({ retryAfter: 2 });
  });

  test('are the same for a right password, which is not looked at', async () => {
    const { wrong, right, seen } = guesses(room);
    for (let index = 0; index < 5; index += 1) await wrong();
    const refused = await wrong();

    expect(await right()).toEqual(refused);
    expect(seen.verified).toBe(5);
  });

  test('are the same for an address that nobody has', async () => {
    const { wrong } = guesses(room);
    const known: unknown[] = [];
    const unknown: unknown[] = [];

    for (let index = 0; index < 8; index += 1) {
      known.push(await wrong());
      unknown.push(await wrong({ email: 'nobody@example.com', accountId: undefined, ip: '192.0.2.2' }));
    }

    expect(unknown).toEqual(known);
  });

  test('are forgotten with the failures after the window', async () => {
    const { wrong } = guesses(room);
    for (let index = 0; index < 5; index += 1) await wrong();
    room.clock.advance(limits.window * 1000);

    for (let index = 0; index < 5; index += 1) expect(await wrong()).toBe('wrong');
  });

  test('of an address: 50 failures at different accounts slow it, and nobody else', async () => {
    const { wrong } = guesses(room);
    for (let index = 0; index < 50; index += 1) expect(await wrong({ email: `p${index}@example.com` })).toBe('wrong');

    expect(await wrong({ email: 'p99@example.com' })).toMatchObject({ reason: 'address' });
    expect(await wrong({ email: 'p99@example.com', ip: '192.0.2.9' })).toBe('wrong');
  });

  test('of an IPv6 network: its /64 is one address, and so is a mapped IPv4 address', async () => {
    const { wrong } = guesses(room, { failures_per_pair: 2 });

    await wrong({ ip: '2001:db8:1:2::1' });
    await wrong({ ip: '2001:db8:1:2:ffff::7' });
    expect(await wrong({ ip: '2001:0db8:0001:0002:a::' })).toMatchObject({ reason: 'pair' });
    expect(await wrong({ ip: '2001:db8:1:3::1' })).toBe('wrong');

    await wrong({ ip: '203.0.113.5' });
    await wrong({ ip: '::ffff:203.0.113.5' });
    expect(await wrong({ ip: '203.0.113.5' })).toMatchObject({ reason: 'pair' });
  });
});

describe('successes never count', () => {
  test('40 sign-ins of one person from one address in 20 s all work, one after another', async () => {
    const { right } = guesses(room);

    for (let index = 0; index < 40; index += 1) {
      expect(await right({ deviceId: `fresh-browser-${index}-0123` })).toBe('right');
      room.clock.advance(500);
    }
  });

  test('and 50 at once', async () => {
    const { right, seen } = guesses(room);
    const results = await fifty((index) => right({ deviceId: `fresh-browser-${index}-0123` }));

    expect(results.map((one) => (one.status === 'fulfilled' ? one.value : one.reason))).toEqual(
      Array(50).fill('right'),
    );
    expect(seen.verified).toBe(50);
  });

  test('a success ends the row of failures of its pair, not those of its address', async () => {
    const { wrong, right } = guesses(room, { failures_per_address: 8 });

    for (let index = 0; index < 4; index += 1) await wrong();
    await right();
    for (let index = 0; index < 4; index += 1)
      expect(await wrong({ deviceId: 'another-device-of-the-net' })).toBe('wrong');

    expect(await wrong({ email: 'bob@example.com', accountId: undefined })).toMatchObject({ reason: 'address' });
  });

  test('what was never verified does not count', async () => {
    const { guessing, wrong } = guesses(room);

    for (let index = 0; index < 20; index += 1) {
      const admission = await guessing.admit({
        email: 'ada@example.com',
        ip: '192.0.2.1',
        deviceId: 'd'.repeat(22),
        accountId,
      });
      if (!admission.allowed) throw new Error(admission.reason);
      await guessing.withdrawn(admission.ticket);
    }

    for (let index = 0; index < 5; index += 1) expect(await wrong()).toBe('wrong');
  });
});

describe('S86: guesses in parallel', () => {
  test('100 wrong ones count as 100', async () => {
    const { wrong, seen } = guesses(room, {
      failures_per_pair: 100,
      failures_per_account: 101,
      failures_per_address: 101,
    });
    await Promise.all(Array.from({ length: 100 }, () => wrong()));

    expect(seen.verified).toBe(100);
    expect(await wrong()).toMatchObject({ allowed: false });
  });

  test('none is looked at beyond the limit', async () => {
    const { wrong, seen } = guesses(room);
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => wrong()));

    expect(seen.verified).toBe(5);
    expect(outcomes.filter((one) => one === 'wrong')).toHaveLength(5);
  });

  test('nor from 100 addresses at one account', async () => {
    const { wrong, seen } = guesses(room);
    await Promise.all(Array.from({ length: 100 }, (_, index) => wrong(elsewhere(index))));

    expect(seen.verified).toBe(20);
  });

  test('nor by two nodes on one store', async () => {
    const [one, other] = [guesses(room), guesses(room)];
    await Promise.all(Array.from({ length: 100 }, (_, index) => (index % 2 ? one : other).wrong()));

    expect(one.seen.verified + other.seen.verified).toBe(5);
  });
});

test('S87: every spelling of an address is one counter', async () => {
  const { wrong } = guesses(room);

  for (const email of [
    'ada@example.com',
    ' ADA@example.com',
    'Ada@Example.COM\t',
    'ａｄａ@example.com',
    'ada@ｅxample.com ',
  ]) {
    expect(await wrong({ email })).toBe('wrong');
  }

  expect(await wrong({ email: 'aDa@example.com' })).toMatchObject({ allowed: false, reason: 'pair' });
});

test('what was tried is not written down: no address is in the store', async () => {
  const written: unknown[] = [];
  const write: Room['records']['write'] = async (writes) => {
    written.push(...writes);
    return room.records.write(writes);
  };

  await guesses({ ...room, records: { ...room.records, write } }).wrong();

  expect(written.length).toBeGreaterThan(0);
  expect(JSON.stringify(written)).not.toMatch(/ada|192/i);
});
