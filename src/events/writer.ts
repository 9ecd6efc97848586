import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { networkOf } from '../domain/address.ts';
import { newTimedId } from '../domain/ids.ts';
import type { Json } from '../domain/json.ts';
import type { SecurityEvent } from '../domain/security-event.ts';
import type { PageRequest, Records, Write } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { throttled, type DetailsOf, type EventKind } from './catalogue.ts';
import { groupOfKind } from './groups.ts';
import { createPersonalFields, type Changes, type Personal, type Place } from './personal.ts';
import { createThrottle } from './throttle.ts';

/** Where a request came from; a `Visitor` is one. Encrypted at rest, but for the request id. */
export interface Origin {
  ip: string;
  userAgent: string;
  requestId: string;
  /** The address is that of an app's own server: there is nothing personal in it. */
  program?: boolean;
  /** Where the device is that was answered: as personal as the rest. */
  device?: Place;
}

export type Facts<K extends EventKind> = {
  /** An account id, `key:<id>` (an API key), `client:<id>`, `command-line`, `server` (what it does of itself) or `anonymous`. */
  actor: string;
  /** Whom it happened to. With the account itself at hand no look-up is needed for its event key. */
  account?: string | Pick<Account, 'id' | 'eventKey'> | undefined;
  clientId?: string | undefined;
  /** As `SecurityEvent` has it. */
  administrator?: true | undefined;
  from?: Origin | undefined;
  /** What of a change names somebody, and is encrypted as the place is; what doesn't stands in the details. */
  changes?: Changes | undefined;
} & (keyof DetailsOf<K> extends never ? { details?: undefined } : { details: DetailsOf<K> });

/** One event with what is personal in it. */
export interface EventView {
  id: string;
  kind: EventKind;
  /** Milliseconds. */
  at: number;
  actor: string;
  accountId?: string;
  clientId?: string;
  administrator?: true;
  requestId?: string;
  details: Record<string, Json>;
  ip?: string;
  userAgent?: string;
  device?: Place;
  changes?: Changes;
}

/** Disposing writes what is still to be written. */
export interface Events extends AsyncDisposable {
  /**
   * Resolves when the event is stored, handed to `sink` (a batch that the caller writes), or taken over by the request
   * that it belongs to; one of a kind that is throttled may be stored later. Throws what storage does.
   */
  write<K extends EventKind>(kind: K, facts: Facts<K>, sink?: (row: SecurityEvent) => void): Promise<void>;
  /** An account's events, newest first unless the page says otherwise. Throws where one can't be opened. */
  read(account: Pick<Account, 'id' | 'eventKey'>, page?: PageRequest): Promise<{ events: EventView[]; next?: string }>;
  /** A new event key for an account, sealed: `account.eventKey`. */
  newEventKey(accountId: string): string;
}

export interface EventsDeps {
  records: Pick<Records, 'events' | 'accounts'>;
  sealing: Pick<Sealing, 'seal' | 'open'>;
  clock: Clock;
  /** Told of each event that is written. */
  noted?: (kind: EventKind) => void;
  /** Told of a failure to write later. */
  onError(error: unknown): void;
  /**
   * Takes over what belongs to a request: it is written before the request is answered, also when it fails. False: the
   * writer writes it itself.
   */
  takeOver?: ((writes: readonly Write[]) => boolean) | undefined;
}

/** Facts of any kind. */
type Plain = Pick<Facts<EventKind>, 'actor' | 'account' | 'clientId' | 'administrator' | 'from' | 'changes'> & {
  details: Record<string, Json>;
};

export function createEvents({ records, sealing, clock, onError, takeOver, noted }: EventsDeps): Events {
  const throttle = createThrottle(onError);
  const personal = createPersonalFields(sealing);

  /** Undefined: whose it is was closed meanwhile, and their key is gone. The operator's would keep it readable. */
  async function hide(
    { from, changes }: Pick<Plain, 'from' | 'changes'>,
    eventId: string,
    whose: Facts<EventKind>['account'],
  ): Promise<string | undefined> {
    const account = typeof whose === 'string' ? await records.accounts.get(whose) : whose;
    if (whose !== undefined && account === undefined) return undefined;

    const { ip, userAgent, device } = from ?? {};
    const place = ip === undefined || userAgent === undefined ? {} : { ip, userAgent };

    return personal.hide({ ...place, ...(device && { device }), ...(changes && { changes }) }, eventId, account);
  }

  async function store(kind: EventKind, facts: Plain, sink?: (row: SecurityEvent) => void): Promise<void> {
    const { actor, account, clientId, administrator, from, changes, details } = facts;
    const at = clock.now();
    const id = newTimedId(at);
    const row: SecurityEvent = { id, kind, at, actor, details };
    const accountId = idOf(account);
    const group = groupOfKind[kind];

    if (accountId !== undefined) row.accountId = accountId;
    if (accountId !== undefined && group !== 'none') row.group = group;
    if (clientId !== undefined) row.clientId = clientId;
    if (administrator) row.administrator = true;

    if (from) row.requestId = from.requestId;

    if (from || changes) {
      // Where an app's own server stands is nobody's; what it changed of a person is theirs.
      const whose = from?.program === true && !changes ? undefined : account;
      const hidden = await hide({ from, changes }, id, whose);
      if (hidden !== undefined) row.personal = hidden;
    }

    noted?.(kind);
    if (sink) sink(row);
    else if (!takeOver?.([{ in: 'events', create: row }])) await records.events.create(row);
  }

  return {
    async write(kind, facts, sink) {
      const plain: Plain = { ...facts, details: facts.details ?? {} };
      if (!throttled.has(kind)) return store(kind, plain, sink);

      const whose = idOf(facts.account) ?? networkOf(facts.from?.ip ?? '');

      await throttle.pass(`${kind} ${whose}`, (leftOut) =>
        store(kind, leftOut === 0 ? plain : { ...plain, details: { ...plain.details, leftOut } }),
      );
    },

    async read(account, page = {}) {
      const { rows, next } = await records.events.list('account', account.id, { descending: true, ...page });
      const open = personal.reader(account);
      const events = rows.map((row) => viewOf(row, open(row)));

      return next === undefined ? { events } : { events, next };
    },

    newEventKey: personal.newKey,
    [Symbol.asyncDispose]: () => throttle[Symbol.asyncDispose](),
  };
}

function viewOf(row: SecurityEvent, opened: Personal): EventView {
  const { personal: _, group: _group, kind, ...plain } = row;

  return { ...plain, kind: kind as EventKind, ...opened };
}

function idOf(account: Facts<EventKind>['account']): string | undefined {
  return typeof account === 'string' ? account : account?.id;
}
