import type { Account } from '../domain/account.ts';
import { allowanceOf, type Wanted } from '../domain/allowance.ts';
import type { Clock } from '../domain/clock.ts';
import { consentItems, type ConsentItem, type ResourceWords } from '../domain/consent-items.ts';
import { Invalid } from '../domain/errors.ts';
import { consentId } from '../domain/grant.ts';
import type { Events } from '../events/writer.ts';
import { readCursor, writeCursor } from '../storage/cursor.ts';
import type { Reads } from '../storage/reads.ts';
import type { Records, Write } from '../storage/records.ts';
import { heldBy, readUses, type ApplicationUse, type ApplicationUseDeps } from './application-use.ts';
import type { Consents } from './consents.ts';
import type { Endings } from './endings.ts';
import { problem, refused, type By, type Result } from './problems.ts';
import type { Receipts } from './receipts.ts';

/**
 * Applications: every app that may use somebody's account, by their consent or because the operator runs it, and what
 * the person can do about it. It must not know how an app is called nor how a permission reads.
 */
export interface Applications {
  /** Sends for what `list` and `find` look at, before the account is there. */
  ahead(accountId: string): Promise<unknown>;
  /** The one that was used last first. Throws Invalid for an unreadable `after`. */
  list(account: Account, page?: ApplicationsPage): Promise<ApplicationList>;
  /** Undefined: there is none, or it may do nothing here. */
  find(account: Account, clientId: string): Promise<ApplicationDetails | undefined>;
  /**
   * Takes back what these ids of items (`ConsentItem.id`) stand for: at once at userinfo and introspection, and at the
   * next refresh (DECISIONS 19). Undefined: there is no consent of this person.
   */
  narrow(account: Account, of: { clientId: string; taken: readonly string[] }, by: By): Promise<Done<object>>;
  /** All that it was given ends at once, and it has to ask again. Undefined as in `find`. */
  remove(account: Account, clientId: string, by: By): Promise<Done<{ /** Its id. */ receipt: string }>>;
}

export type Done<T> = Result<T> | undefined;

export interface ApplicationsPage {
  /** `next` of the page before. */
  after?: string | undefined;
  limit?: number | undefined;
  /** Only these. */
  matches?: ((clientId: string) => Promise<boolean>) | undefined;
  /** Which one is asking: it is used now. */
  asking?: string;
}

export interface ApplicationList {
  rows: Application[];
  next?: string;
  /** In all, or as many as match. */
  count: number;
}

export interface Application {
  clientId: string;
  /** What it may use; empty: it has not asked for anything yet. */
  items: ConsentItem[];
  /** Whether a session or a token is alive for it (DECISIONS 8). */
  inUse: boolean;
  /** Whether something of it works for the person while they are away. What it may do is in `items`. */
  worksAway: boolean;
  /** Milliseconds: when the person allowed it. Absent: they were not asked, or have taken it back since. */
  grantedAt?: number;
  /** Absent: never. */
  lastUsedAt?: number;
}

export interface ApplicationDetails extends Application {
  /** What the person has refused or taken back. */
  refused: ConsentItem[];
}

export interface ApplicationsDeps {
  records: ApplicationUseDeps & Pick<Records, 'write'>;
  reads: Reads;
  consents: Pick<Consents, 'narrow'>;
  endings: Pick<Endings, 'application'>;
  receipts: Pick<Receipts, 'create'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
  /** The registered APIs. */
  resources: readonly ResourceWords[];
}

/** Rows of one page. */
const most = 20;

export function createApplications(deps: ApplicationsDeps): Applications {
  const { records, reads, consents, endings, receipts, events, clock, resources } = deps;

  const usesOf = (accountId: string) => reads.once(`applications ${accountId}`, () => readUses(records, accountId));

  function itemsOf(account: Account, wanted: Wanted): ConsentItem[] {
    return consentItems({ wanted, allowed: wanted, account, resources }).items;
  }

  function shown(account: Account, use: ApplicationUse): Application {
    const { clientId, consent, grants, inUse, goesOn, lastUsedAt } = use;
    const items = itemsOf(account, consent ? allowanceOf(consent) : heldBy(grants));

    return {
      clientId,
      items,
      inUse,
      worksAway: goesOn && items.some(({ scope }) => scope === 'offline_access'),
      ...(consent && { grantedAt: consent.grantedAt }),
      ...(lastUsedAt !== undefined && { lastUsedAt }),
    };
  }

  /** Undefined where the person may: an app of somebody else, or one that is not registered any more. */
  async function whyNot(clientId: string): Promise<{ ok: false; problems: ReturnType<typeof problem>[] } | undefined> {
    const client = await records.clients.get(clientId);

    return client?.metadata.first_party ? refused(problem('', 'problem.applicationOurs')) : undefined;
  }

  /** The event goes with what it tells of: of two at once, one writes it. */
  async function forget(account: Account, clientId: string, by: By): Promise<void> {
    const told: Write[] = [];
    await events.write('consent.removed', { ...by, account, clientId }, (create) =>
      told.push({ in: 'events', create }),
    );

    await records.write([{ in: 'consents', remove: consentId(account.id, clientId), decides: true }, ...told]);
  }

  return {
    ahead: usesOf,

    async list(account, { after, limit = most, matches, asking } = {}) {
      const now = clock.now();
      const uses = [...(await usesOf(account.id)).values()].map((use) =>
        use.clientId === asking ? { ...use, lastUsedAt: now } : use,
      );
      const fit = matches && (await Promise.all(uses.map(({ clientId }) => matches(clientId))));
      const all = uses.filter((_use, at) => fit?.[at] ?? true).toSorted(inOrder);

      const from = after === undefined ? undefined : placeAt(after);
      const left = from ? all.filter((use) => inOrder(from, use) < 0) : all;
      const rows = left.slice(0, limit);
      const last = rows.at(-1);

      return {
        rows: rows.map((use) => shown(account, use)),
        ...(last && left.length > limit && { next: writeCursor({ order: last.lastUsedAt ?? 0, id: last.clientId }) }),
        count: all.length,
      };
    },

    async find(account, clientId) {
      const use = (await usesOf(account.id)).get(clientId);
      if (use === undefined) return undefined;

      const refusals = use.consent ? itemsOf(account, allowanceOf(use.consent).refused) : [];

      return { ...shown(account, use), refused: refusals };
    },

    async narrow(account, of, by) {
      const use = (await usesOf(account.id)).get(of.clientId);
      if (use === undefined) return undefined;

      const why = await whyNot(of.clientId);
      if (why) return why;

      return (await consents.narrow(account, of, by)) && { ok: true, value: {} };
    },

    async remove(account, clientId, by) {
      const use = (await usesOf(account.id)).get(clientId);
      if (use === undefined) return undefined;

      const why = await whyNot(clientId);
      if (why) return why;

      await forget(account, clientId, by);
      const ended = await endings.application(account.id, clientId);

      return { ok: true, value: { receipt: await receipts.create(account, 'application', ended) } };
    },
  };
}

type Place = Pick<ApplicationUse, 'lastUsedAt' | 'clientId'>;

/** The last used first; those of the same moment by their ids. */
function inOrder(a: Place, b: Place): number {
  const later = (b.lastUsedAt ?? 0) - (a.lastUsedAt ?? 0);
  if (later !== 0) return later;

  return a.clientId < b.clientId ? -1 : Number(a.clientId > b.clientId);
}

function placeAt(cursor: string): Place {
  const { order, id } = readCursor(cursor);
  if (typeof order !== 'number') throw new Invalid('unreadable cursor');

  return { lastUsedAt: order, clientId: id };
}
