import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import type { CollectionName, Page, Records, Write } from '../storage/records.ts';
import { MoveRefused } from '../storage/refusals.ts';
import { sealedUnder } from '../storage/sealing.ts';
import type { MoveLease } from './move-lease.ts';
import { collectionOf, copied, isCopied, putOf, shapeOf, type AnyRow } from './move-rows.ts';
import type { Sides } from './move-sides.ts';
import { standingSetting, type Position, type Standing } from './standing.ts';

/** The way through the source: once to see what there is, once to copy it. */
export interface Copying extends Sides {
  clock: Clock;
  /** Whether what was sealed under this key opens at the target. */
  holdsKey: (id: string) => boolean;
  told: (progress: Progress) => void;
  /** Rows a page. */
  page: number;
}

export interface Progress {
  doing: 'counting' | 'waiting' | 'copying' | 'comparing';
  /** So far, and in the end as far as is known. */
  rows: number;
  of?: number;
  collection?: CollectionName;
}

/** How much there is, and whether all of it could be opened there, while the source may still be in use. */
export async function survey({ source, holdsKey, page: limit, told }: Copying): Promise<number> {
  let rows = 0;

  for (const name of copied) {
    for await (const page of pagesOf(scanOf(source.records, name), name, { limit })) {
      for (const row of page) checkSeals(name, row, holdsKey);

      rows += page.length;
      told({ doing: 'counting', rows, collection: name });
    }
  }

  if (rows === 0) throw new MoveRefused(`There is nothing in ${source.label} to move.`);

  return rows;
}

function checkSeals(name: CollectionName, row: AnyRow, holdsKey: (id: string) => boolean): void {
  for (const sealed of shapeOf(name).sealed?.(row) ?? []) {
    const key = sealed === undefined ? undefined : sealedUnder(sealed);

    if (key !== undefined && !holdsKey(key)) {
      throw new MoveRefused(
        `Some of it is sealed under the key ${key}, which the new configuration lacks: give it the same ` +
          'secrets.encryption_key and secrets.former_encryption_keys (in development mode: copy the key file).',
        78,
      );
    }
  }
}

/** The first way through, page by page; each page carries how far it goes. */
export async function copy(
  deps: Copying,
  { lease, at, total, id }: { lease: MoveLease; at: Position | undefined; total: number; id: string },
): Promise<void> {
  const { source, target, clock, holdsKey, page: limit, told } = deps;
  const first = copied.findIndex((name) => name === at?.collection);
  let rows = 0;

  for (const name of copied.slice(Math.max(first, 0))) {
    const after = name === at?.collection ? at.id : undefined;

    for await (const page of pagesOf(scanOf(source.records, name), name, { limit, after })) {
      for (const row of page) checkSeals(name, row, holdsKey);

      const last = page.at(-1);
      const noted = last ? [note({ collection: name, id: last.id }, id, clock)] : [];

      await lease.keep();
      await writeLeniently(target.records, [...page.map((row) => putOf(name, row)), ...noted]);

      rows += page.length;
      told({ doing: 'copying', rows, of: total, collection: name });
    }
  }
}

/** Only while the copy is ours and not finished: a late page must not close what is in use. */
function note(at: Position, id: string, clock: Clock): Write {
  return {
    in: 'settings',
    update: standingSetting,
    change: (old) => {
      const standing = old.value as unknown as Standing;

      return standing.state === 'arriving' && standing.move === id
        ? { ...old, value: { ...standing, at: { ...at } }, updatedAt: clock.now() }
        : old;
    },
  };
}

/** What an older copy stands in the way of is written by the comparison, which finds it missing. */
async function writeLeniently(records: Records, writes: readonly Write[]): Promise<void> {
  try {
    await records.write(writes);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
  }
}

type Scan = (page: { after?: string; limit: number }) => Promise<Page<AnyRow>>;

function scanOf(records: Records, name: CollectionName): Scan {
  return (page) => collectionOf(records, name).scan(page);
}

/** What is copied of a collection. The next page is asked for while this one is worked on. */
export async function* pagesOf(
  scan: Scan,
  name: CollectionName,
  { limit, after }: { limit: number; after?: string | undefined },
): AsyncGenerator<AnyRow[], void> {
  const read = (from: string | undefined) => {
    const page = scan({ limit, ...(from === undefined ? {} : { after: from }) });
    // Who stops in between never waits for it.
    page.catch(() => undefined);

    return page;
  };

  let coming: Promise<Page<AnyRow>> | undefined = read(after);

  while (coming) {
    const page: Page<AnyRow> = await coming;
    coming = page.next === undefined ? undefined : read(page.next);

    yield page.rows.filter((row) => isCopied(name, row));
  }
}
