import { describe, expect, test } from '@jest/globals';

import { makeKey } from '../../src/operations/new-signing-key.ts';
import { valueOf } from '../support/app.ts';
import { start } from '../storage/rows.ts';
import { by, day, hour, listed, minute, openKeyRoom } from './signing-keys.ts';

describe('keeping the keys', () => {
  test('publishes the next key in time to take over when the old one has signed long enough', async () => {
    await using room = await openKeyRoom({ keys: { rotate_every: '30d', publish_before: '1d' } });
    const { keys, clock } = room;
    await keys.ensure();

    clock.set(start + 29 * day - 1);
    await keys.keep();
    expect(await room.states()).toEqual(['RS256 current', 'ES256 current']);

    clock.set(start + 29 * day);
    await keys.keep();
    await keys.keep();
    expect(await listed(keys, 'ES256')).toMatchObject([
      { state: 'current' },
      { state: 'next', from: start + 30 * day },
    ]);
    expect(await room.states()).toEqual(['RS256 current', 'RS256 next', 'ES256 current', 'ES256 next']);
    expect(room.events.slice(2)).toEqual(['keys.published RS256', 'keys.published ES256']);
  });

  test('late, after a long stand-still, publishes all the same before it signs', async () => {
    await using room = await openKeyRoom({ keys: { rotate_every: '30d', publish_before: '1d' } });
    await room.keys.ensure();

    room.clock.set(start + 300 * day);
    await room.keys.keep();

    expect(await listed(room.keys, 'RS256')).toMatchObject([{}, { state: 'next', from: start + 301 * day }]);
  });

  test('by two nodes at once makes one key', async () => {
    await using room = await openKeyRoom({ keys: { rotate_every: '30d' } });
    const other = await room.anotherNode();
    await room.keys.ensure();
    room.clock.set(start + 30 * day);

    await Promise.all([room.keys.keep(), other.keep(), room.keys.keep(), other.keep()]);

    expect(await room.states()).toEqual(['RS256 current', 'RS256 next', 'ES256 current', 'ES256 next']);
    expect((await room.records.signingKeys.list('created', 'all')).rows).toHaveLength(4);
  });

  test('never rotates when it is off', async () => {
    await using room = await openKeyRoom({ keys: { rotate_every: 'off' } });
    await room.keys.ensure();

    room.clock.set(start + 3000 * day);
    await room.keys.keep();

    expect(await room.states()).toEqual(['RS256 current', 'ES256 current']);
  });

  test('destroys the private half when it signs no more, and forgets the key when nothing hangs on it', async () => {
    await using room = await openKeyRoom({
      keys: { rotate_every: 'off', publish_before: '20m' },
      session: { absolute: '30d' },
    });
    const { keys, clock, records } = room;
    await keys.ensure();
    const [old] = await listed(keys, 'ES256');
    valueOf(await keys.rotate(by, { alg: 'ES256' }));

    // Until the last node has surely handed over, it may still be needed.
    clock.advance(20 * minute + 79_999);
    await keys.keep();
    expect(await records.signingKeys.get(old?.kid ?? '')).toHaveProperty('sealed');

    clock.advance(1);
    await keys.keep();
    await keys.keep();
    expect(await records.signingKeys.get(old?.kid ?? '')).not.toHaveProperty('sealed');
    expect(room.events.filter((event) => event.startsWith('keys.retired'))).toEqual(['keys.retired ES256']);

    // A session of 30 days may end with an ID token that it signed in its last second.
    clock.set(start + 20 * minute + 20_000 + 30 * day - 1);
    await keys.keep();
    expect(await listed(keys, 'ES256')).toHaveLength(2);

    clock.advance(1);
    await keys.keep();
    expect(await listed(keys, 'ES256')).toMatchObject([{ state: 'current' }]);
    expect(await records.signingKeys.get(old?.kid ?? '')).toBeUndefined();
    expect(room.events.at(-1)).toBe('keys.removed ES256');
  });

  test('clears away the rows of a change that a crash cut short, and none that is still going on', async () => {
    await using room = await openKeyRoom();
    await room.keys.ensure();
    const draft = await makeKey('ES256', room.clock.now(), room.sealing);
    await room.records.signingKeys.create(draft);

    room.clock.advance(hour - 1);
    await room.keys.keep();
    expect(await room.records.signingKeys.get(draft.id)).toBeDefined();

    room.clock.advance(1);
    await room.keys.keep();
    expect(await room.records.signingKeys.get(draft.id)).toBeUndefined();
    expect((await room.records.signingKeys.list('created', 'all')).rows).toHaveLength(2);
  });
});
