import { AsyncLocalStorage } from 'node:async_hooks';

import type { Clock } from '../domain/clock.ts';
import type { DeviceSession } from '../domain/device-session.ts';
import type { Json } from '../domain/json.ts';
import type { Origin } from '../events/writer.ts';
import type { Ephemera } from '../storage/ephemera.ts';
import type { CollectionName, Records, Row, Write } from '../storage/records.ts';

/**
 * One request's reads and writes. The protocol library asks for the same few things one after another and writes them
 * one by one; here what was read is remembered, what will be needed is loaded ahead, and what needs no answer is written
 * at once, before the request is answered. What must be conditional goes to the store directly and waits.
 */
export interface UnitOfWork {
  /** Milliseconds: when the request arrived. */
  readonly startedAt: number;
  readonly origin: Origin | undefined;

  /** Reads a row once; a failure is for whoever awaits it. */
  get<Name extends CollectionName>(name: Name, id: string): Promise<Row<Name> | undefined>;
  findSession(cookieHash: string): Promise<DeviceSession | undefined>;
  recall(kind: string, id: string): Promise<Json | undefined>;
  /** The row as it is after this request's own writes, if it was read or written here at all. */
  known<Name extends CollectionName>(name: Name, id: string): Promise<Row<Name> | undefined> | undefined;

  /** Queued. */
  write(write: Write): void;
  put(kind: string, id: string, value: Json, ttl: number): void;
  drop(kind: string, id: string): void;
  /** Queued work that no `Write` describes, or whose answer matters. What comes later under a key replaces it. */
  later(key: string, work: () => Promise<unknown>): void;
  /** What `get` answers from here on. */
  learn<Name extends CollectionName>(name: Name, id: string, row: Row<Name> | undefined): void;

  /** Now, on its own: answers what it became. Throwing inside `change` writes nothing and passes on. */
  update<Name extends CollectionName>(
    name: Name,
    id: string,
    change: (old: Row<Name>) => Row<Name>,
  ): Promise<Row<Name> | undefined>;

  flush(): Promise<void>;

  readonly notes: Notes;
}

/** What one step of a request leaves for a later one. */
export interface Notes {
  /** The refresh token that is being exchanged; its successor takes its place (see adapter/refresh-tokens.ts). */
  rotation?: { familyId: string; presented: string; expected: string };
  /** A code or refresh token came that was used long ago: what hangs on it is revoked. */
  reused?: { kind: 'code.replayed' | 'token.reuse_detected'; accountId: string };
  /** The session's row as it was when this request read it, by uid. */
  sessions: Map<string, DeviceSession>;
  /**
   * Why the session's cookie must not be sent: the browser has it (`unchanged`), or another request took it further or
   * ended the session (`lost`), so that sending this one would put an end to what that one began.
   */
  cookie?: 'unchanged' | 'lost';
  /** What the protocol library answered with an error. */
  refused?: Error;
  /** The store failed, whatever the protocol library made of it (S115). */
  failure?: unknown;
}

export interface Units {
  /** Runs with the request's unit of work, or with one of its own that is written when `run` is done. */
  within<T>(run: (unit: UnitOfWork) => Promise<T>): Promise<T>;
  /** Opens a unit of work for everything that `run` does; it is written when `run` is done. */
  open(origin: Origin | undefined, run: (unit: UnitOfWork) => Promise<void>): Promise<void>;
  current(): UnitOfWork | undefined;
}

export interface UnitDeps {
  records: Records;
  ephemera: Ephemera;
  clock: Clock;
}

export function createUnits(deps: UnitDeps): Units {
  const storage = new AsyncLocalStorage<UnitOfWork>();

  const opened = async <T>(origin: Origin | undefined, run: (unit: UnitOfWork) => Promise<T>): Promise<T> => {
    const unit = createUnit(deps, origin);
    const result = await storage.run(unit, () => run(unit));

    await unit.flush();

    return result;
  };

  return {
    within(run) {
      const unit = storage.getStore();

      return unit ? run(unit) : opened(undefined, run);
    },

    open: opened,
    current: () => storage.getStore(),
  };
}

function createUnit({ records, ephemera, clock }: UnitDeps, origin: Origin | undefined): UnitOfWork {
  const memory = new Map<string, Promise<unknown>>();
  let writes: Write[] = [];
  let work = new Map<string, () => Promise<unknown>>();

  function once<T>(key: string, load: () => Promise<T>): Promise<T> {
    let loading = memory.get(key) as Promise<T> | undefined;

    if (loading === undefined) {
      loading = load();
      // Loaded ahead, it may fail with nobody waiting yet; whoever awaits it later still gets the failure.
      loading.catch(() => undefined);
      memory.set(key, loading);
    }

    return loading;
  }

  function collection<Name extends CollectionName>(name: Name): Pick<RowStore<Name>, 'get' | 'update'> {
    return records[name] as unknown as RowStore<Name>;
  }

  /** A write makes what was read before it wrong: what is read after it is what it wrote. */
  function remember(write: Write): void {
    if ('update' in write) {
      const before = memory.get(`${write.in} ${write.update}`);
      const change = write.change as (old: unknown) => unknown;

      if (before)
        settle(
          `${write.in} ${write.update}`,
          before.then((row) => row && change(row)),
        );
    } else if ('remove' in write) {
      settle(`${write.in} ${write.remove}`, Promise.resolve(undefined));
    } else {
      const row = 'create' in write ? write.create : write.put;
      settle(`${write.in} ${row.id}`, Promise.resolve(row));
    }
  }

  function settle(key: string, value: Promise<unknown>): void {
    value.catch(() => undefined);
    memory.set(key, value);
  }

  function concerns(write: Write, name: CollectionName, id: string): boolean {
    if (write.in !== name) return false;
    if ('update' in write) return write.update === id;
    if ('remove' in write) return write.remove === id;

    return ('create' in write ? write.create : write.put).id === id;
  }

  function later(key: string, one: () => Promise<unknown>): void {
    work.set(key, one);
  }

  async function flush(): Promise<void> {
    const batch = writes;
    const others = work;
    writes = [];
    work = new Map();

    const all = [...(batch.length > 0 ? [records.write(batch)] : []), ...[...others.values()].map((one) => one())];
    const outcomes = await Promise.allSettled(all);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');

    if (failed) throw failed.reason;
  }

  return {
    startedAt: clock.now(),
    origin,

    get: (name, id) => once(`${name} ${id}`, () => collection(name).get(id)),

    async findSession(cookieHash) {
      const session = await once(`cookie ${cookieHash}`, () => records.sessions.find('cookie', cookieHash));

      // The same row by either name: whatever this request did to it meanwhile counts.
      return session && once(`sessions ${session.id}`, () => Promise.resolve(session));
    },

    recall: (kind, id) => once(`${kind} ${id}`, () => ephemera.get(kind, id)),
    known: (name, id) => memory.get(`${name} ${id}`) as ReturnType<UnitOfWork['known']> as never,

    write(write) {
      writes.push(write);
      remember(write);
    },

    put(kind, id, value, ttl) {
      later(`${kind} ${id}`, () => ephemera.put(kind, id, value, { ttl }));
      settle(`${kind} ${id}`, Promise.resolve(value));
    },

    drop(kind, id) {
      later(`${kind} ${id}`, () => ephemera.remove(kind, id));
      settle(`${kind} ${id}`, Promise.resolve(undefined));
    },

    later,

    learn: (name, id, row) => settle(`${name} ${id}`, Promise.resolve(row)),

    async update(name, id, change) {
      if (writes.some((write) => concerns(write, name, id))) await flush();

      const row = await collection(name).update(id, change);
      settle(`${name} ${id}`, Promise.resolve(row));

      return row;
    },

    flush,
    notes: { sessions: new Map() },
  };
}

interface RowStore<Name extends CollectionName> {
  get(id: string): Promise<Row<Name> | undefined>;
  update(id: string, change: (old: Row<Name>) => Row<Name>): Promise<Row<Name> | undefined>;
}
