import type { Passwords } from '../credentials/passwords.ts';
import { recoveryHash } from '../credentials/recovery-code.ts';
import { acceptedStep } from '../credentials/totp.ts';
import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Authenticator, Factors, RecoveryCodes } from '../domain/factors.ts';
import type { Origin } from '../events/writer.ts';
import type { Sealing } from '../storage/sealing.ts';
import { totpContext } from './authenticators.ts';
import type { FactorChange, FactorChanges } from './factor-changes.ts';

/**
 * With what somebody proved who they were before a change, kept for whoever may take it back: whoever made the change may
 * have put other proofs in their place since (DECISIONS.md 11).
 */
export interface FormerProofs {
  /** Sealed. */
  keep(accountId: string): Promise<string>;
  /** What was kept that can be typed, what people have at hand first. */
  waysIn(accountId: string, kept: string): FormerProof[];
  /** Whether this is right. Counts nothing and uses nothing up: both are the caller's business. */
  fits(accountId: string, kept: string, typed: TypedProof): Promise<boolean>;
  /** A code that was right works nowhere else either: no step of an app and no recovery code counts twice (S89, S95). */
  spend(account: Account, kept: string, typed: TypedProof & { from: Origin }): Promise<void>;
}

export interface TypedProof {
  by: FormerProof;
  text: string;
}

export type FormerProof = 'password' | 'authenticator' | 'recovery-code';

export interface FormerProofsDeps {
  passwords: Pick<Passwords, 'hashOf' | 'fits'>;
  factors: Pick<FactorChanges, 'of' | 'make'>;
  sealing: Pick<Sealing, 'seal' | 'open' | 'keyedHash'>;
  clock: Clock;
}

interface Kept {
  password?: string;
  authenticators: Authenticator[];
  recovery?: RecoveryCodes;
}

export function createFormerProofs({ passwords, factors, sealing, clock }: FormerProofsDeps): FormerProofs {
  const context = (accountId: string) => `former-proofs:${accountId}`;
  const open = (accountId: string, kept: string) => JSON.parse(sealing.open(kept, context(accountId))) as Kept;

  /** The app whose code it is, with the step that the code belongs to. */
  function codeOf(accountId: string, { authenticators }: Kept, { text, now }: { text: string; now: Factors }) {
    const steps = authenticators.map(({ id, sealed, lastStep }) => {
      const since = now.authenticators.find((one) => one.id === id)?.lastStep ?? lastStep;
      const secret = sealing.open(sealed, totpContext(accountId, id));

      return { id, step: acceptedStep(secret, text, { now: clock.now(), after: Math.max(since, lastStep) }) };
    });

    return steps.find(({ step }) => step !== undefined);
  }

  function isRecoveryCode(
    accountId: string,
    { recovery }: Kept,
    { text, now }: { text: string; now: Factors },
  ): boolean {
    const hash = recoveryHash(sealing, accountId, text);
    if (hash === undefined || recovery?.hashes.includes(hash) !== true) return false;

    // Of the same set: one that was used since is used.
    return now.recovery?.madeAt !== recovery.madeAt || now.recovery.hashes.includes(hash);
  }

  return {
    async keep(accountId) {
      const [password, { authenticators, recovery }] = await Promise.all([
        passwords.hashOf(accountId),
        factors.of(accountId),
      ]);
      const kept: Kept = {
        authenticators,
        ...(password !== undefined && { password }),
        ...(recovery && { recovery }),
      };

      return sealing.seal(JSON.stringify(kept), context(accountId));
    },

    waysIn(accountId, kept) {
      const { password, authenticators, recovery } = open(accountId, kept);
      const ways: FormerProof[] = [];

      if (password !== undefined) ways.push('password');
      if (authenticators.length > 0) ways.push('authenticator');
      if (recovery && recovery.hashes.length > 0) ways.push('recovery-code');

      return ways;
    },

    async fits(accountId, sealed, { by, text }) {
      const kept = open(accountId, sealed);
      if (by === 'password') return kept.password !== undefined && passwords.fits(kept.password, text);

      const typed = { text, now: await factors.of(accountId) };

      return by === 'authenticator'
        ? codeOf(accountId, kept, typed) !== undefined
        : isRecoveryCode(accountId, kept, typed);
    },

    async spend(account, sealed, { by, text, from }) {
      if (by === 'password') return;

      await factors.make(account, { actor: account.id, from }, (now) =>
        by === 'authenticator'
          ? withStep(now, codeOf(account.id, open(account.id, sealed), { text, now }))
          : without(now),
      );

      function withStep(now: Factors, used: ReturnType<typeof codeOf>) {
        const { id, step } = used ?? {};
        const authenticators = now.authenticators.map((one) =>
          one.id === id && step !== undefined ? { ...one, lastStep: step } : one,
        );

        return { next: { ...now, authenticators }, happened: [], value: undefined };
      }

      function without(now: Factors): FactorChange<undefined> | { refused: undefined } {
        const before = now.recovery?.hashes ?? [];
        const hash = recoveryHash(sealing, account.id, text);
        const hashes = before.filter((one) => one !== hash);
        if (!now.recovery || hashes.length === before.length) return { refused: undefined };

        return {
          next: { ...now, recovery: { ...now.recovery, hashes } },
          happened: [{ kind: 'recovery_code.used', details: { left: hashes.length } }],
          value: undefined,
        };
      }
    },
  };
}
