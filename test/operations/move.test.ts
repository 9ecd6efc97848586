import { createHash } from 'node:crypto';

import { expect, test } from '@jest/globals';

import { standingOf } from '../../src/operations/standing.ts';
import { samples, start, hour } from '../storage/rows.ts';
import {
  contents,
  Dark,
  describeMoves,
  isEmpty,
  names,
  opens,
  powerCut,
  put,
  sideOf,
  type Houses,
  type Pair,
} from './houses.ts';

describeMoves('moving from $from to $to', ({ open }) => {
  test('takes every row of every collection along, and gives the source up', async () => {
    await using houses = await open();
    const before = await contents(houses.source);

    const moved = await houses.move();

    expect(names.filter((name) => name !== 'leases').every((name) => (before[name]?.length ?? 0) >= 7)).toBe(true);
    expect(await contents(houses.target)).toEqual({ ...before, settings: expect.any(Array) });
    expect(await contents(houses.target)).toEqual(await contents(houses.source));
    expect(moved).toMatchObject({ resumed: false, mended: 0 });
    expect(moved.rows).toBe(Object.values(await contents(houses.target)).flat().length);

    expect(await opens(houses.target)).toBe(true);
    expect(await standingOf(houses.source)).toMatchObject({ state: 'moved', to: 'the new house' });
  });

  test('tells a digest that anybody can take again', async () => {
    await using houses = await open();

    const { collections } = await houses.move();

    const rows = ['$x.y', 'B', '__proto__', 'a', 'b', 'z\ufffd', 'z\u{1f600}'];
    const lines = rows.map((id) => `{"expiresAt":${start + hour},"id":${JSON.stringify(id)}}\n`);
    const sha256 = createHash('sha256').update(lines.join('')).digest('hex');
    expect(collections['used']).toEqual({ rows: 7, sha256 });
    expect(Object.keys(collections)).toEqual(names.filter((name) => name !== 'leases'));
  });

  test.each([
    ['between any two of its writes', { half: false }],
    ['in the middle of a batch', { half: true }],
  ])(
    'goes on after a power cut %s',
    async (_where, how) => {
      const states = new Set<string>();

      for (const after of await someOf(open, how)) {
        await using houses = await open();
        const { source, target } = houses;
        const { around } = powerCut(after, how);

        await expect(
          houses.move({
            source: sideOf(around(source), 'the old house'),
            target: sideOf(around(target), 'the new house'),
          }),
        ).rejects.toThrow(Dark);

        states.add((await standingOf(source)).state);
        await neverBothOpen(houses);

        // The lease of the one that died is waited for.
        const { rows } = await houses.move();

        const found = await contents(target);
        expect(found).toEqual(await contents(source));
        expect(Object.values(found).flat()).toHaveLength(rows);
        expect([await opens(source), await opens(target)]).toEqual([false, true]);
      }

      expect(states).toEqual(new Set(how.half ? ['moving'] : ['open', 'moving', 'moved']));
    },
    120_000,
  );

  test('takes along what was changed at the source between two attempts', async () => {
    await using houses = await open();
    const { source, target } = houses;
    const { around } = powerCut(30, { half: false });
    await expect(houses.move({ target: sideOf(around(target), 'the new house') })).rejects.toThrow(Dark);

    // Two people swap their addresses, a third takes a fourth's, and what was copied goes, comes and changes.
    await source.accounts.update('a', (old) => ({ ...old, emailKey: 'meanwhile' }));
    await source.accounts.update('b', (old) => ({ ...old, emailKey: 'a@example.org' }));
    await source.accounts.update('a', (old) => ({ ...old, emailKey: 'b@example.org' }));
    await source.accounts.remove('B');
    await source.accounts.update('z\ufffd', (old) => ({ ...old, emailKey: 'B@example.org' }));
    await source.write([
      put('accounts', { ...samples.accounts, id: '!first', emailKey: 'first' }),
      put('passwords', { ...samples.passwords, id: 'a', hash: '$argon2id$new' }),
      { in: 'clients', remove: 'a' },
    ]);

    const moved = await houses.move();

    expect(moved).toMatchObject({ resumed: true });
    expect(moved.mended).toBeGreaterThan(3);
    expect(await contents(target)).toEqual(await contents(source));
    expect(await target.accounts.find('email', 'a@example.org')).toMatchObject({ id: 'b' });
  });

  test('leaves out what has expired, also while it is on its way', async () => {
    await using houses = await open();
    const { source, target, clock } = houses;
    await source.write([
      put('used', { ...samples.used, id: 'over', expiresAt: start - 1 }),
      put('used', { ...samples.used, id: 'soon', expiresAt: start + 35_000 }),
    ]);

    const { collections } = await houses.move({
      told: ({ doing, collection }) => {
        // By then it was copied.
        if (doing === 'comparing' && collection === 'accounts') clock.advance(20_000);
      },
    });

    expect(collections['used']).toMatchObject({ rows: 7 });
    expect(await target.used.get('soon')).toBeUndefined();
    expect(await target.used.get('over')).toBeUndefined();
    expect(await contents(target)).toEqual(await contents(source));
  });

  test('stops when a store does not answer, and goes on when it does', async () => {
    await using houses = await open();
    const { target } = houses;
    const lost = new Error('gone');
    let pages = 0;
    const failing = {
      ...target,
      write: (writes: Parameters<typeof target.write>[0]) =>
        pages++ < 7 ? target.write(writes) : Promise.reject(lost),
    };

    await expect(houses.move({ target: sideOf(failing, 'the new house') })).rejects.toBe(lost);
    await neverBothOpen(houses);
    expect(await opens(houses.source)).toBe(false);

    expect(await houses.move()).toMatchObject({ resumed: true });
    expect(await contents(target)).toEqual(await contents(houses.source));
  });
});

/** After how many writes the power goes: all that mark something, and some of the pages between. */
async function someOf(open: Pair['open'], { half }: { half: boolean }): Promise<number[]> {
  await using houses = await open();
  const { around, writes } = powerCut(Infinity, { half });

  await houses.move({
    source: sideOf(around(houses.source), 'the old house'),
    target: sideOf(around(houses.target), 'the new house'),
  });

  const all = Array.from({ length: writes() }, (_, number) => number);
  // The last one gives the lease back: by then it is done.
  const marks = half ? [] : [...all.slice(0, 5), ...all.slice(-4, -1)];

  return [...marks, ...all.slice(5, -4).filter((number) => number % 40 === 0)];
}

async function neverBothOpen({ source, target }: Pick<Houses, 'source' | 'target'>): Promise<void> {
  const both = (await opens(source)) && (await opens(target));

  if (both) expect(isEmpty(await contents(target))).toBe(true);
}
