import { Unavailable } from '../../src/domain/errors.ts';
import { admit, standingOf } from '../../src/operations/standing.ts';
import { move, type MoveDeps, type Moved } from '../../src/operations/move.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import { shapes, type CollectionName, type Records, type Row, type Write } from '../../src/storage/records.ts';
import { samples } from '../storage/rows.ts';
import { describeStores, recordsStore, type MakeStore } from '../storage/stores.ts';
import { settableClock, type SettableClock } from '../support/clock.ts';

/** Two stores to move between, on every pair of backends that keep records. */
export interface Houses extends AsyncDisposable {
  source: Records;
  target: Records;
  clock: SettableClock;
  /** How long the moves waited, in milliseconds. */
  waited: number[];
  /** With pages of three rows, on a clock that stands still but for waiting. */
  move(differently?: Partial<MoveDeps>): Promise<Moved>;
  /** Another empty store. */
  another(): Promise<Records>;
}

export interface Pair {
  open(): Promise<Houses>;
}

/**
 * A suite for each kind as source and as target; in its name, `$from` and `$to` say which. Between two of one kind there is
 * one, the embedded, which is there on every machine.
 */
export function describeMoves(name: string, suite: (pair: Pair) => void): void {
  for (const [from, to] of ways) {
    const named = name.replace('$from', from.kind).replace('$to', to.kind);

    describeStores([from.kind, to.kind], named, () =>
      suite({ open: () => openHouses(recordsStore(from), recordsStore(to)) }),
    );
  }
}

const ways = recordsBackends.flatMap((from) =>
  recordsBackends.filter((to) => to !== from || to.kind === 'sqlite').map((to) => [from, to] as const),
);

export const names = Object.keys(shapes) as CollectionName[];

async function openHouses(from: MakeStore<Records>, to: MakeStore<Records>): Promise<Houses> {
  await using opening = new AsyncDisposableStack();
  const clock = settableClock();
  const open = async (make: MakeStore<Records>) => opening.use(await opening.use(await make()).open(clock));
  const [source, target] = [await open(from), await open(to)];
  const waited: number[] = [];

  await fill(source);
  const stack = opening.move();

  return {
    source,
    target,
    clock,
    waited,
    move: (differently = {}) =>
      move({
        source: sideOf(source, 'the old house'),
        target: sideOf(target, 'the new house'),
        clock,
        holdsKey: (id) => id === 'key',
        events: { write: async () => undefined },
        wait: async (milliseconds) => {
          waited.push(milliseconds);
          clock.advance(milliseconds);
        },
        page: 3,
        ...differently,
      }),
    another: async () => {
      const store = await to();
      stack.use(store);

      return stack.use(await store.open(clock));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** As nodes share it, unless told otherwise. */
export function sideOf(records: Records, label: string, alone = false): MoveDeps['source'] {
  return { records, label, alone };
}

/** Ids that stand in another order by code point than by UTF-16, and texts that a careless copy mangles. */
const ids = ['a', 'b', 'B', 'z\u{1f600}', 'z\ufffd', '__proto__', '$x.y'];

/** Some rows of every collection. */
async function fill(records: Records): Promise<void> {
  await records.write(
    names.flatMap((name) => ids.map((id) => put(name, { ...samples[name], ...unique(name, id), id }))),
  );
}

function unique(name: CollectionName, id: string): object {
  if (name === 'accounts') return { emailKey: `${id}@example.org`, claims: { [id]: { $set: 1, 'a.b': [null, id] } } };
  if (name === 'sessions') return { cookieHash: id };
  if (name === 'deviceCodes') return { userCode: id };
  if (name === 'oneTimeSecrets') return { hash: id };
  if (name === 'apiKeys') return { hash: id, slot: id };

  return {};
}

export function put<Name extends CollectionName>(name: Name, row: object): Write {
  return { in: name, put: row as Row<Name> } as unknown as Write;
}

/** All that is copied, by collection. */
export async function contents(records: Records): Promise<Record<string, unknown[]>> {
  const found: [string, unknown[]][] = [];

  for (const name of names) {
    const rows: { id: string }[] = [];
    let after: string | undefined;

    do {
      const page = await records[name].scan({ limit: 1000, ...(after === undefined ? {} : { after }) });
      rows.push(...page.rows);
      after = page.next;
    } while (after !== undefined);

    if (name !== 'leases') found.push([name, rows.filter(({ id }) => name !== 'settings' || id !== 'standing')]);
  }

  return Object.fromEntries(found);
}

/** Whether a server would start on it. */
export async function opens(records: Records): Promise<boolean> {
  try {
    admit(await standingOf(records));

    return true;
  } catch {
    return false;
  }
}

export function isEmpty(found: Record<string, unknown[]>): boolean {
  return Object.values(found).every((rows) => rows.length === 0);
}

/**
 * What a power cut does to this process: after so many writes to either side, nothing is answered any more. Dying before
 * a write or after the one before it, unheard, is the same to the stores.
 */
export interface PowerCut {
  around(records: Records): Records;
  /** How many writes there were. */
  writes(): number;
}

export class Dark extends Unavailable {}

/** `half`: of the write in which it comes, half a batch is made; a store without transactions may do that. */
export function powerCut(after: number, { half }: { half: boolean }): PowerCut {
  const writing = new Set(['create', 'update', 'remove', 'removeAll', 'write']);
  let count = 0;
  let dark = false;

  async function call(name: string, given: unknown[], work: (...given: unknown[]) => Promise<unknown>) {
    if (dark) throw new Dark('dark');
    if (!writing.has(name)) return work(...given);
    if (count < after) return (count++, work(...given));

    dark = true;
    const [batch] = given;
    if (half && Array.isArray(batch)) await work(batch.slice(0, Math.ceil(batch.length / 2)));

    throw new Dark('dark');
  }

  const around = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(of, key) {
        const value: unknown = Reflect.get(of, key);
        if (typeof value === 'object' && value !== null) return around(value);
        if (typeof value !== 'function') return value;

        return (...given: unknown[]) => call(String(key), given, (...again) => value.apply(of, again));
      },
    });

  return { around, writes: () => count };
}
