import type { Clock } from '../domain/clock.ts';
import type { Factors, RememberedBrowser } from '../domain/factors.ts';
import { newSecret } from '../domain/ids.ts';
import type { Reads } from '../storage/reads.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import type { Passwords } from './passwords.ts';

/**
 * Browsers in which the second factor is not asked for thirty days. The browser has a secret in a cookie of its own, and
 * the store a keyed hash of it for each account. It stands for no factor: `acr` says what was proved, and who asks for a
 * fresh second factor gets one.
 */
export interface RememberedBrowsers {
  /** Answers the cookie's value: `secret`, if this browser has one from another account, else a new one. */
  remember(of: ToRemember): Promise<{ secret: string; expiresAt: number }>;
  /** Whether this browser was, and neither its time is over nor anything happened since that ends it. */
  isRemembered(factors: Factors, secret: string): Promise<boolean>;
  /** Which one of an account's a browser with this secret is, if it is remembered. */
  idOf(accountId: string, secret: string): string;
  /** The newest first. */
  list(accountId: string, factors: Promise<Factors>): Promise<RememberedBrowser[]>;
  /** `id` of a listed one. Whether it was this account's. */
  forget(accountId: string, id: string): Promise<boolean>;
  /** Clears away what a new password or a newer `Factors.forgottenAt` has ended. */
  forgetAll(accountId: string): Promise<void>;
}

export interface ToRemember {
  accountId: string;
  /** When the second factor was proved, in milliseconds. */
  provedAt: number;
  userAgent: string;
  secret?: string | undefined;
}

/** Milliseconds. */
const life = 30 * 86_400_000;
/** Kept to this, so that a sign-in rarely writes. */
const precision = 3_600_000;
const mostListed = 100;
/** At least 128 bits. */
const secretForm = /^[\w-]{22,43}$/;

export interface RememberedBrowsersDeps {
  records: Pick<Records, 'rememberedBrowsers' | 'write'>;
  reads: Reads;
  sealing: Pick<Sealing, 'keyedHash'>;
  passwords: Pick<Passwords, 'changedAt'>;
  clock: Clock;
}

export function createRememberedBrowsers(deps: RememberedBrowsersDeps): RememberedBrowsers {
  const { records, reads, sealing, passwords, clock } = deps;
  const { rememberedBrowsers } = records;

  const idOf = (accountId: string, secret: string) =>
    sealing.keyedHash('remembered-browser', `${accountId}\0${secret}`);

  /**
   * Since when a proof counts. A sign-in that was under way when everything was forgotten remembers by an older proof,
   * and so in vain.
   */
  async function since(accountId: string, factors: Factors | Promise<Factors>): Promise<number> {
    const [{ forgottenAt = 0 }, changedAt = 0] = await Promise.all([
      factors,
      reads.once(`password changed ${accountId}`, () => passwords.changedAt(accountId)),
    ]);

    return Math.max(forgottenAt, changedAt);
  }

  function listed(accountId: string) {
    return rememberedBrowsers.list('account', accountId, { descending: true, limit: mostListed });
  }

  return {
    async remember({ accountId, provedAt, userAgent, secret: given = '' }) {
      const now = clock.now();
      const secret = secretForm.test(given) ? given : newSecret();
      const times = { provedAt, createdAt: now, lastUsedAt: now, expiresAt: now + life };
      const put: RememberedBrowser = { id: idOf(accountId, secret), accountId, userAgent, ...times };

      await records.write([{ in: 'rememberedBrowsers', put }]);

      return { secret, expiresAt: put.expiresAt };
    },

    async isRemembered(factors, secret) {
      if (!secretForm.test(secret)) return false;

      const [row, from] = await Promise.all([
        rememberedBrowsers.get(idOf(factors.id, secret)),
        since(factors.id, factors),
      ]);
      if (!row || row.provedAt <= from) return false;

      const now = clock.now();
      if (now - row.lastUsedAt > precision) {
        await rememberedBrowsers.update(row.id, (old) => ({ ...old, lastUsedAt: now }));
      }

      return true;
    },

    idOf,

    async list(accountId, factors) {
      const [from, { rows }] = await Promise.all([
        since(accountId, factors),
        reads.once(readOf(accountId), () => listed(accountId)),
      ]);

      return rows.filter(({ provedAt }) => provedAt > from);
    },

    async forget(accountId, id) {
      const row = await rememberedBrowsers.get(id);

      reads.forget(readOf(accountId));

      return row?.accountId === accountId && (await rememberedBrowsers.remove(id));
    },

    async forgetAll(accountId) {
      await rememberedBrowsers.removeAll('account', accountId);
      reads.forget(readOf(accountId));
    },
  };
}

function readOf(accountId: string): string {
  return `remembered browsers ${accountId}`;
}
