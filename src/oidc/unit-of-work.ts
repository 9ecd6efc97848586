import { isDeepStrictEqual } from 'node:util';

import { Unavailable } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';
import type { DeviceSession } from '../domain/device-session.ts';
import type { Origin } from '../events/writer.ts';
import type { CollectionName, Row, Write } from '../storage/records.ts';
import type { Queueing, UnitDeps, UnitOfWork } from './request.ts';

interface RowStore<Name extends CollectionName> {
  get(id: string): Promise<Row<Name> | undefined>;
  update(id: string, change: (old: Row<Name>) => Row<Name>, seen?: Row<Name>): Promise<Row<Name> | undefined>;
}

interface Queued extends Queueing {
  write: Write;
}

interface Sending {
  write: Write;
  /** Once it was sent, or was not: with what kept it from being. */
  tell(failure?: unknown): void;
  /** What makes it undone, where that is to be had. */
  back(): Write | undefined;
}

/** What `request.ts` says of one request's reads and writes. */
export function createUnit({ records, ephemera, clock, onError }: UnitDeps, origin: Origin | undefined): UnitOfWork {
  /** By what it is asked for, also while it is on its way. */
  const memory = new Map<string, Promise<unknown>>();
  /** Rows as the store answered them, until this request writes them: with one in hand an update is a single trip. */
  const seen = new Map<string, { id: string }>();

  let writes = new Map<unknown, Queued>();
  let work = new Map<string, () => Promise<unknown>>();
  let making: Promise<void>[] = [];
  let rest: (() => Promise<unknown>)[] = [];
  /** What a request that has failed leaves to be written all the same. */
  const owed: (() => Promise<unknown>)[] = [];
  /** Once records did not answer: what is asked of them later is told so without another wait. */
  let away: Unavailable | undefined;

  function once<T>(key: string, load: () => Promise<T>): Promise<T> {
    let loading = memory.get(key) as Promise<T> | undefined;

    if (loading === undefined) {
      loading = load();
      settle(key, loading);
    }

    return loading;
  }

  async function asking<T>(question: () => Promise<T>): Promise<T> {
    if (away) throw away;

    try {
      return await question();
    } catch (error) {
      if (error instanceof Unavailable) away ??= error;

      throw error;
    }
  }

  function settle(key: string, value: Promise<unknown>): void {
    // Loaded ahead, it may fail with nobody waiting yet; whoever awaits it later still gets the failure.
    value.catch(() => undefined);
    memory.set(key, value);
  }

  function collection<Name extends CollectionName>(name: Name): RowStore<Name> {
    return records[name] as unknown as RowStore<Name>;
  }

  function asStored<R extends { id: string }>(name: CollectionName, row: R | undefined): R | undefined {
    if (row) seen.set(keyOf(name, row.id), row);

    return row;
  }

  /** A write makes what was read before it wrong: what is read after it is what it wrote. */
  function remember(write: Write): void {
    const key = keyOf(write.in, idIn(write));

    if ('update' in write) {
      const change = write.change as (old: unknown) => unknown;
      const before = memory.get(key);

      if (before)
        settle(
          key,
          before.then((row) => row && change(row)),
        );
    } else {
      const row = 'create' in write ? write.create : 'put' in write ? write.put : undefined;
      settle(key, Promise.resolve(row));
    }
  }

  function withSeen(write: Write): Write {
    const key = keyOf(write.in, idIn(write));
    const row = seen.get(key);
    seen.delete(key);

    return 'update' in write ? ({ seen: row, ...write } as Write) : write;
  }

  async function flush(): Promise<void> {
    do {
      const made = await Promise.allSettled(making.splice(0));
      // What tells of something done is written whatever the others come to.
      const batch = [...writes.values()].toSorted((a, b) => Number(b.always ?? 0) - Number(a.always ?? 0)).map(toSend);
      const others = [...work.values()];
      writes = new Map();
      work = new Map();

      const [recorded, ...kept] = await Promise.allSettled([
        record(batch.map(({ write }) => write)),
        ...others.map((one) => one()),
      ]);
      const hindrance: unknown = recorded.status === 'rejected' ? recorded.reason : undefined;
      const told = await Promise.allSettled(batch.map(async ({ tell }) => tell(hindrance)));

      const failed = [...made, recorded, ...kept, ...told].find((outcome) => outcome.status === 'rejected');
      if (!failed) continue;

      if (recorded.status === 'fulfilled') await takeBack(batch);
      throw failed.reason;
    } while (writes.size > 0 || work.size > 0 || making.length > 0);
  }

  async function record(batch: readonly Write[]): Promise<void> {
    if (batch.length > 0) await records.write(batch, { inOrder: false });
  }

  /**
   * Half of what belongs together did not come to the other store. Whoever is told so and asks again must find everything
   * as it was: a code that is not redeemed, a refresh token that is not exchanged, the session that the browser has.
   * Nothing that was ended comes back.
   */
  async function takeBack(batch: readonly Sending[]): Promise<void> {
    await record(batch.flatMap(({ back }) => back() ?? [])).catch(onError);
  }

  function later(key: string, one: () => Promise<unknown>): void {
    work.set(key, one);
  }

  return {
    startedAt: clock.now(),
    origin,

    get: (name, id) => once(keyOf(name, id), async () => asStored(name, await asking(() => collection(name).get(id)))),

    async findSession(cookieHash) {
      const found = await once(`cookie ${cookieHash}`, async () =>
        asStored('sessions', await asking(() => records.sessions.find('cookie', cookieHash))),
      );

      // The same row by either name: whatever this request did to it meanwhile counts.
      return found && once<DeviceSession | undefined>(keyOf('sessions', found.id), () => Promise.resolve(found));
    },

    recall: (kind, id) => once(keyOf(kind, id), () => ephemera.get(kind, id)),
    reads: { once: (key, load) => once(`read ${key}`, load), forget: (key) => void memory.delete(`read ${key}`) },
    known: (name, id) => memory.get(keyOf(name, id)) as ReturnType<UnitOfWork['known']> as never,

    write(write, how = {}) {
      writes.set(how.key ?? write, { ...how, write: withSeen(write) });
      remember(write);
    },

    put(kind, id, value: Json, ttl) {
      later(keyOf(kind, id), () => ephemera.put(kind, id, value, { ttl }));
      settle(keyOf(kind, id), Promise.resolve(value));
    },

    drop(kind, id) {
      later(keyOf(kind, id), () => ephemera.remove(kind, id));
      settle(keyOf(kind, id), Promise.resolve(undefined));
    },

    later,
    prepare: (one) => void making.push(one),
    afterwards: (one) => void rest.push(one),
    learn: (name, id, row) => settle(keyOf(name, id), Promise.resolve(row)),

    async update(name, id, change) {
      const key = keyOf(name, id);
      if ([...writes.values()].some(({ write }) => keyOf(write.in, idIn(write)) === key)) await flush();

      const before = seen.get(key) as Row<typeof name>;
      const row = asStored(name, await asking(() => collection(name).update(id, change, before)));
      settle(key, Promise.resolve(row));

      return row;
    },

    flush,
    takeRest: () => [...owed.splice(0), ...rest.splice(0)],

    giveUp(failure) {
      const kept = [...writes].filter(([, { always }]) => always);
      writes = new Map(kept);
      work = new Map();
      making = [];
      rest = [];

      // Whoever has waited for a store once is not kept waiting to be told the same again.
      if (!(failure instanceof Unavailable)) return;

      const written = kept.map(([, { write }]) => write);
      writes = new Map();
      if (written.length > 0) owed.push(() => record(written));
      for (const [, { sent }] of kept) sent?.(undefined, failure);
    },

    notes: { sessions: new Map() },
  };
}

/** `change` may run again, and runs for what this request remembers too: the last of the store's counts. */
function toSend({ write, sent, always }: Queued): Sending {
  if (!('update' in write)) {
    const made = 'create' in write && !always ? write : undefined;

    return {
      write,
      tell: (failure) => sent?.(undefined, failure),
      back: () => made && ({ in: made.in, remove: made.create.id } as Write),
    };
  }

  const change = write.change as (old: object) => object;
  let seen: object | undefined;
  let row: object | undefined;

  return {
    write: {
      ...write,
      change(old: object) {
        seen = old;
        row = undefined;

        return (row = change(old));
      },
    } as Write,
    tell: (failure) => sent?.(row, failure),
    back() {
      const [before, after] = [seen, row];
      if (always || before === undefined || after === undefined || after === before) return undefined;

      const undo = (now: object) => (isSame(now, after) ? before : now);
      return { in: write.in, update: write.update, change: undo } as Write;
    },
  };
}

/** As they are stored: without what is undefined. */
function isSame(one: object, other: object): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)));
}

function keyOf(kind: string, id: string): string {
  return `${kind} ${id}`;
}

function idIn(write: Write): string {
  if ('update' in write) return write.update;
  if ('remove' in write) return write.remove;

  return ('create' in write ? write.create : write.put).id;
}
