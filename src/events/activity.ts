import type { SecurityEvent } from '../domain/security-event.ts';
import { accountGroup } from '../domain/security-event.ts';
import type { Page, PageRequest, Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import type { DetailsOf } from './catalogue.ts';
import { isActivityKind, type ActivityGroup, type ActivityKind } from './groups.ts';
import { createPersonalFields, isOwn, type KeyHolder, type Personal, type Place } from './personal.ts';

/**
 * What happened to one account, as its owner is shown it. Every page is read from an index, filtered or not: what is
 * asked for is never looked for among what is not. It shows what can be opened, and says of the rest that it can't.
 */
export interface Activity {
  /** Newest first. `next` where there are older ones. Throws Invalid for an unreadable `after`. */
  list(
    account: KeyHolder,
    page?: { group?: ActivityGroup | undefined; after?: string | undefined; limit?: number },
  ): Promise<{ events: ActivityEvent[]; next?: string }>;
  /** Of this account alone: somebody else's is not there. */
  find(account: KeyHolder, id: string): Promise<ActivityEvent | undefined>;
  /** The tries to get in that failed or were blocked, newest first; `open` shows what is in them. */
  listTries(accountId: string, page?: PageRequest): Promise<Page<SecurityEvent>>;
  open(account: KeyHolder, rows: readonly SecurityEvent[]): ActivityEvent[];
}

/** Who did it: the person themselves or somebody who was signed in as them, an API key, whoever runs the service, … */
export type ActivityActor = 'self' | 'key' | 'app' | 'administrator' | 'operator' | 'service' | 'anybody';

export type ActivityEvent = { [K in ActivityKind]: ActivityFacts & { kind: K; details: DetailsOf<K> } }[ActivityKind];

export interface ActivityFacts {
  id: string;
  /** Milliseconds. */
  at: number;
  by: ActivityActor;
  /** Which one, where it was an API key or an app. */
  byId?: string;
  clientId?: string;
  /** How many others like it this one stands for (`throttled`). */
  leftOut: number;
  /** Where the request came from that it was in; absent where there was none, or nobody can open it any more. */
  from?: {
    ip: string;
    userAgent: string;
    /** An app's own server, and no browser. */
    program: boolean;
    /** The device without a browser that was answered. */
    device?: Place;
  };
  /** Whether `from` was kept and can't be opened. */
  unreadable: boolean;
}

export interface ActivityDeps {
  records: Pick<Records, 'events'>;
  sealing: Pick<Sealing, 'seal' | 'open'>;
}

export function createActivity({ records, sealing }: ActivityDeps): Activity {
  const personal = createPersonalFields(sealing);

  function open(account: KeyHolder, rows: readonly SecurityEvent[]): ActivityEvent[] {
    const read = tolerant(() => personal.reader(account));

    return rows.flatMap((row) => shown(row, row.personal === undefined ? {} : tolerant(() => read?.(row))));
  }

  return {
    open,

    async list(account, { group, after, limit = 25 } = {}) {
      const page = { descending: true, limit, ...(after !== undefined && { after }) };
      const { rows, next } =
        group === undefined
          ? await records.events.list('account', account.id, page)
          : await records.events.list('group', accountGroup(account.id, group), page);

      return { events: open(account, rows), ...(next !== undefined && { next }) };
    },

    async find(account, id) {
      const row = await records.events.get(id);

      return row?.accountId === account.id ? open(account, [row])[0] : undefined;
    },

    listTries: (accountId, page = {}) => records.events.list('tries', accountId, { descending: true, ...page }),
  };
}

/** A key that is destroyed or lost takes away where something came from, and not that it happened. */
function tolerant<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}

function shown(row: SecurityEvent, personal: Personal | undefined): ActivityEvent[] {
  const { id, kind, at, actor, clientId, details } = row;
  if (!isActivityKind(kind)) return [];

  const { leftOut = 0, ...own } = details;
  const { ip, userAgent = '', device } = personal ?? {};
  const by = actorOf(row);
  const byId = by === 'administrator' ? undefined : /^(?:key|client):(.*)$/s.exec(actor)?.[1];
  // Where somebody was who looks after the account is not its owner's business.
  const isElsewhere = by === 'administrator' || personal?.ip === undefined;

  // The pair of kind and details is one of the catalogue's: the writer has taken no other.
  return [
    {
      id,
      kind,
      at,
      by,
      details: own,
      leftOut: Number(leftOut),
      unreadable: personal === undefined,
      ...(byId !== undefined && { byId }),
      ...(clientId !== undefined && { clientId }),
      ...(!isElsewhere && { from: { ip, userAgent, program: !isOwn(row), ...(device && { device }) } }),
    } as unknown as ActivityEvent,
  ];
}

function actorOf({ actor, accountId, administrator }: SecurityEvent): ActivityActor {
  if (actor === accountId) return 'self';
  if (actor === 'command-line') return 'operator';
  if (actor === 'server') return 'service';
  if (actor === 'anonymous') return 'anybody';
  if (administrator) return 'administrator';
  if (actor.startsWith('key:')) return 'key';

  return actor.startsWith('client:') ? 'app' : 'administrator';
}
