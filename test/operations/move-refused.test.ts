import { expect, test } from '@jest/globals';

import type { Write } from '../../src/storage/records.ts';
import { MoveRefused } from '../../src/storage/refusals.ts';
import { shapeOf } from '../../src/operations/move-rows.ts';
import { undoMove } from '../../src/operations/move-sides.ts';
import { changeStanding, standingOf } from '../../src/operations/standing.ts';
import { failed, fifty, samples, succeeded } from '../storage/rows.ts';
import { contents, describeMoves, isEmpty, names, opens, powerCut, put, sideOf, type Houses } from './houses.ts';

const events = { write: async () => undefined };

describeMoves('a move from $from to $to is refused', ({ open }) => {
  const refused = (words: string, exitCode = 1) => ({ message: expect.stringContaining(words), exitCode });

  test('where the target holds anything at all, and nothing is written', async () => {
    await using houses = await open();
    const { source, target } = houses;

    for (const name of names.filter((one) => one !== 'leases')) {
      await target.write([put(name, samples[name])]);
      const before = await contents(target);

      await expect(houses.move()).rejects.toMatchObject(refused(`in use (it holds ${name})`));

      expect(await contents(target)).toEqual(before);
      expect([await opens(source), await opens(target)]).toEqual([true, true]);
      await target.write([{ in: name, remove: samples[name].id } as Write]);
    }
  }, 60_000);

  test('where the target holds what another installation has begun', async () => {
    await using houses = await open();
    await using others = await open();
    await interrupted(others, { target: sideOf(houses.target, 'the new house') });
    const before = await contents(houses.target);

    await expect(houses.move()).rejects.toMatchObject(refused('unfinished copy of another installation'));

    expect(await contents(houses.target)).toEqual(before);
    expect(await opens(houses.source)).toBe(true);
  });

  test('where the source is half a copy, or holds nothing', async () => {
    await using houses = await open();
    const empty = await houses.another();
    await interrupted(houses);

    await expect(
      houses.move({ source: sideOf(houses.target, 'half a copy'), target: sideOf(empty, 'x') }),
    ).rejects.toMatchObject(refused('half a copy is itself a copy that is not finished'));
    await expect(
      houses.move({ source: sideOf(empty, 'nothing'), target: sideOf(await houses.another(), 'x') }),
    ).rejects.toMatchObject(refused('There is nothing in nothing to move'));
    expect(isEmpty(await contents(empty))).toBe(true);
  });

  test('where the source is on its way elsewhere, or has gone', async () => {
    await using houses = await open();
    const other = sideOf(await houses.another(), 'a third house');
    await interrupted(houses);

    await expect(houses.move({ target: other })).rejects.toMatchObject(refused('It is being moved to the new house'));
    await houses.move();
    await expect(houses.move({ target: other })).rejects.toMatchObject(refused('It was moved to the new house'));
    await expect(houses.move()).rejects.toMatchObject(refused('nothing is left to do'));
    expect(isEmpty(await contents(other.records))).toBe(true);
  });

  test('where something is sealed under a key that the target lacks, before anything is marked', async () => {
    await using houses = await open();
    const { source, target } = houses;
    const rows = {
      accounts: { ...samples.accounts, id: 'k', emailKey: 'k', eventKey: 'v1.lost.x' },
      events: { ...samples.events, id: 'k', personal: 'v1.lost.x' },
      factors: { ...samples.factors, id: 'k', pending: { id: 'p', sealed: 'v1.lost.x', binding: '', begunAt: 0 } },
      signingKeys: { ...samples.signingKeys, id: 'k', sealed: 'v1.lost.x' },
    };

    for (const [name, row] of Object.entries(rows)) {
      await source.write([put(name as keyof typeof rows, row)]);
      await expect(houses.move()).rejects.toMatchObject(refused('sealed under the key lost', 78));
      await source.write([{ in: name, remove: 'k' } as never]);
    }

    expect(isEmpty(await contents(target))).toBe(true);
    expect([await opens(source), await opens(target)]).toEqual([true, true]);

    // What the key seals, and what an account's own key does, is no hindrance; nor is a text that only looks like it.
    await source.write([
      put('accounts', { ...rows.accounts, eventKey: 'v1.key.x', displayName: 'v1.lost.x' }),
      put('events', { ...rows.events, personal: 'v1.@account.x' }),
    ]);
    await houses.move();
    expect(await target.accounts.get('k')).toMatchObject({ displayName: 'v1.lost.x' });
  });

  test('to all but one of fifty at once', async () => {
    await using houses = await open();
    const differently = { wait: async () => undefined, page: 100 };

    const results = await fifty(() => houses.move(differently));

    expect(succeeded(results)).toHaveLength(1);
    expect(failed(results).every((error) => error instanceof MoveRefused)).toBe(true);
    expect(await contents(houses.target)).toEqual(await contents(houses.source));
  }, 60_000);

  test('when another took over while it stood still, and that one comes to its end', async () => {
    await using houses = await open();
    let slept = false;

    const first = houses.move({
      told: ({ doing }) => {
        if (doing !== 'comparing' || slept) return;
        slept = true;
        houses.clock.advance(40_000);
      },
    });

    await expect(first).rejects.toMatchObject(refused('Another move has taken over', 75));
    expect(await houses.move()).toMatchObject({ resumed: true });
  });

  test('when the source never comes to rest', async () => {
    await using houses = await open();
    let changes = 0;
    const restless = {
      ...houses.source,
      grants: {
        ...houses.source.grants,
        scan: async (page?: { after?: string; limit?: number }) => {
          const found = await houses.source.grants.scan(page);
          changes += 1;

          return { ...found, rows: found.rows.map((row) => ({ ...row, lastUsedAt: changes })) };
        },
      },
    };

    await expect(houses.move({ source: sideOf(restless, 'a busy house') })).rejects.toMatchObject(
      refused('a busy house changes while it is copied (grants)'),
    );
    expect([await opens(houses.source), await opens(houses.target)]).toEqual([false, false]);
  });
});

describeMoves('a move from $from to $to', ({ open }) => {
  test('waits until every node has seen that it may not write, unless they were told before', async () => {
    await using houses = await open();
    await houses.move();
    expect(houses.waited).toEqual([15_000]);

    await using closed = await open();
    const since = closed.clock.now() - 10_000;
    await changeStanding(closed.source, closed.clock, () => ({ state: 'maintenance', since }));
    await closed.move();
    expect(closed.waited).toEqual([5_000]);
    expect(await standingOf(closed.target)).toEqual({ state: 'open' });

    await using alone = await open();
    await alone.move({ source: sideOf(alone.source, 'x', true), target: sideOf(alone.target, 'y', true) });
    expect(alone.waited).toEqual([]);
  }, 60_000);

  test('can be taken back: half done, and done', async () => {
    await using houses = await open();
    const { source, target, clock } = houses;
    const undo = () => undoMove({ source: sideOf(source, 'the old house'), clock, events });

    await expect(undo()).rejects.toMatchObject({
      message: 'the old house was not moved: there is nothing to take back.',
    });

    await interrupted(houses);
    expect(await undo()).toBe('the new house');
    expect([await opens(source), await opens(target)]).toEqual([true, false]);

    // People went on there; the same target takes it all the same.
    await source.accounts.remove('a');
    expect(await houses.move()).toMatchObject({ resumed: true });
    expect(await contents(target)).toEqual(await contents(source));

    expect(await undo()).toBe('the new house');
    expect([await opens(source), await opens(target)]).toEqual([true, true]);
    await expect(houses.move()).rejects.toMatchObject({ message: expect.stringContaining('in use') });
  });

  test('that is taken back while it runs leaves the copy closed', async () => {
    await using houses = await open();
    const { source, target, clock } = houses;
    let undone: Promise<string> | undefined;

    const moving = houses.move({
      told: ({ doing }) => {
        if (doing === 'comparing') undone ??= undoMove({ source: sideOf(source, 'the old house'), clock, events });
      },
    });

    await expect(moving).rejects.toMatchObject({ message: expect.stringContaining('was taken back') });
    expect(await undone).toBe('the new house');
    expect([await opens(source), await opens(target)]).toEqual([true, false]);
  });
});

test('whatever is called sealed in a row is known to be sealed', () => {
  const row = {
    ...samples,
    factors: {
      ...samples.factors,
      authenticators: [{ id: 'a', name: '', sealed: 'sealed', lastStep: 0, addedAt: 0 }],
      pending: { id: 'p', sealed: 'sealed', binding: '', begunAt: 0 },
    },
  };

  for (const name of names) {
    const known = (shapeOf(name).sealed?.(row[name]) ?? []).filter((value) => value !== undefined);
    expect([name, known.length]).toEqual([name, count(row[name])]);
  }

  function count(value: unknown): number {
    if (value === 'sealed') return 1;
    if (typeof value !== 'object' || value === null) return 0;

    return Object.values(value).reduce<number>((sum, inside) => sum + count(inside), 0);
  }
});

/** A move that ends in the middle. */
async function interrupted(houses: Houses, differently: Parameters<Houses['move']>[0] = {}): Promise<void> {
  const { around } = powerCut(20, { half: false });
  const to = differently.target ?? sideOf(houses.target, 'the new house');

  await expect(houses.move({ ...differently, target: { ...to, records: around(to.records) } })).rejects.toThrow('dark');
  // Whoever comes next need not wait for the one that died.
  houses.clock.advance(30_000);
}
