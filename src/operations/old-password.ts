import type { OneTimeSecrets } from '../credentials/one-time-secret.ts';
import type { RememberedBrowsers } from '../credentials/remembered-browsers.ts';
import type { Records } from '../storage/records.ts';

/**
 * What lived by a password that is not the password any more: links that would change it (S73), and browsers that were
 * remembered. What is left of them by a crash, or made by a sign-in that was under way, is dead by its time.
 */
export interface OldPassword {
  forget(accountId: string): Promise<void>;
}

export function createOldPassword({
  records,
  oneTimeSecrets,
  rememberedBrowsers,
}: {
  records: Pick<Records, 'write'>;
  oneTimeSecrets: Pick<OneTimeSecrets, 'endedBy'>;
  rememberedBrowsers: Pick<RememberedBrowsers, 'forgetAll'>;
}): OldPassword {
  return {
    async forget(accountId) {
      await records.write(oneTimeSecrets.endedBy('password', accountId));
      await rememberedBrowsers.forgetAll(accountId);
    },
  };
}
