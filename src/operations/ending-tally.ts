import { consoleClientId } from '../domain/client.ts';
import type { DeviceSession } from '../domain/device-session.ts';
import type { Grant, RefreshFamily } from '../domain/grant.ts';
import type { LogoutNotice } from '../domain/logout-notice.ts';
import type { Ended, EndedApplication, EndedSession } from '../domain/receipt.ts';
import type { Records } from '../storage/records.ts';

/** Counts what one ending ends. */
export interface Tally {
  lost(grants: readonly Grant[], families: readonly RefreshFamily[]): void;
  counted(clientId: string, more: Partial<Pick<EndedApplication, 'grants' | 'refreshTokens'>>): void;
  signedOut(session: DeviceSession, notices: readonly LogoutNotice[]): void;
  told(notices: readonly LogoutNotice[]): void;
  /** With the names of the clients as they are now. */
  ended(): Promise<Ended>;
}

type Lost = Omit<EndedApplication, 'name' | 'clientId'>;

export function createTally({ clients }: Pick<Records, 'clients'>): Tally {
  const applications = new Map<string, Lost>();
  const sessions: EndedSession[] = [];
  const notices: Ended['notices'] = [];

  function of(clientId: string): Lost {
    const lost = applications.get(clientId) ?? { grants: 0, refreshTokens: 0 };
    applications.set(clientId, lost);

    return lost;
  }

  function until(clientId: string, accessTokensUntil: number | undefined): void {
    if (accessTokensUntil === undefined) return;

    const lost = of(clientId);
    lost.accessTokensUntil = Math.max(lost.accessTokensUntil ?? 0, accessTokensUntil);
  }

  function told(more: readonly LogoutNotice[]): void {
    for (const { id, clientId } of more) {
      of(clientId);
      notices.push({ id, clientId });
    }
  }

  return {
    told,

    lost(grants, families) {
      for (const { clientId, accessTokensUntil } of grants) {
        of(clientId).grants += 1;
        until(clientId, accessTokensUntil);
      }

      for (const { clientId, accessTokensUntil } of families) {
        of(clientId).refreshTokens += 1;
        until(clientId, accessTokensUntil);
      }
    },

    counted(clientId, more) {
      const lost = of(clientId);
      lost.grants += more.grants ?? 0;
      lost.refreshTokens += more.refreshTokens ?? 0;
    },

    signedOut({ userAgent, ip, signedInAt }, left) {
      sessions.push({ userAgent, ip, ...(signedInAt !== undefined && { signedInAt }) });
      told(left);
    },

    async ended() {
      // The account console's own access is the session itself.
      const lost = [...applications].filter(([clientId]) => clientId !== consoleClientId);
      const rows = await Promise.all(lost.map(([clientId]) => clients.get(clientId)));

      return {
        sessions,
        applications: lost.map(([clientId, counts], at) => ({
          clientId,
          name: rows[at]?.metadata.client_name ?? clientId,
          ...counts,
        })),
        notices,
      };
    },
  };
}
