import type { Passwords } from '../credentials/passwords.ts';
import type { Sealing } from '../storage/sealing.ts';

/** What an account's password was at some moment, for whoever has to show later that the account was theirs then. */
export interface KeptPassword {
  /** Its hash, sealed; undefined where there is none. */
  keep(accountId: string): Promise<string | undefined>;
  /** Counts nothing: that is the caller's business. */
  fits(accountId: string, kept: string, typed: string): Promise<boolean>;
}

export interface KeptPasswordDeps {
  passwords: Pick<Passwords, 'hashOf' | 'fits'>;
  sealing: Pick<Sealing, 'seal' | 'open'>;
}

export function createKeptPassword({ passwords, sealing }: KeptPasswordDeps): KeptPassword {
  const context = (accountId: string) => `kept-password:${accountId}`;

  return {
    async keep(accountId) {
      const hash = await passwords.hashOf(accountId);

      return hash === undefined ? undefined : sealing.seal(hash, context(accountId));
    },

    fits: (accountId, kept, typed) => passwords.fits(sealing.open(kept, context(accountId)), typed),
  };
}
