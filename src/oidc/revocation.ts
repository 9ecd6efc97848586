import type { ClientAuthorizationState } from 'oidc-provider';

import type { DeviceSession } from '../domain/device-session.ts';
import { consentId } from '../domain/grant.ts';
import type { Collection } from '../storage/records.ts';
import type { Inside } from './deps.ts';

/**
 * Ending what was given. Removing a grant or a session is all it takes: every check of a token reads them, so what came
 * of them is dead at the next request on every node (S22, S31).
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
}

export interface RevocationDeps extends Pick<Inside, 'records'> {
  /** Tells the apps that were used in a session that it has ended; nobody waits for it. */
  tell(session: DeviceSession): void;
}

export function createRevocation({ records, tell }: RevocationDeps): Revocation {
  async function grant(id: string): Promise<boolean> {
    const removed = await records.grants.remove(id);
    await records.refreshFamilies.removeAll('grant', id);

    return removed;
  }

  async function session(uid: string, { offline }: { offline: boolean }): Promise<void> {
    const row = await records.sessions.get(uid);
    const outlives = new Set(offline || !row ? [] : outliving(row));

    for await (const { id } of everyOf(records.grants, 'session', uid)) {
      if (!outlives.has(id)) await grant(id);
    }

    // Last: as long as it is there, doing all of this again finds what is left to do.
    if (row && (await records.sessions.remove(uid))) tell(row);
  }

  return {
    grant,
    session,

    async sessions(accountId, { offline, except }) {
      let count = 0;

      for await (const row of everyOf(records.sessions, 'account', accountId)) {
        if (row.id === except) continue;

        await session(row.id, { offline });
        count += 1;
      }

      return count;
    },

    async application(accountId, clientId) {
      await records.consents.remove(consentId(accountId, clientId));

      for await (const one of everyOf(records.grants, 'account', accountId)) {
        if (one.clientId === clientId) await grant(one.id);
      }
    },
  };
}

/** What the session lets each client do, by client. */
export function authorizations(session: DeviceSession): Record<string, ClientAuthorizationState> {
  return (session.payload['authorizations'] ?? {}) as Record<string, ClientAuthorizationState>;
}

function outliving(session: DeviceSession): string[] {
  return Object.values(authorizations(session)).flatMap(({ grantId, persistsLogout }) =>
    grantId !== undefined && persistsLogout === true ? [grantId] : [],
  );
}

async function* everyOf<T extends { id: string }, List extends string>(
  rows: Pick<Collection<T, never, List>, 'list'>,
  list: List,
  group: string,
): AsyncGenerator<T> {
  let after: string | undefined;

  do {
    const page = await rows.list(list, group, after === undefined ? { limit: 200 } : { limit: 200, after });

    yield* page.rows;
    after = page.next;
  } while (after !== undefined);
}
