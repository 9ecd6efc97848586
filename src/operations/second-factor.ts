import type { CodeMessage, IssuedCode, OneTimeCodes } from '../credentials/one-time-code.ts';
import type { Account } from '../domain/account.ts';
import { strongestEnrolled } from '../domain/acr.ts';
import { isTwoFactorOn, type Method } from '../domain/factors.ts';
import { maskedEmail, maskedPhone } from '../domain/masked.ts';
import type { FactorChanges } from './factor-changes.ts';
import { methodsToProve, needsStrongFactor } from './factor-rules.ts';
import type { NoText } from './text-code.ts';

/** What somebody who gave their password is asked for next, and sending the code that they will type. */
export interface SecondFactor {
  ask(account: Account): Promise<SecondFactorAsked>;
  /** Sends for what the others look at, before it is known whether they will. */
  ahead(accountId: string): void;
  /** What a recent sign-in must have proved (S96): `strengthOf` the session is to be no less. */
  strongest(account: Account): Promise<ReturnType<typeof strongestEnrolled>>;
  /**
   * `message` answers what carries the code, and is written in one step with it, or why there is none. `off`: no code can
   * go there any more. `wait` in seconds: too many were sent or tried.
   */
  send(
    account: Account,
    by: { method: 'email' | 'text'; binding: string },
    message: (code: IssuedCode) => CodeMessage<NoText> | Promise<CodeMessage<NoText>>,
  ): Promise<{ sentTo: string; /** Milliseconds. */ worksUntil: number } | { wait: number } | 'off'>;
}

export interface SecondFactorAsked {
  /** Whether signing in takes one; who asks for two factors (`acr_values`, a client's rule) takes one all the same. */
  needed: boolean;
  /** Whether nothing less than two factors will do for this person. */
  needsStrong: boolean;
  /** Whether the person has switched it on. */
  isOn: boolean;
  /** What can be proved now, what is begun with first. */
  methods: Method[];
  /** Where codes would go, masked. */
  email: string;
  text?: string;
  recoveryCodesLeft: number;
}

export interface SecondFactorDeps {
  changes: Pick<FactorChanges, 'of'>;
  codes: Pick<OneTimeCodes, 'issue'>;
}

export function createSecondFactor({ changes, codes }: SecondFactorDeps): SecondFactor {
  return {
    // A failure is for whoever really asks.
    ahead: (accountId) => void changes.of(accountId).catch(() => undefined),

    async ask(account) {
      const factors = await changes.of(account.id);
      const methods = methodsToProve(account, factors);
      const { preferred, recovery } = factors;

      return {
        needed: isTwoFactorOn(factors) || needsStrongFactor(account),
        needsStrong: needsStrongFactor(account),
        isOn: isTwoFactorOn(factors),
        methods: methods.toSorted((a, b) => Number(b === preferred) - Number(a === preferred)),
        email: maskedEmail(account.email),
        ...(account.phone && { text: maskedPhone(account.phone.number) }),
        recoveryCodesLeft: recovery?.hashes.length ?? 0,
      };
    },

    strongest: async (account) => strongestEnrolled(methodsToProve(account, await changes.of(account.id))),

    async send(account, { method, binding }, message) {
      if (!methodsToProve(account, await changes.of(account.id)).includes(method)) return 'off';

      const ask = { purpose: `second-factor:${method}`, accountId: account.id, binding } as const;
      const issued = await codes.issue(ask, message);
      if (issued === 'off' || 'wait' in issued) return issued;

      const sentTo = method === 'email' ? maskedEmail(account.email) : maskedPhone(account.phone?.number ?? '');

      return { sentTo, worksUntil: issued.worksUntil };
    },
  };
}
