import type { Client } from '../domain/client.ts';
import type { Clock } from '../domain/clock.ts';
import { clientsOf, type DeviceSession } from '../domain/device-session.ts';
import { Conflict } from '../domain/errors.ts';
import { logoutNoticeId, type LogoutNotice } from '../domain/logout-notice.ts';
import type { Records } from '../storage/records.ts';

/**
 * Leaving notices for the apps that were used in a session. They are rows that are written before the session goes and
 * sent outside of requests (`jobs/telling-apps.ts`), so that neither an outage of the app nor one of ours loses any. One
 * that was left for a session which is still there after all is not sent before it has ended.
 */
export interface LogoutNotices {
  /**
   * For every client of a session that registered for them, or for one of them. Answers what there is now. `receipt`: what
   * will tell of them.
   */
  leave(session: DeviceSession, ofClient?: string, receipt?: string): Promise<LogoutNotice[]>;
  /** For a client that is known to have registered for them. */
  leaveOne(notice: Pick<LogoutNotice, 'sessionUid' | 'clientId' | 'sid' | 'accountId'>): Promise<void>;
  /** The sessions are gone: sends what was left, on this node, now instead of in half a minute. */
  wake(): void;
}

export interface LogoutNoticesDeps {
  records: Pick<Records, 'clients' | 'logoutNotices' | 'write'>;
  clock: Clock;
  /** Absent on the command line, which signs nothing: a server sends what it leaves. */
  wake?: (() => void) | undefined;
}

/** Milliseconds: longer than the receipt that asks for it is kept. */
const keptFor = 32 * 86_400_000;

export function createLogoutNotices({ records, clock, wake }: LogoutNoticesDeps): LogoutNotices {
  function newNotice(
    of: Pick<LogoutNotice, 'sessionUid' | 'clientId' | 'sid' | 'accountId' | 'receipt'>,
  ): LogoutNotice {
    const now = clock.now();

    return {
      ...of,
      id: logoutNoticeId(of),
      state: 'queued',
      attempts: 0,
      nextAt: now,
      createdAt: now,
      expiresAt: now + keptFor,
    };
  }

  /** Those that are there were left by whoever ends the same session at the same time, or has died while doing so. */
  async function keep(notices: readonly LogoutNotice[]): Promise<void> {
    try {
      if (notices.length > 0) await records.write(notices.map((create) => ({ in: 'logoutNotices', create })));
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }

  return {
    async leave(session, ofClient, receipt) {
      const { id: sessionUid, accountId } = session;
      if (accountId === undefined) return [];

      const used = Object.entries(clientsOf(session)).filter(([id]) => ofClient === undefined || id === ofClient);
      const clients = await Promise.all(used.map(([id]) => records.clients.get(id)));

      const notices = used.flatMap(([clientId, { sid }], at) =>
        wantsToHear(clients[at])
          ? [
              newNotice({
                sessionUid,
                clientId,
                accountId,
                ...(sid !== undefined && { sid }),
                ...(receipt !== undefined && { receipt }),
              }),
            ]
          : [],
      );
      await keep(notices);

      return notices;
    },

    leaveOne: (notice) => keep([newNotice(notice)]),
    wake: () => wake?.(),
  };
}

function wantsToHear(client: Client | undefined): boolean {
  return client?.metadata.backchannel_logout_uri !== undefined;
}
