import { setImmediate as breath } from 'node:timers/promises';

import type { Account } from '../domain/account.ts';
import type { Json } from '../domain/json.ts';
import type { SecurityEvent } from '../domain/security-event.ts';
import { writeCursor } from '../storage/cursor.ts';
import type { Page, Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { createPersonalFields, isOwn, type Personal, type Place } from './personal.ts';

/**
 * The record of events as administrators read it: all of it, of accounts and of the installation. Whatever is looked for
 * is read from indexes; of several conditions the one that the fewest events fulfil leads, wherever the reading has come.
 */
export interface Audit {
  /** Newest first. Throws Invalid for an unreadable `after`. */
  list(filter: AuditFilter, page?: { after?: string | undefined; limit?: number }): Promise<AuditPage>;
}

/** All of it has to be true; times in milliseconds. */
export interface AuditFilter {
  /** Not before this. */
  from?: number | undefined;
  /** Before this. */
  until?: number | undefined;
  /** As `Facts.actor` has it. */
  actor?: string | undefined;
  /** Whom it happened to: an account id. */
  account?: string | undefined;
  client?: string | undefined;
  kind?: string | undefined;
}

export interface AuditPage {
  events: AuditEntry[];
  /** Where older ones begin. */
  next?: string;
  /** There was so much else in between that reading stopped here (milliseconds); `next` goes on. */
  searchedTo?: number;
  /** The accounts of these events that are still there: id -> e-mail address. */
  people: ReadonlyMap<string, string>;
}

export interface AuditEntry {
  id: string;
  kind: string;
  /** Milliseconds. */
  at: number;
  actor: string;
  accountId?: string;
  clientId?: string;
  requestId?: string;
  details: Record<string, Json>;
  ip?: string;
  userAgent?: string;
  /** A device without a browser that was answered. */
  device?: Place;
  /** What is personal was kept and can't be opened: the account is closed, and its key with it. */
  unreadable: boolean;
}

export interface AuditDeps {
  records: Pick<Records, 'events' | 'accounts'>;
  sealing: Pick<Sealing, 'seal' | 'open'>;
}

/** Rows of one look, and of one page in all. */
const look = 200;
const most = 5_000;

type ListName = Parameters<Records['events']['list']>[0];

export function createAudit({ records, sealing }: AuditDeps): Audit {
  const personal = createPersonalFields(sealing);

  async function opened(rows: readonly SecurityEvent[]): Promise<Pick<AuditPage, 'events' | 'people'>> {
    const ids = new Set(rows.flatMap(({ accountId = '', actor }) => [accountId, actor]).filter(mayBeAccount));
    const found = await Promise.all([...ids].map((id) => records.accounts.get(id)));
    const accounts = new Map(found.flatMap((account) => (account ? [[account.id, account] as const] : [])));

    return {
      events: rows.map((row) => entryOf(row, open(row, accounts.get(row.accountId ?? '')))),
      people: new Map([...accounts].map(([id, { email }]) => [id, email])),
    };
  }

  function open(row: SecurityEvent, account: Account | undefined): Personal | undefined {
    try {
      if (isOwn(row)) return account && personal.reader(account)(row);

      return personal.openOperators(row);
    } catch {
      return undefined;
    }
  }

  /**
   * The next rows behind a place. Every list in question holds all that is looked for: the one that comes furthest with so
   * many rows has the least else in it.
   */
  async function furthest(lists: readonly (readonly [ListName, string])[], after: string | undefined) {
    const page = { limit: look, descending: true, ...(after !== undefined && { after }) };
    const pages = await Promise.all(lists.map(([list, group]) => records.events.list(list, group, page)));

    return pages.reduce((one, other) => (reach(other) < reach(one) ? other : one));
  }

  return {
    async list(filter, { after, limit = 50 } = {}) {
      const lists = listsOf(filter);
      const found: SecurityEvent[] = [];
      let at = after ?? (filter.until === undefined ? undefined : placeBefore(filter.until));
      let read = 0;
      let last: SecurityEvent | undefined;

      do {
        if (read > 0) await breath();
        const { rows, next }: Page<SecurityEvent> = await furthest(lists, at);
        read += rows.length;
        last = rows.at(-1);
        found.push(...rows.filter((row) => fits(row, filter)));
        at = last && last.at < (filter.from ?? 0) ? undefined : next;
      } while (at !== undefined && found.length <= limit && read < most);

      const shown = found.slice(0, limit);
      const end = shown.at(-1);

      if (found.length > limit && end) return { ...(await opened(shown)), next: placeOf(end) };
      if (at === undefined || !last) return opened(shown);

      return { ...(await opened(shown)), next: at, searchedTo: last.at };
    },
  };
}

function listsOf({ actor, account, client, kind }: AuditFilter): (readonly [ListName, string])[] {
  const wanted = { account, actor, client, kind };
  const lists = Object.entries(wanted).flatMap(([list, group]) =>
    group === undefined ? [] : [[list as ListName, group] as const],
  );

  return lists.length > 0 ? lists : [['time', 'all']];
}

function fits(row: SecurityEvent, { from = -Infinity, until = Infinity, actor, account, client, kind }: AuditFilter) {
  const is = (wanted: string | undefined, value: string | undefined) => wanted === undefined || wanted === value;

  return (
    row.at >= from &&
    row.at < until &&
    is(actor, row.actor) &&
    is(account, row.accountId) &&
    is(client, row.clientId) &&
    is(kind, row.kind)
  );
}

/** How far back a page comes: to the beginning where it is the last one. */
function reach({ rows, next }: Page<SecurityEvent>): number {
  return next === undefined ? -Infinity : (rows.at(-1)?.at ?? -Infinity);
}

/** Every list of events is by time, so that a place in one is a place in all. */
function placeOf({ at, id }: SecurityEvent): string {
  return writeCursor({ order: at, id });
}

/** Behind which what happened before a moment begins, newest first. */
function placeBefore(moment: number): string {
  return writeCursor({ order: moment, id: '' });
}

/** An actor may be something else (`Facts.actor`). */
function mayBeAccount(id: string): boolean {
  return id !== '' && !/^(?:key|client):|^(?:command-line|server|anonymous)$/.test(id);
}

function entryOf(row: SecurityEvent, opened: Personal | undefined): AuditEntry {
  const { personal: _, group: _group, ...facts } = row;
  const { ip, userAgent, device, changes } = opened ?? {};

  return {
    ...facts,
    ...(changes && { details: { ...facts.details, changes } }),
    ...(ip !== undefined && { ip }),
    ...(userAgent !== undefined && { userAgent }),
    ...(device && { device }),
    unreadable: opened === undefined,
  };
}
