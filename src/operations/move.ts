import { newId } from '../domain/ids.ts';
import type { Events } from '../events/writer.ts';
import type { CollectionName } from '../storage/records.ts';
import { MoveRefused } from '../storage/refusals.ts';
import { copy, survey, type Copying } from './move-copy.ts';
import { claimSide, type MoveLease } from './move-lease.ts';
import { compare, copied, type Compared } from './move-rows.ts';
import { checkSides, installationOf } from './move-sides.ts';
import { changeStanding, type Position, type Standing } from './standing.ts';

/**
 * Moving house: every record of one store is copied to another, empty one, which then goes on in its place. What had to
 * be remembered to go on after a power cut stands in the target, beside the rows that it is about; what was changed at
 * the source between two attempts is found by comparing both sides from the beginning to the end.
 *
 * Neither side is ever open while the copy is not finished: first the target is marked, then the source; at the end the
 * source is given up before the target opens.
 */
export interface MoveDeps extends Omit<Copying, 'page' | 'told'>, Partial<Pick<Copying, 'page' | 'told'>> {
  /** Of the target. */
  events: Pick<Events, 'write'>;
  wait: (milliseconds: number) => Promise<void>;
}

export interface Moved {
  rows: number;
  /** Whether an earlier attempt had begun it. */
  resumed: boolean;
  /** Rows that the comparison found different: changed at the source since they were copied. */
  mended: number;
  collections: Record<string, { rows: number; sha256: string }>;
}

/** Until every node has seen that it may not write, and what was under way is over: in milliseconds. */
export const stillness = 15_000;

const mostRounds = 5;

/** Throws MoveRefused, and Unavailable where a store does not answer: called again, it goes on. */
export async function move(given: MoveDeps): Promise<Moved> {
  const { source, target, clock, page = 1000, told = () => undefined } = given;
  const wait = async (milliseconds: number): Promise<void> => {
    if (milliseconds <= 0) return;

    told({ doing: 'waiting', rows: 0 });
    await given.wait(milliseconds);
  };
  const deps = { ...given, page, told, wait };

  await checkSides(deps);
  const total = await survey(deps);

  await using lease = await claimSide(target, deps);
  // Looked at again: while it waited, another move may have come to its end.
  const found = await checkSides(deps);
  const begun = found ?? { id: newId(), installation: await installationOf(source.records, clock) };

  const at = await markTarget(deps, begun);
  await markSource(deps, begun.id);

  await copy(deps, { lease, at, total, id: begun.id });
  const compared = await settle(deps, lease, total);
  const rows = sum(compared, ({ rows: count }) => count);

  await deps.events.write('storage.moved', {
    actor: 'command-line',
    details: { from: source.label, to: target.label, rows },
  });
  await giveUpSource(deps, begun.id);
  await changeStanding(target.records, clock, (old) =>
    old.state === 'arriving' && old.move === begun.id ? { state: 'open' } : old,
  );

  return {
    rows,
    resumed: found !== undefined,
    mended: sum(compared, ({ mended }) => mended),
    collections: Object.fromEntries(
      [...compared].map(([name, { rows: count, source: sha256 }]) => [name, { rows: count, sha256 }]),
    ),
  };
}

type Running = MoveDeps & Copying;

function sum(compared: ReadonlyMap<string, Compared>, of: (one: Compared) => number): number {
  return [...compared.values()].reduce((total, one) => total + of(one), 0);
}

/** From here on nobody opens it but who goes on with this move. Answers how far an earlier attempt has come. */
async function markTarget({ source, target, clock }: Running, begun: Begun): Promise<Position | undefined> {
  const since = clock.now();

  const marked = await changeStanding(target.records, clock, (old): Standing => {
    if (old.state === 'arriving' && old.move === begun.id) return old;
    if (old.state !== 'open') throw new MoveRefused(`Another move copies into ${target.label}.`, 75);

    return { state: 'arriving', since, move: begun.id, from: source.label, source: begun.installation };
  });

  return marked.state === 'arriving' ? marked.at : undefined;
}

interface Begun {
  id: string;
  installation: string;
}

/** From here on nobody writes there. Where nodes share it, they are waited for, unless they were told before. */
async function markSource({ source, target, clock, wait }: Running, id: string): Promise<void> {
  const now = clock.now();

  const marked = await changeStanding(source.records, clock, (old): Standing => {
    if ((old.state === 'moving' || old.state === 'moved') && old.move === id) return old;
    if (old.state !== 'open' && old.state !== 'maintenance') throw undone(source.label);

    return {
      state: 'moving',
      since: old.state === 'maintenance' ? old.since : now,
      move: id,
      to: target.label,
    };
  });

  if (!source.alone && marked.state === 'moving') await wait(marked.since + stillness - now);
}

async function giveUpSource({ source, clock }: Running, id: string): Promise<void> {
  const at = clock.now();

  await changeStanding(source.records, clock, (old): Standing => {
    if (old.state === 'moved' && old.move === id) return old;
    if (old.state !== 'moving' || old.move !== id) throw undone(source.label);

    return { state: 'moved', at, move: id, to: old.to };
  });
}

function undone(label: string): MoveRefused {
  return new MoveRefused(`The move was taken back at ${label}, which goes on: the copy was not put to use.`);
}

/** Compares both sides, collection by collection, until nothing is left to mend. */
async function settle(deps: Running, lease: MoveLease, total: number): Promise<Map<CollectionName, Compared>> {
  const { source, target, clock, page, told } = deps;
  const settled = new Map<CollectionName, Compared>();
  let before = 0;

  for (const name of copied) {
    let mended = 0;

    for (let round = 1; ; round += 1) {
      const compared = await compare(name, {
        source: source.records,
        target: target.records,
        clock,
        page,
        async between(rows) {
          told({ doing: 'comparing', rows: before + rows, of: total, collection: name });
          await lease.keep();
        },
      });

      mended += compared.mended;
      settled.set(name, { ...compared, mended });

      if (compared.mended === 0 && compared.source === compared.target) break;

      if (round === mostRounds) {
        throw new MoveRefused(`${source.label} changes while it is copied (${name}): stop whatever writes to it.`);
      }
    }

    before += settled.get(name)?.rows ?? 0;
  }

  return settled;
}
