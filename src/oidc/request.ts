import type { Clock } from '../domain/clock.ts';
import type { DeviceSession } from '../domain/device-session.ts';
import type { Json } from '../domain/json.ts';
import type { Origin } from '../events/writer.ts';
import type { Ephemera } from '../storage/ephemera.ts';
import type { Reads } from '../storage/reads.ts';
import type { CollectionName, Records, Row, Write } from '../storage/records.ts';

/**
 * One request's reads and writes. The protocol library asks for the same few things one after another and writes them
 * one by one; here what was read is remembered, what will be needed is loaded ahead, and what needs no answer is written
 * at once, before the request is answered. What must be conditional either goes to the store directly and waits, or
 * decides (`Write`) about the rest, and then the request is answered by what came of it.
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

  /** Queued: all of them travel together, in their order. */
  write(write: Write, how?: Queueing): void;
  put(kind: string, id: string, value: Json, ttl: number): void;
  drop(kind: string, id: string): void;
  /** Queued work that no `Write` describes. What comes later under a key replaces it. */
  later(key: string, work: () => Promise<unknown>): void;
  /** What is still being made of this request's writes: nothing is sent without it. */
  prepare(making: Promise<void>): void;
  /** Tidying up that nothing hangs on: done when the rest was written, and waited for by nobody. */
  afterwards(work: () => Promise<unknown>): void;
  /** What features read beside rows by their id. */
  readonly reads: Reads;
  /** What `get` answers from here on. */
  learn<Name extends CollectionName>(name: Name, id: string, row: Row<Name> | undefined): void;

  /** Now, on its own: answers what it became. Throwing inside `change` writes nothing and passes on. */
  update<Name extends CollectionName>(
    name: Name,
    id: string,
    change: (old: Row<Name>) => Row<Name>,
  ): Promise<Row<Name> | undefined>;

  /** Sends what is queued. Throws what kept it from being written. */
  flush(): Promise<void>;
  takeRest(): (() => Promise<unknown>)[];
  /**
   * The request has failed: forgets what is queued, but for what was to be written in any case. Where a store is away,
   * that is done afterwards, and whoever waits for it is told at once.
   */
  giveUp(failure: unknown): void;

  readonly notes: Notes;
}

export interface Queueing {
  /** What comes later under it takes the place of this. */
  key?: string;
  /** Written although the request fails: it tells of something that is done. */
  always?: boolean;
  /**
   * Called once it was sent, whatever came of it; `row`: what an update has made, unless there was nothing to update;
   * `failure`: why not all of what was sent with it was written. What it throws, `flush` throws.
   */
  sent?: (row?: object, failure?: unknown) => void;
}

/** What one step of a request leaves for a later one. */
export interface Notes {
  /** The refresh token that is being exchanged; its successor takes its place (see adapter/refresh-tokens.ts). */
  rotation?: { familyId: string; presented: string; expected: string };
  /** Milliseconds: when the access token that it issued and keeps no trace of (a JWT) is over. Its grant remembers it. */
  accessTokensUntil?: number;
  /** A code or refresh token came that was used long ago: what hangs on it is revoked. */
  reused?: { kind: 'code.replayed' | 'token.reuse_detected'; accountId: string };
  /** The session's row as it was when this request read it, by uid. */
  sessions: Map<string, DeviceSession>;
  /**
   * Why the session's cookie must not be sent: the browser has it (`unchanged`), or another request took it further or
   * ended the session (`lost`), so that sending this one would put an end to what that one began.
   */
  cookie?: 'unchanged' | 'lost';
  /** What a step has proved with which this request goes on; `at` in milliseconds, `step` the way back to it. */
  proved?: { accountId: string; at: number; step: string };
  /** What is looked at once more behind what was written, and before anything is answered. */
  lookAgain?: () => Promise<void>;
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
  /** Undefined outside of a request, and for what is left running when its request was answered. */
  current(): UnitOfWork | undefined;
  /**
   * Takes over writes that need no answer, to be sent with the request's others before it is answered, and also when it
   * fails. False: no request is under way, so nobody takes them.
   */
  takeOver(writes: readonly Write[], sent?: (failure?: unknown) => void): boolean;
  /** Those of the request that is under way. */
  readonly reads: Reads;
  /** Resolves when nothing is left to be done afterwards: before storage closes. */
  settled(): Promise<void>;
}

export interface UnitDeps {
  records: Records;
  ephemera: Ephemera;
  clock: Clock;
  /** Told of what went wrong afterwards. */
  onError(error: unknown): void;
}
