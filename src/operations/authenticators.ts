import { newRecoveryCodes } from '../credentials/recovery-code.ts';
import { qrCode, type QrCode } from '../credentials/qr-code.ts';
import { acceptedStep, newTotpSecret, noStep, secretInGroups, totpUrl } from '../credentials/totp.ts';
import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { AddedFactor, Factors } from '../domain/factors.ts';
import { newId, sha256 } from '../domain/ids.ts';
import type { Sealing } from '../storage/sealing.ts';
import type { FactorChange, FactorChanges } from './factor-changes.ts';
import { refusal } from './factor-rules.ts';
import type { Happening } from './happenings.ts';
import { problem, read, type By, type Result } from './problems.ts';
import { line } from './text-rules.ts';

/** Setting up an authenticator app: a secret is shown, and counts once the app has shown a right code for it. */
export interface Authenticators {
  /**
   * Begins, or goes on with what this session or sign-in (`binding`) began less than a quarter of an hour ago: two tabs
   * show the same secret. Nobody is shown one that somebody else began.
   */
  begin(account: Account, binding: string): Promise<AuthenticatorShown>;
  /** What was begun here; undefined: nothing, or too long ago. */
  begun(account: Account, binding: string): Promise<AuthenticatorShown | undefined>;
  /** Problems stand at `code` and `name`. `ended`: nothing was begun here that still counts. */
  confirm(
    account: Account,
    given: { code: string; name?: string; binding: string },
    by: By,
  ): Promise<Result<Enrolled> | 'ended'>;
}

export interface AuthenticatorShown {
  qr: QrCode;
  /** In groups of four, to be typed. */
  secret: string;
  /** For a phone that has the app itself. */
  url: string;
}

export interface Enrolled {
  /** New ones, where this was the first factor: shown now and never again. */
  recoveryCodes?: string[];
}

export interface AuthenticatorsDeps {
  changes: FactorChanges;
  sealing: Pick<Sealing, 'seal' | 'open' | 'keyedHash'>;
  clock: Clock;
  /** As the app shows it. */
  serviceName: string;
}

/** More would be more codes that are right at a time. */
const mostAuthenticators = 3;
const nameLength = 40;
/** Milliseconds. */
const setUpTime = 15 * 60_000;

export function createAuthenticators({ changes, sealing, clock, serviceName }: AuthenticatorsDeps): Authenticators {
  function shown({ email, id }: Account, pending: NonNullable<Factors['pending']>): AuthenticatorShown {
    const secret = sealing.open(pending.sealed, totpContext(id, pending.id));
    const url = totpUrl({ secret, issuer: serviceName, account: email });

    return { qr: qrCode(url), secret: secretInGroups(secret), url };
  }

  function pendingOf({ pending }: Factors, binding: string): Factors['pending'] {
    const counts = pending?.binding === sha256(binding) && clock.now() - pending.begunAt < setUpTime;

    return counts ? pending : undefined;
  }

  return {
    async begin(account, binding) {
      const outcome = await changes.make(account, { actor: account.id }, (seen) => {
        const going = pendingOf(seen, binding);
        if (going) return { refused: going };

        const id = newId();
        const sealed = sealing.seal(newTotpSecret(), totpContext(account.id, id));
        const pending = { id, sealed, binding: sha256(binding), begunAt: clock.now() };

        return { next: { ...seen, pending }, happened: [], value: pending };
      });

      return shown(account, 'made' in outcome ? outcome.made : outcome.refused);
    },

    async begun(account, binding) {
      const pending = pendingOf(await changes.of(account.id), binding);

      return pending && shown(account, pending);
    },

    async confirm(account, { code, name = '', binding }, by) {
      const named = read(line(nameLength), name);
      if (!named.ok) return { ok: false, problems: named.problems.map((one) => ({ ...one, path: 'name' })) };

      const outcome = await changes.make<Enrolled, Result<Enrolled> | 'ended'>(account, by, (seen) => {
        const pending = pendingOf(seen, binding);
        if (!pending) return { refused: 'ended' };
        if (seen.authenticators.length >= mostAuthenticators) {
          return refusal(problem('', 'problem.tooManyAuthenticators', { max: mostAuthenticators }));
        }

        const secret = sealing.open(pending.sealed, totpContext(account.id, pending.id));
        const step = acceptedStep(secret, code, { now: clock.now(), after: noStep });
        if (step === undefined) return refusal(problem('code', 'problem.codeWrong'));

        const { pending: _, ...rest } = seen;
        const { id, sealed } = pending;
        // The code that confirmed it is used.
        const at = clock.now();
        const made = { id, name: named.value, sealed, lastStep: step, addedAt: at };

        return enrolling(sealing, {
          next: { ...rest, authenticators: [...seen.authenticators, made] },
          what: { kind: 'two_factor.method_added', details: { method: 'authenticator' } },
          added: { kind: 'authenticator', id, at },
        });
      });

      return 'made' in outcome ? { ok: true, value: outcome.made } : outcome.refused;
    },
  };
}

export function totpContext(accountId: string, authenticatorId: string): string {
  return `totp:${accountId}:${authenticatorId}`;
}

/** A change that adds a factor: with the first one come recovery codes, of the same time and told in the same mail. */
export function enrolling(
  sealing: Pick<Sealing, 'keyedHash'>,
  { next, what, added }: { next: Factors; what: Happening; added: AddedFactor },
): FactorChange<Enrolled> {
  if (next.recovery) return { next, happened: [{ ...what, added }], value: {} };

  const { shown, kept } = newRecoveryCodes(sealing, { accountId: next.id, now: added.at });
  const created = { kind: 'recovery_codes.created', details: { count: shown.length }, toldElsewhere: true } as const;

  return {
    next: { ...next, recovery: kept },
    happened: [{ ...what, added, withCodes: true }, created],
    value: { recoveryCodes: shown },
  };
}
