import type { Account } from '../domain/account.ts';
import { clientsOf, type DeviceSession } from '../domain/device-session.ts';
import type { Grant } from '../domain/grant.ts';
import { consentId } from '../domain/grant.ts';
import type { DetailsOf } from '../events/catalogue.ts';
import type { Events } from '../events/writer.ts';
import { everyRow, type Records } from '../storage/records.ts';
import type { By } from './problems.ts';

/**
 * Ending what was given. Removing a grant or a session is all it takes: every check of a token reads them, so what came
 * of them is dead at the next request on every node (S22, S31). Everything here is safe to repeat, also after a crash
 * half-way: grants go first, because they are what tokens live by, and once more at the end, for what was given while
 * the rest went.
 */
export interface Endings {
  /** One device session with its grants; `offline` also those that were meant to outlive it. */
  session(uid: string, options: { offline: boolean }): Promise<void>;
  /** What one application may do for an account: the consent and every grant of the pair. */
  application(accountId: string, clientId: string): Promise<void>;
  /** Everything that one client was given by anybody. */
  client(clientId: string): Promise<void>;
  /** Every session, grant and refresh token of one account; consents stay. Each session that ends is an event. */
  account(account: Pick<Account, 'id' | 'eventKey'>, by: By & DetailsOf<'session.ended'>): Promise<void>;
  /** The same, but for one session and what was given in it. */
  otherSessions(
    account: Pick<Account, 'id' | 'eventKey'>,
    exceptUid: string,
    by: By & DetailsOf<'session.ended'>,
  ): Promise<void>;
}

export interface EndingsDeps {
  records: Pick<Records, 'grants' | 'refreshFamilies' | 'sessions' | 'consents'>;
  events: Pick<Events, 'write'>;
  /**
   * Tells the apps that were used in a session that it has ended. Undefined on the command line, which signs nothing:
   * from there apps find out when their next request is refused.
   */
  tell?: ((session: DeviceSession) => void) | undefined;
}

export function createEndings({ records, events, tell }: EndingsDeps): Endings {
  const { grants, refreshFamilies, sessions, consents } = records;

  async function endGrants(
    list: 'account' | 'session',
    group: string,
    ends: (grant: Grant) => boolean | Promise<boolean>,
  ): Promise<void> {
    for await (const grant of everyRow((page) => grants.list(list, group, page))) {
      if (!(await ends(grant))) continue;

      await grants.remove(grant.id);
      await refreshFamilies.removeAll('grant', grant.id);
    }
  }

  async function endAllGrants(list: 'account' | 'client', group: string): Promise<void> {
    await grants.removeAll(list, group);
    await refreshFamilies.removeAll(list, group);
  }

  async function endSessions(
    account: Pick<Account, 'id' | 'eventKey'>,
    { reason, ...by }: By & DetailsOf<'session.ended'>,
    exceptUid?: string,
  ): Promise<void> {
    for await (const session of everyRow((page) => sessions.list('account', account.id, page))) {
      if (session.id === exceptUid || !(await sessions.remove(session.id))) continue;

      tell?.(session);
      await events.write('session.ended', { ...by, account, details: { reason } });
    }
  }

  async function outlives(grant: Grant, session: DeviceSession | undefined): Promise<boolean> {
    if (session && clientsOf(session)[grant.clientId]?.persistsLogout === true) return true;

    const families = await refreshFamilies.list('grant', grant.id);
    return families.rows.some(({ payload }) => payload['expiresWithSession'] !== true);
  }

  return {
    async session(uid, { offline }) {
      const session = await sessions.get(uid);
      const ends = async (grant: Grant) => offline || !(await outlives(grant, session));

      await endGrants('session', uid, ends);
      const removed = await sessions.remove(uid);
      await endGrants('session', uid, ends);

      if (session && removed) tell?.(session);
    },

    async application(accountId, clientId) {
      const ofClient = (grant: Grant) => grant.clientId === clientId;

      await endGrants('account', accountId, ofClient);
      await consents.remove(consentId(accountId, clientId));
      // A sign-in in between still found the consent.
      await endGrants('account', accountId, ofClient);
    },

    async client(clientId) {
      await endAllGrants('client', clientId);
      await consents.removeAll('client', clientId);
      await endAllGrants('client', clientId);
    },

    async account(account, by) {
      await endAllGrants('account', account.id);
      await endSessions(account, by);
      await endAllGrants('account', account.id);
    },

    async otherSessions(account, exceptUid, by) {
      const ofOthers = ({ sessionUid }: Grant) => sessionUid !== exceptUid;

      await endGrants('account', account.id, ofOthers);
      await endSessions(account, by, exceptUid);
      await endGrants('account', account.id, ofOthers);
    },
  };
}
