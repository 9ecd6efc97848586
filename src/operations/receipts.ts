import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { newId } from '../domain/ids.ts';
import type { LogoutNotice } from '../domain/logout-notice.ts';
import type { Ended, EndedSession, NoticeView, ReceiptReason, ReceiptView } from '../domain/receipt.ts';
import type { Reads } from '../storage/reads.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';

/** What a person is shown after they have ended something, and can open again for 30 days. */
export interface Receipts {
  /** Answers the receipt's id. */
  create(account: Pick<Account, 'id'>, reason: ReceiptReason, ended: Ended): Promise<string>;
  /** With how far each notice has come by now. Undefined: there is none, or it is somebody else's. */
  of(accountId: string, id: string): Promise<ReceiptView | undefined>;
  /** The last ones, the newest first. */
  latest(accountId: string): Promise<LatestReceipt[]>;
}

/** Enough to tell it from the others. */
export type LatestReceipt = Pick<ReceiptView, 'id' | 'at' | 'reason'>;

export interface ReceiptsDeps {
  records: Pick<Records, 'receipts' | 'logoutNotices'>;
  reads: Reads;
  sealing: Pick<Sealing, 'seal' | 'open'>;
  clock: Clock;
}

/** Milliseconds. */
const keptFor = 30 * 86_400_000;

/** Of the last ones. */
const latest = 5;

export function createReceipts({ records, reads, sealing, clock }: ReceiptsDeps): Receipts {
  return {
    async latest(accountId) {
      const { rows } = await reads.once(`receipts ${accountId}`, () =>
        records.receipts.list('account', accountId, { descending: true, limit: latest }),
      );

      return rows.map(({ id, at, reason }) => ({ id, at, reason }));
    },

    async create(account, reason, { sessions, applications, notices, keys = [] }) {
      const at = clock.now();
      const id = newId();
      const sealed = sealing.seal(JSON.stringify(sessions), context(id));

      await records.receipts.create({
        id,
        accountId: account.id,
        at,
        reason,
        sealed,
        applications,
        notices,
        ...(keys.length > 0 && { keys }),
        expiresAt: at + keptFor,
      });

      return id;
    },

    async of(accountId, id) {
      const row = await records.receipts.get(id);
      if (row?.accountId !== accountId) return undefined;

      const { at, reason, expiresAt, applications, keys = [] } = row;
      const found = await Promise.all(row.notices.map((notice) => records.logoutNotices.get(notice.id)));
      const byClient = Map.groupBy(
        found.filter((notice) => notice !== undefined),
        ({ clientId }) => clientId,
      );

      return {
        id,
        at,
        reason,
        expiresAt,
        keys,
        sessions: JSON.parse(sealing.open(row.sealed, context(id))) as EndedSession[],
        applications: applications.map((application) => ({
          ...application,
          notices: (byClient.get(application.clientId) ?? []).map(viewOf),
        })),
      };
    },
  };
}

function viewOf({ state, nextAt: at, lastError }: LogoutNotice): NoticeView {
  switch (state) {
    case 'queued':
      return lastError === undefined ? { state: 'sending' } : { state: 'retrying', at, why: lastError };
    case 'failed':
      return { state, at, why: lastError ?? 'no_answer' };
    default:
      return { state, at };
  }
}

/** Tied to the receipt: no ciphertext can be moved from one to another. */
function context(id: string): string {
  return `receipt:${id}`;
}
