import type { Account } from '../domain/account.ts';
import { clientsOf, type DeviceSession } from '../domain/device-session.ts';
import { consentId, type Grant, type RefreshFamily } from '../domain/grant.ts';
import type { Ended } from '../domain/receipt.ts';
import type { DetailsOf } from '../events/catalogue.ts';
import type { Events } from '../events/writer.ts';
import { everyRow, type Records, type Write } from '../storage/records.ts';
import { createTally, type Tally } from './ending-tally.ts';
import type { LogoutNotices } from './logout-notices.ts';
import type { By } from './problems.ts';

/**
 * Ending what was given. Removing a grant or a session is all it takes: every check of a token reads them, so what came
 * of them is dead at the next request on every node (S22, S31). Everything here is safe to repeat, also after a crash
 * half-way: grants go first, because they are what tokens live by, and once more at the end, for what was given while
 * the rest went. The apps of a session are told: their notices are written before it goes.
 *
 * Each answers what it has ended, which a receipt shows (`operations/receipts.ts`).
 */
export interface Endings {
  /** One device session with its grants; `offline` also those that were meant to outlive it. `by`: it is an event. */
  session(uid: string, options: { offline: boolean; by?: Ending }): Promise<Ended>;
  /** What one application may do for an account: the consent and every grant of the pair. It is signed out everywhere. */
  application(accountId: string, clientId: string): Promise<Ended>;
  /** Everything that one client was given by anybody. */
  client(clientId: string): Promise<Ended>;
  /** Every session, grant and refresh token of one account; consents stay. Each session that ends is an event. */
  account(account: Pick<Account, 'id' | 'eventKey'>, by: Ending): Promise<Ended>;
  /** The same, but for one session and what was given in it. `offline: false`: what is for the time away goes on. */
  otherSessions(
    account: Pick<Account, 'id' | 'eventKey'>,
    exceptUid: string,
    by: Ending & { offline?: boolean },
  ): Promise<Ended>;
  /** One grant, whether its session lives or is long over; the consent stays. Nothing where it is somebody else's. */
  grant(account: Pick<Account, 'id' | 'eventKey'>, grantId: string, by: By): Promise<Ended>;
}

export type Ending = By & DetailsOf<'session.ended'>;

export interface EndingsDeps {
  records: Pick<Records, 'grants' | 'refreshFamilies' | 'sessions' | 'consents' | 'clients' | 'write'>;
  events: Pick<Events, 'write'>;
  notices: LogoutNotices;
}

/** Whether a grant goes, with what hangs on it. */
type Ends = (grant: Grant, families: readonly RefreshFamily[]) => boolean;

/** How many sessions of an account end at the same time. */
const atOnce = 20;

export function createEndings({ records, events, notices }: EndingsDeps): Endings {
  const { grants, refreshFamilies, sessions, consents } = records;

  async function endGrants(tally: Tally, list: 'account' | 'session', group: string, ends: Ends): Promise<void> {
    const found = await all(everyRow((page) => grants.list(list, group, page)));
    const families = await familiesOf(found);
    const doomed = found.filter((grant) => ends(grant, families.get(grant.id) ?? []));

    await removeGrants(
      tally,
      doomed,
      doomed.flatMap(({ id }) => families.get(id) ?? []),
    );
  }

  async function removeGrants(tally: Tally, doomed: readonly Grant[], withThem: readonly RefreshFamily[]) {
    await records.write(doomed.map(({ id }) => ({ in: 'grants', remove: id })));
    await records.write(withThem.map(({ id }) => ({ in: 'refreshFamilies', remove: id })));
    tally.lost(doomed, withThem);
  }

  async function familiesOf(found: readonly Grant[]): Promise<Map<string, RefreshFamily[]>> {
    const accounts = [...new Set(found.map(({ accountId }) => accountId))];
    const lists = accounts.map((id) => all(everyRow((page) => refreshFamilies.list('account', id, page))));

    return Map.groupBy((await Promise.all(lists)).flat(), ({ grantId }) => grantId);
  }

  /** Whether this call ended it: of many at once, one does. */
  async function endSession(tally: Tally, found: DeviceSession, by?: Ending): Promise<boolean> {
    for (let seen: DeviceSession | undefined = found; seen; seen = await sessions.get(found.id)) {
      const left = await notices.leave(seen);

      // An app that was signed in to meanwhile has no notice yet.
      if (!(await removeAsSeen(seen))) continue;

      tally.signedOut(seen, left);
      notices.wake();
      if (by) await writeDown(seen.accountId, by);

      return true;
    }

    return false;
  }

  async function removeAsSeen(seen: DeviceSession): Promise<boolean> {
    let same = false;

    const row = await sessions.update(
      seen.id,
      (now) => {
        same = clientsIn(now) === clientsIn(seen);

        return same ? ended(now) : now;
      },
      seen,
    );

    return same && row !== undefined;
  }

  async function writeDown(account: string | Pick<Account, 'id' | 'eventKey'> | undefined, ending: Ending) {
    const { reason, ...by } = ending;

    await events.write('session.ended', { ...by, account, details: { reason } });
  }

  async function endSessions(
    tally: Tally,
    account: Pick<Account, 'id' | 'eventKey'>,
    { by, exceptUid }: { by: Ending; exceptUid?: string },
  ): Promise<void> {
    const found = await all(everyRow((page) => sessions.list('account', account.id, page)));
    const doomed = found.filter(({ id }) => id !== exceptUid);

    for (let next = 0; next < doomed.length; next += atOnce) {
      const some = doomed.slice(next, next + atOnce);

      await Promise.all(
        some.map(async (session) => {
          if (await endSession(tally, session)) await writeDown(account, by);
        }),
      );
    }
  }

  /** The app hears that it is signed out; the person stays, and is told apart should they sign in there again. */
  async function leaveApplication(tally: Tally, accountId: string, clientId: string): Promise<void> {
    for await (const session of everyRow((page) => sessions.list('account', accountId, page))) {
      if (clientsOf(session)[clientId] === undefined) continue;

      const left = await notices.leave(session, clientId);
      await sessions.update(session.id, (now) => withoutClient(now, clientId));
      tally.told(left);
    }

    notices.wake();
  }

  return {
    async session(uid, { offline, by }) {
      const tally = createTally(records);
      const session = await sessions.get(uid);
      const ends: Ends = (grant, families) => offline || !outlives(grant, families, session);

      await endGrants(tally, 'session', uid, ends);
      if (session) await endSession(tally, session, by);
      await endGrants(tally, 'session', uid, ends);

      return tally.ended();
    },

    async application(accountId, clientId) {
      const tally = createTally(records);
      const ofClient: Ends = (grant) => grant.clientId === clientId;

      await endGrants(tally, 'account', accountId, ofClient);
      await consents.remove(consentId(accountId, clientId));
      await leaveApplication(tally, accountId, clientId);
      // A sign-in in between still found the consent.
      await endGrants(tally, 'account', accountId, ofClient);

      return tally.ended();
    },

    async client(clientId) {
      const tally = createTally(records);

      tally.counted(clientId, { grants: await grants.removeAll('client', clientId) });
      tally.counted(clientId, { refreshTokens: await refreshFamilies.removeAll('client', clientId) });
      await consents.removeAll('client', clientId);
      tally.counted(clientId, { grants: await grants.removeAll('client', clientId) });
      tally.counted(clientId, { refreshTokens: await refreshFamilies.removeAll('client', clientId) });

      return tally.ended();
    },

    async account(account, by) {
      const tally = createTally(records);

      await endGrants(tally, 'account', account.id, () => true);
      await endSessions(tally, account, { by });
      await endGrants(tally, 'account', account.id, () => true);
      // What a crash has left without its grant.
      await refreshFamilies.removeAll('account', account.id);

      return tally.ended();
    },

    async otherSessions(account, exceptUid, { offline = true, ...by }) {
      const tally = createTally(records);
      const found = offline ? [] : await all(everyRow((page) => sessions.list('account', account.id, page)));
      const sessionOf = ({ sessionUid }: Grant) => found.find(({ id }) => id === sessionUid);
      const ofOthers: Ends = (grant, families) =>
        grant.sessionUid !== exceptUid && (offline || !outlives(grant, families, sessionOf(grant)));

      await endGrants(tally, 'account', account.id, ofOthers);
      await endSessions(tally, account, { by, exceptUid });
      await endGrants(tally, 'account', account.id, ofOthers);

      return tally.ended();
    },

    async grant(account, grantId, by) {
      const tally = createTally(records);
      const grant = await grants.get(grantId);

      if (grant?.accountId === account.id) {
        const families = (await familiesOf([grant])).get(grantId) ?? [];
        const told: Write[] = [];
        await events.write('access.ended', { ...by, account, clientId: grant.clientId }, (create) =>
          told.push({ in: 'events', create }),
        );

        // Of two at once, one writes it down.
        await records.write([{ in: 'grants', remove: grantId, decides: true }, ...told]);
        await removeGrants(tally, [grant], families);
      }

      return tally.ended();
    },
  };
}

function outlives(
  { clientId, device }: Grant,
  families: readonly RefreshFamily[],
  session: DeviceSession | undefined,
): boolean {
  if (device || (session && clientsOf(session)[clientId]?.persistsLogout === true)) return true;

  return families.some(({ payload }) => payload['expiresWithSession'] !== true);
}

/** Which clients know a session, and by what. */
function clientsIn(session: DeviceSession): string {
  const names = Object.entries(clientsOf(session)).map(([id, { sid = '' }]) => `${id} ${sid}`);

  return names.toSorted().join('\n');
}

/** Absent from here on, and with nothing in it by the time that it is swept. */
function ended({ id, cookieHash, createdAt, lastAccessedAt }: DeviceSession): DeviceSession {
  const nothing = { payload: {}, userAgent: '', ip: '', amr: [], expiresAt: 0 };

  return { id, cookieHash, createdAt, lastAccessedAt, ...nothing };
}

/** The session goes on; the client is not in it any more. */
export function withoutClient(session: DeviceSession, clientId: string): DeviceSession {
  const { [clientId]: left, ...authorizations } = clientsOf(session) as Record<string, object>;

  return left === undefined
    ? session
    : ({ ...session, payload: { ...session.payload, authorizations } } as DeviceSession);
}

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const row of rows) found.push(row);

  return found;
}
