import type { DeviceSession } from '../domain/device-session.ts';
import type { Grant } from '../domain/grant.ts';
import { consentId } from '../domain/grant.ts';
import type { Records } from '../storage/records.ts';

/**
 * Ending what was given. Removing a grant or a session is all it takes: every check of a token reads them, so what came
 * of them is dead at the next request on every node (S22, S31). Everything here is safe to repeat, also after a crash
 * half-way: grants go first, because they are what tokens live by.
 */
export interface Revocation {
  /** One device session with its grants; `offline` also those that were meant to outlive it. Safe to repeat. */
  session(uid: string, options: { offline: boolean }): Promise<void>;
  /** Every session of an account but `except`, each as above; answers how many there were. */
  sessions(accountId: string, options: { offline: boolean; except?: string }): Promise<number>;
  /** What one application may do for an account: the consent and every grant of the pair. */
  application(accountId: string, clientId: string): Promise<void>;
  /** One grant with its refresh tokens. Whether it was there. */
  grant(id: string): Promise<boolean>;
  /** Everything that one client was given by anybody. */
  client(clientId: string): Promise<void>;
  /** Everything that one account gave, and all its sessions. */
  account(accountId: string): Promise<void>;
}

export interface RevocationDeps {
  records: Pick<Records, 'grants' | 'refreshFamilies' | 'sessions' | 'consents'>;
  /** Tells the apps that were used in a session that it has ended; absent where nobody can (the command line). */
  tell?: (session: DeviceSession) => Promise<void> | void;
}

type GrantList = 'account' | 'client' | 'session';

export function createRevocation({ records, tell }: RevocationDeps): Revocation {
  const { grants, refreshFamilies, sessions, consents } = records;

  async function endGrant(id: string): Promise<boolean> {
    const removed = await grants.remove(id);
    await refreshFamilies.removeAll('grant', id);

    return removed;
  }

  async function endGrants(list: GrantList, group: string, ends: (grant: Grant) => boolean | Promise<boolean>) {
    for await (const grant of everyRow((page) => grants.list(list, group, page))) {
      if (await ends(grant)) await endGrant(grant.id);
    }
  }

  async function outlives(grant: Grant, session: DeviceSession | undefined): Promise<boolean> {
    if (authorizations(session)[grant.clientId]?.persistsLogout === true) return true;

    const families = await refreshFamilies.list('grant', grant.id);
    return families.rows.some(({ payload }) => payload['expiresWithSession'] !== true);
  }

  async function endSession(uid: string, { offline }: { offline: boolean }): Promise<void> {
    const session = await sessions.get(uid);
    const ends = async (grant: Grant) => offline || !(await outlives(grant, session));

    await endGrants('session', uid, ends);
    await sessions.remove(uid);

    // What the session was given while it still stood.
    await endGrants('session', uid, ends);

    if (session !== undefined) await tell?.(session);
  }

  return {
    session: endSession,
    grant: endGrant,

    async sessions(accountId, { offline, except }) {
      let ended = 0;

      for await (const { id } of everyRow((page) => sessions.list('account', accountId, page))) {
        if (id === except) continue;

        await endSession(id, { offline });
        ended += 1;
      }

      return ended;
    },

    async application(accountId, clientId) {
      const ofClient = (grant: Grant) => grant.clientId === clientId;

      await endGrants('account', accountId, ofClient);
      await consents.remove(consentId(accountId, clientId));

      // A sign-in in between still found the consent.
      await endGrants('account', accountId, ofClient);
    },

    async client(clientId) {
      await grants.removeAll('client', clientId);
      await refreshFamilies.removeAll('client', clientId);
      await consents.removeAll('client', clientId);
      await grants.removeAll('client', clientId);
    },

    async account(accountId) {
      await grants.removeAll('account', accountId);
      await refreshFamilies.removeAll('account', accountId);

      for await (const { id } of everyRow((page) => sessions.list('account', accountId, page))) {
        await endSession(id, { offline: true });
      }

      await consents.removeAll('account', accountId);
      await grants.removeAll('account', accountId);
    },
  };
}

/** What the library keeps of each client that was used in a session. */
export interface SessionAuthorization {
  grantId?: string;
  sid?: string;
  persistsLogout?: boolean;
}

export function authorizations(session: Pick<DeviceSession, 'payload'> | undefined) {
  return (session?.payload['authorizations'] ?? {}) as Readonly<Record<string, SessionAuthorization>>;
}

/** A whole list, page by page; rows may be changed or removed on the way. */
export async function* everyRow<T>(
  list: (page: { after?: string; limit: number }) => Promise<{ rows: T[]; next?: string }>,
) {
  let after: string | undefined;

  do {
    const page = await list({ limit: 200, ...(after === undefined ? {} : { after }) });
    yield* page.rows;
    after = page.next;
  } while (after !== undefined);
}
