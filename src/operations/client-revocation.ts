import { setImmediate as othersTurn } from 'node:timers/promises';

import type { Client } from '../domain/client.ts';
import type { ClientHoldings, ClientReceipt, NoticeCounts } from '../domain/client-receipt.ts';
import { clientsOf } from '../domain/device-session.ts';
import { Conflict } from '../domain/errors.ts';
import { newId, sha256 } from '../domain/ids.ts';
import type { Grant } from '../domain/grant.ts';
import type { Events } from '../events/writer.ts';
import { everyRow, type Page, type PageRequest, type Records, type Write } from '../storage/records.ts';
import { ownTokensUntil, type HoldingsDeps } from './client-holdings.ts';
import { withoutClient, type Endings } from './endings.ts';
import type { LogoutNotices } from './logout-notices.ts';
import type { By } from './problems.ts';

/**
 * Ending everything that a client was given by anybody: after a leak, or when it is not to be trusted for a while. The
 * client stays, and people may sign in to it again. It is safe to repeat, also after a crash half-way: a page of grants
 * goes once the apps of their sessions have notices, so that what is left can be found by what is left.
 */
export interface ClientRevocation {
  /** Answers the receipt; `once` names the form: sent twice, it ends things once. Undefined: no such client. */
  revoke(id: string, by: By, options?: { once?: string | undefined }): Promise<ClientReceipt | undefined>;
  /** Of one client, the newest first. */
  list(clientId: string, page?: Pick<PageRequest, 'after' | 'limit'>): Promise<Page<ClientReceipt>>;
  /** With how far its notices have come. Undefined: there is none, or it is another client's. */
  find(clientId: string, id: string): Promise<{ receipt: ClientReceipt; notices: NoticeCounts } | undefined>;
}

export interface ClientRevocationDeps extends HoldingsDeps {
  records: Pick<
    Records,
    'clients' | 'grants' | 'refreshFamilies' | 'sessions' | 'clientReceipts' | 'logoutNotices' | 'write'
  >;
  endings: Pick<Endings, 'client'>;
  notices: LogoutNotices;
  events: Pick<Events, 'write'>;
}

/** Milliseconds: whoever looks into an incident may do so for a year. */
const keptFor = 366 * 86_400_000;

/** How many sessions are left at the same time. */
const atOnce = 20;

export function createClientRevocation(deps: ClientRevocationDeps): ClientRevocation {
  const { records, endings, notices, events, clock } = deps;
  const { grants, sessions, clientReceipts } = records;

  /** A form that was sent twice. */
  const underWay = new Map<string, Promise<ClientReceipt | undefined>>();

  /** Whether the person was signed in to it there, and how many notices were left. */
  async function leave(uid: string, of: { clientId: string; receipt: string }): Promise<number | undefined> {
    const session = await sessions.get(uid);
    if (session === undefined || clientsOf(session)[of.clientId] === undefined) return undefined;

    const left = await notices.leave(session, of.clientId, of.receipt);
    await sessions.update(uid, (now) => withoutClient(now, of.clientId));

    return left.length;
  }

  async function endAll(client: Client, receipt: string): Promise<ClientHoldings & { notices: number }> {
    const of = { clientId: client.id, receipt };
    const begunAt = clock.now();
    const people = new Set<string>();
    const lost = { sessions: 0, grants: 0, notices: 0, until: ownTokensUntil(deps, client) };

    async function endSome(some: readonly Grant[]): Promise<void> {
      for (const { accountId } of some) people.add(accountId);
      lost.until = Math.max(lost.until, ...some.map(({ accessTokensUntil = 0 }) => accessTokensUntil));

      const uids = [...new Set(some.flatMap(({ sessionUid }) => sessionUid ?? []))];
      for (let next = 0; next < uids.length; next += atOnce) {
        const left = await Promise.all(uids.slice(next, next + atOnce).map((uid) => leave(uid, of)));
        const signedOut = left.filter((count) => count !== undefined);

        lost.sessions += signedOut.length;
        lost.notices += signedOut.reduce((sum, count) => sum + count, 0);
      }

      await records.write(some.map(({ id }) => ({ in: 'grants', remove: id })));
      lost.grants += some.length;
      notices.wake();
      // The embedded database answers at once: whoever else is here has to come between.
      await othersTurn();
    }

    let after: string | undefined;
    do {
      const page: Page<Grant> = await grants.list('client', client.id, {
        limit: 200,
        ...(after !== undefined && { after }),
      });
      const some = page.rows.filter(({ createdAt }) => createdAt <= begunAt);
      await endSome(some);
      // Those that came meanwhile are in nobody's way: the last step takes them along.
      after = some.length < page.rows.length ? undefined : page.next;
    } while (after !== undefined);

    for await (const { accessTokensUntil = 0 } of everyRow((page) =>
      records.refreshFamilies.list('client', client.id, page),
    )) {
      lost.until = Math.max(lost.until, accessTokensUntil);
    }

    const { applications } = await endings.client(client.id);
    const more = applications.find(({ clientId }) => clientId === client.id);

    return {
      people: people.size,
      sessions: lost.sessions,
      grants: lost.grants + (more?.grants ?? 0),
      refreshTokens: more?.refreshTokens ?? 0,
      ...(lost.until > clock.now() && { accessTokensUntil: lost.until }),
      notices: lost.notices,
    };
  }

  async function revoke(id: string, by: By, receiptId: string): Promise<ClientReceipt | undefined> {
    const before = await clientReceipts.get(receiptId);
    if (before) return before;

    const client = await records.clients.update(id, (old) => ({
      ...old,
      revocations: (old.revocations ?? 0) + 1,
      version: old.version + 1,
      updatedAt: clock.now(),
    }));
    if (!client) return undefined;

    const ended = await endAll(client, receiptId);
    const at = clock.now();
    const receipt: ClientReceipt = {
      id: receiptId,
      clientId: id,
      name: client.metadata.client_name,
      actor: by.actor,
      at,
      ...ended,
      expiresAt: at + keptFor,
    };
    const { people, sessions: signedOut, grants: lost, refreshTokens } = ended;
    const details = { receipt: receiptId, people, sessions: signedOut, grants: lost, refreshTokens };
    const writes: Write[] = [{ in: 'clientReceipts', create: receipt, decides: true }];
    await events.write('client.revoked', { ...by, clientId: id, details }, (create) =>
      writes.push({ in: 'events', create }),
    );

    try {
      await records.write(writes);
    } catch (error) {
      // Sent to another node as well, which was faster with the rest of it.
      if (!(error instanceof Conflict)) throw error;
    }

    return clientReceipts.get(receiptId);
  }

  return {
    async revoke(id, by, { once = newId() } = {}) {
      const receiptId = sha256(`${id} ${once}`).slice(0, 22);
      const revoking = underWay.get(receiptId) ?? revoke(id, by, receiptId);
      underWay.set(receiptId, revoking);

      try {
        return await revoking;
      } finally {
        underWay.delete(receiptId);
      }
    },

    list: (clientId, page = {}) => clientReceipts.list('client', clientId, { limit: 20, ...page, descending: true }),

    async find(clientId, id) {
      const receipt = await clientReceipts.get(id);
      if (receipt?.clientId !== clientId) return undefined;

      const states = ['queued', 'delivered', 'failed', 'dropped'] as const;
      const counts = await Promise.all(states.map((state) => records.logoutNotices.count('receipt', `${id} ${state}`)));

      return {
        receipt,
        notices: Object.fromEntries(states.map((state, at) => [state, counts[at] ?? 0])) as NoticeCounts,
      };
    },
  };
}
