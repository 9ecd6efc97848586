import { describe, expect, test } from '@jest/globals';

import { scheduleSetting } from '../../src/domain/signing-key.ts';
import { makeKey } from '../../src/operations/new-signing-key.ts';
import { valueOf } from '../support/app.ts';
import { fifty, start, succeeded } from '../storage/rows.ts';
import { by, day, hour, listed, minute, openKeyRoom } from './signing-keys.ts';

const second = 1000;

describe('the first keys', () => {
  test('are made at the first start, sealed, and are there on the next', async () => {
    await using room = await openKeyRoom();
    expect(await room.keys.list()).toBeUndefined();

    await room.keys.ensure();
    const made = await room.keys.list();
    await room.keys.ensure();

    expect(made).toMatchObject([
      { alg: 'RS256', state: 'current', from: start },
      { alg: 'ES256', state: 'current', from: start },
    ]);
    expect(await room.keys.list()).toEqual(made);
    expect(room.events).toEqual(['keys.created RS256', 'keys.created ES256']);

    const { rows } = await room.records.signingKeys.list('created', 'all');
    expect(JSON.stringify(rows)).not.toContain('"d"');
    expect(() => room.sealing.open(rows[0]?.sealed ?? '', 'signing-key:another')).toThrow();
  });

  test('are one set, however many nodes start for the first time at once', async () => {
    await using room = await openKeyRoom();
    const nodes = await Promise.all(Array.from({ length: 5 }, () => room.anotherNode()));
    await Promise.all(nodes.map((keys) => keys.ensure()));

    expect(await room.states()).toEqual(['RS256 current', 'ES256 current']);
    expect((await room.records.signingKeys.list('created', 'all')).rows).toHaveLength(2);
  });

  test('of release 0.1 go on signing, and count from when they were made', async () => {
    await using room = await openKeyRoom();
    const { clock, records, sealing } = room;
    const rows = [await makeKey('RS256', start, sealing), await makeKey('ES256', start, sealing)];
    for (const row of rows) await records.signingKeys.create(row);
    const value = Object.fromEntries(rows.map(({ id, alg }) => [alg, id]));
    await records.settings.create({ id: scheduleSetting, value, updatedAt: start });

    clock.advance(day);
    await room.keys.ensure();

    expect(await room.keys.list()).toEqual(
      rows.map(({ id, alg }) => ({ kid: id, alg, from: start, life: 86_400, state: 'current' })),
    );
    expect(room.events).toEqual([]);
  });
});

describe('a rotation', () => {
  test('publishes first, signs later, and stays published until its last token is over', async () => {
    await using room = await openKeyRoom({ tokens: { id_token: '2h' }, keys: { publish_before: '20m' } });
    const { keys, clock } = room;
    await keys.ensure();
    clock.advance(day);

    const [next] = valueOf(await keys.rotate(by, { alg: 'RS256' }));
    expect(next).toMatchObject({ alg: 'RS256', state: 'next', from: start + day + 20 * minute });
    expect(await room.states()).toEqual(['RS256 current', 'RS256 next', 'ES256 current']);

    clock.advance(20 * minute - 1);
    expect(await room.states()).toEqual(['RS256 current', 'RS256 next', 'ES256 current']);

    clock.advance(1);
    const [old, current] = await listed(keys, 'RS256');
    // Another node may still sign for 20 s, two hours is the longest life, and clocks differ by 15 s.
    expect(old).toMatchObject({ state: 'retired', until: clock.now() });
    expect(old?.publishedUntil).toBe(clock.now() + 20 * second + 2 * hour + 15 * second);
    expect(current).toMatchObject({ kid: next?.kid, state: 'current' });
    expect(room.events.slice(2)).toEqual(['keys.published RS256']);
  });

  test('waits for the longest life that any node was ever told of', async () => {
    await using room = await openKeyRoom();
    const longer = {
      resources: [{ identifier: 'https://api.example.com', name: 'API', access_token: '5h', scopes: [{ name: 'a' }] }],
    };
    await room.keys.ensure();
    await (await room.anotherNode(longer)).ensure();
    await room.keys.ensure();

    valueOf(await room.keys.rotate(by));
    const lives = ((await room.keys.list()) ?? []).map(({ life }) => life);
    expect(lives).toEqual(Array.from({ length: 4 }, () => 5 * 3600));
  });

  test('is refused while a key waits, and then nothing is changed', async () => {
    await using room = await openKeyRoom();
    await room.keys.ensure();
    const [waiting] = valueOf(await room.keys.rotate(by, { alg: 'ES256' }));

    expect(await room.keys.rotate(by)).toEqual({
      ok: false,
      problems: [
        {
          path: '',
          key: 'problem.keyWaits',
          values: { alg: 'ES256', kid: waiting?.kid, from: '2026-01-01T00:20:00.000Z' },
        },
      ],
    });
    expect(await room.states()).toEqual(['RS256 current', 'ES256 current', 'ES256 next']);
    expect((await room.records.signingKeys.list('created', 'all')).rows).toHaveLength(3);
  });

  test('fifty at once on two nodes make one', async () => {
    await using room = await openKeyRoom();
    await room.keys.ensure();
    const other = await room.anotherNode();

    const results = await fifty((number) => (number % 2 === 0 ? room.keys : other).rotate(by, { alg: 'ES256' }));

    expect(succeeded(results).filter(({ ok }) => ok)).toHaveLength(1);
    expect(succeeded(results)).toHaveLength(50);
    expect(await room.states()).toEqual(['RS256 current', 'ES256 current', 'ES256 next']);
    expect((await room.records.signingKeys.list('created', 'all')).rows).toHaveLength(3);
  });
});

describe('F18: keys that leaked', () => {
  test('are gone at once, also the one that waits, and new ones sign', async () => {
    await using room = await openKeyRoom();
    await room.keys.ensure();
    valueOf(await room.keys.rotate(by));
    const old = ((await room.keys.list()) ?? []).map(({ kid }) => kid);
    room.clock.advance(minute);

    const made = await room.keys.replace(by);

    expect(made).toMatchObject([
      { alg: 'RS256', state: 'current', from: room.clock.now() },
      { alg: 'ES256', state: 'current', from: room.clock.now() },
    ]);
    expect(await room.keys.list()).toEqual(made);
    for (const kid of old) expect(await room.records.signingKeys.get(kid)).toBeUndefined();
    expect(room.events.slice(4)).toEqual([
      'keys.revoked RS256',
      'keys.revoked ES256',
      'keys.revoked RS256',
      'keys.revoked ES256',
      'keys.created RS256',
      'keys.created ES256',
    ]);
  });

  test('of one algorithm leave the other alone', async () => {
    await using room = await openKeyRoom();
    await room.keys.ensure();
    const [rsa] = await listed(room.keys, 'RS256');

    await room.keys.replace(by, { alg: 'ES256' });

    expect(await listed(room.keys, 'RS256')).toEqual([rsa]);
    expect(await listed(room.keys, 'ES256')).toHaveLength(1);
  });
});
