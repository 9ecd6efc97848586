import type { RememberedBrowsers } from '../credentials/remembered-browsers.ts';
import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { RememberedBrowser } from '../domain/factors.ts';
import type { Events, Origin } from '../events/writer.ts';
import type { FactorChanges } from './factor-changes.ts';
import type { By } from './problems.ts';

/** Browsers in which signing in by password asks for no second factor: remembered by a box that was ticked, and listed. */
export interface Remembering {
  /** After a second factor was proved at `provedAt` (milliseconds). Answers the cookie's value, which may have been there. */
  remember(
    account: Account,
    of: { provedAt: number; secret?: string | undefined; from: Origin },
  ): Promise<{ secret: string; /** Milliseconds. */ expiresAt: number }>;
  isRemembered(account: Account, secret: string): Promise<boolean>;
  /** Which of those that are listed the browser with this secret is. */
  idOf(account: Account, secret: string): string;
  /** The newest first. */
  list(accountId: string): Promise<RememberedBrowser[]>;
  /** Whether it was there. */
  forget(account: Account, id: string, by: By): Promise<boolean>;
  forgetAll(account: Account, by: By): Promise<void>;
}

export interface RememberingDeps {
  changes: FactorChanges;
  rememberedBrowsers: RememberedBrowsers;
  events: Pick<Events, 'write'>;
  clock: Clock;
}

export function createRemembering({ changes, rememberedBrowsers, events, clock }: RememberingDeps): Remembering {
  return {
    async remember(account, { provedAt, secret, from }) {
      const { id: accountId } = account;
      const remembered = await rememberedBrowsers.remember({ accountId, provedAt, secret, userAgent: from.userAgent });

      await events.write('browser.remembered', { actor: accountId, account, from });

      return remembered;
    },

    isRemembered: async (account, secret) => rememberedBrowsers.isRemembered(await changes.of(account.id), secret),
    idOf: ({ id }, secret) => rememberedBrowsers.idOf(id, secret),
    list: (accountId) => rememberedBrowsers.list(accountId, changes.of(accountId)),

    async forget(account, id, by) {
      if (!(await rememberedBrowsers.forget(account.id, id))) return false;

      await events.write('browser.forgotten', { ...by, account, details: { all: false } });
      return true;
    },

    async forgetAll(account, by) {
      await changes.make(account, by, (seen) => ({
        next: { ...seen, forgottenAt: clock.now() },
        happened: [{ kind: 'browser.forgotten', details: { all: true } }],
        value: undefined,
      }));
      await rememberedBrowsers.forgetAll(account.id);
    },
  };
}
