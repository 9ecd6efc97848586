import { newRecoveryCodes } from '../credentials/recovery-code.ts';
import type { RememberedBrowsers } from '../credentials/remembered-browsers.ts';
import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { isPasswordGuarded, isTwoFactorOn, methodsOf, type Factors, type Method } from '../domain/factors.ts';
import { maskedEmail, maskedPhone } from '../domain/masked.ts';
import type { Sealing } from '../storage/sealing.ts';
import { enrolling, type Enrolled } from './authenticators.ts';
import { withoutIdleRecovery, type FactorChanges } from './factor-changes.ts';
import { needsStrongFactor, problemOfLeaving, refusal, usableMethods } from './factor-rules.ts';
import type { Happening } from './happenings.ts';
import { problem, type By, type Result } from './problems.ts';

/**
 * What a person sets about their second factors. The switch is about codes: it is on as long as there is a way to get
 * them, and switching it off removes these ways for good, so that no forgotten secret comes back to life. Passkeys stand
 * apart and are removed one by one (`passkeys.ts`).
 */
export interface TwoFactor {
  show(account: Account): Promise<TwoFactorShown>;
  /** Codes to the account's own address or number, which must be verified. Problems stand at `method`. */
  add(account: Account, method: 'email' | 'text', by: By): Promise<Result<Enrolled>>;
  prefer(account: Account, method: Method, by: By): Promise<Result<object>>;
  /** `authenticator`: the id of one. Browsers that were remembered are not any more. */
  remove(account: Account, which: 'email' | 'text' | { authenticator: string }, by: By): Promise<Result<object>>;
  switchOff(account: Account, by: By): Promise<Result<object>>;
  /** Ten new ones; the older ones are dead (S95). */
  renewRecoveryCodes(account: Account, by: By): Promise<Result<{ recoveryCodes: string[] }>>;
}

export interface TwoFactorShown {
  isOn: boolean;
  /** See `domain/factors.ts`: a shorter password is enough. */
  isPasswordGuarded: boolean;
  /** Whether it is one that must stay guarded. */
  isPasswordShort: boolean;
  /** Whether it is needed and can't be switched off. */
  isNeeded: boolean;
  /** The strongest first. */
  methods: Method[];
  preferred?: Method;
  authenticators: { id: string; name: string; /** Milliseconds. */ addedAt: number; lastUsedAt?: number }[];
  /** Where codes go, masked; whether they do, and whether they could. */
  email: { to: string; on: boolean; possible: boolean };
  text: { to?: string; on: boolean; possible: boolean };
  recoveryCodes?: { left: number; /** Milliseconds. */ madeAt: number };
}

export interface TwoFactorDeps {
  changes: FactorChanges;
  rememberedBrowsers: Pick<RememberedBrowsers, 'forgetAll'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  clock: Clock;
}

export function createTwoFactor({ changes, rememberedBrowsers, sealing, clock }: TwoFactorDeps): TwoFactor {
  /** Leaves what `leave` makes of the factors, if that may be, and forgets the browsers that were remembered by them. */
  async function reduce(
    account: Account,
    by: By,
    leave: (seen: Factors) => { left: Factors; happened: Happening } | undefined,
  ): Promise<Result<object>> {
    const outcome = await changes.make(account, by, (seen) => {
      const wanted = leave(seen);
      if (!wanted) return refusal(problem('', 'problem.notEnrolled'));

      const unwise = problemOfLeaving(account, wanted.left, seen);
      if (unwise) return refusal(unwise);

      const next = withoutIdleRecovery({ ...wanted.left, forgottenAt: clock.now() });

      return { next, happened: [wanted.happened], value: {} };
    });

    if ('refused' in outcome) return outcome.refused;

    await rememberedBrowsers.forgetAll(account.id);
    return { ok: true, value: {} };
  }

  return {
    async show(account) {
      const factors = await changes.of(account.id);
      const { authenticators, email, text, recovery, preferred } = factors;

      return {
        isOn: isTwoFactorOn(factors),
        isPasswordGuarded: isPasswordGuarded(factors),
        isPasswordShort: factors.shortPassword === true,
        isNeeded: needsStrongFactor(account),
        methods: methodsOf(factors),
        authenticators: authenticators.map(({ id, name, addedAt, lastUsedAt }) => ({
          id,
          name,
          addedAt,
          ...(lastUsedAt !== undefined && { lastUsedAt }),
        })),
        email: { to: maskedEmail(account.email), on: email !== undefined, possible: account.emailVerified },
        text: {
          ...(account.phone && { to: maskedPhone(account.phone.number) }),
          on: text !== undefined,
          possible: account.phone?.verified === true,
        },
        ...(preferred && { preferred }),
        ...(recovery && { recoveryCodes: { left: recovery.hashes.length, madeAt: recovery.madeAt } }),
      };
    },

    async add(account, method, by) {
      const outcome = await changes.make<Enrolled, Result<Enrolled>>(account, by, (seen) => {
        const at = clock.now();
        const next = { ...seen, [method]: { addedAt: at } };

        if (!usableMethods(account, next).includes(method)) {
          const key = method === 'email' ? 'problem.emailNotVerified' : 'problem.phoneNotVerified';
          return refusal(problem('method', key));
        }

        if (seen[method]) return { refused: { ok: true, value: {} } };

        const unwise = problemOfLeaving(account, next, seen);
        if (unwise) return refusal({ ...unwise, path: 'method' });

        const what: Happening = { kind: 'two_factor.method_added', details: { method } };

        return enrolling(sealing, { next, what, added: { kind: method, at } });
      });

      return 'made' in outcome ? { ok: true, value: outcome.made } : outcome.refused;
    },

    async prefer(account, method, by) {
      const outcome = await changes.make<object, Result<object>>(account, by, (seen) => {
        if (!methodsOf(seen).includes(method)) return refusal(problem('method', 'problem.notEnrolled'));
        if (seen.preferred === method) return { refused: { ok: true, value: {} } };

        return {
          next: { ...seen, preferred: method },
          happened: [{ kind: 'two_factor.preferred', details: { method } }],
          value: {},
        };
      });

      return 'made' in outcome ? { ok: true, value: {} } : outcome.refused;
    },

    remove: (account, which, by) =>
      reduce(account, by, (seen) => {
        const left = without(seen, which);
        const method = typeof which === 'string' ? which : 'authenticator';

        return left && { left, happened: { kind: 'two_factor.method_removed', details: { method } } };
      }),

    async switchOff(account, by) {
      if (needsStrongFactor(account)) return refusal(problem('', 'problem.twoFactorNeeded')).refused;

      return reduce(account, by, (seen) => {
        if (!isTwoFactorOn(seen)) return undefined;
        const { email: _email, text: _text, pending: _pending, ...rest } = seen;

        return { left: { ...rest, authenticators: [] }, happened: { kind: 'two_factor.switched_off' } };
      });
    },

    async renewRecoveryCodes(account, by) {
      const outcome = await changes.make(account, by, (seen) => {
        if (methodsOf(seen).length === 0) return refusal(problem('', 'problem.nothingEnrolled'));

        const at = clock.now();
        const { shown, kept } = newRecoveryCodes(sealing, { accountId: account.id, now: at });
        const details = { count: shown.length };

        return {
          next: { ...seen, recovery: kept },
          happened: [{ kind: 'recovery_codes.created', details, added: { kind: 'recovery-codes', at } }],
          value: { recoveryCodes: shown },
        };
      });

      return 'made' in outcome ? { ok: true, value: outcome.made } : outcome.refused;
    },
  };
}

/** Undefined when it is not there. */
function without(seen: Factors, which: 'email' | 'text' | { authenticator: string }): Factors | undefined {
  if (typeof which === 'string') {
    const { [which]: gone, ...left } = seen;

    return gone && left;
  }

  const authenticators = seen.authenticators.filter(({ id }) => id !== which.authenticator);

  return authenticators.length < seen.authenticators.length ? { ...seen, authenticators } : undefined;
}
