import type { OneTimeCodes } from '../credentials/one-time-code.ts';
import type { Account, Locale } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Messages } from '../messages/messages.ts';
import type { Records } from '../storage/records.ts';
import { tellingOf, type HappeningsDeps } from './happenings.ts';
import type { CodeProof, GivenCode, ProveCode } from './prove-code.ts';

/** Proving that an account's own address is its owner's, for accounts that somebody else made. */
export interface EmailVerification {
  /** Whether it is asked for when somebody signs in: `offered` can be put off. Never where no mail can be sent. */
  wanted(account: Account): 'required' | 'offered' | 'off';
  /** `wait` in seconds: too many were sent or tried. */
  send(account: Account, by: { binding: string; locale: Locale }): Promise<'sent' | { wait: number }>;
  /** Whether a code was sent that can still be typed here. */
  isWaiting(account: Account, binding: string): Promise<boolean>;
  /** With the right code the address is verified from now on. `ended`: also where it is another address by now. */
  confirm(account: Account, given: GivenCode): Promise<CodeProof<{ right: true; account: Account }>>;
}

export interface EmailVerificationDeps extends HappeningsDeps {
  setting: 'required' | 'offered' | 'off';
  records: Pick<Records, 'accounts' | 'write'>;
  codes: Pick<OneTimeCodes, 'issue' | 'waiting'>;
  proveCode: Pick<ProveCode, 'sent'>;
  messages: Pick<Messages, 'canSendEmail' | 'compose' | 'wake'>;
  clock: Clock;
}

const purpose = 'verify:email';

export function createEmailVerification(deps: EmailVerificationDeps): EmailVerification {
  const { setting, records, codes, proveCode, messages, clock } = deps;

  return {
    wanted: ({ emailVerified }) => (emailVerified || !messages.canSendEmail ? 'off' : setting),

    async send({ id, email, emailKey }, { binding, locale }) {
      const issued = await codes.issue({ purpose, accountId: id, binding, data: { emailKey } }, (code) => {
        const data = { code: code.code, lives: Math.round((code.worksUntil - clock.now()) / 1000) };

        return messages.compose('confirm-email', { to: email, locale, accountId: id, data });
      });
      if ('wait' in issued) return issued;

      messages.wake();
      return 'sent';
    },

    isWaiting: async ({ id }, binding) => (await codes.waiting({ purpose, accountId: id, binding })) !== undefined,

    async confirm(account, given) {
      const judged = await proveCode.sent(account, { ...given, purpose });
      if (typeof judged === 'string' || !('right' in judged)) return judged;

      const by = { actor: account.id, from: given.from };
      const proves = (row: Account) => row.emailKey === judged.data['emailKey'];
      await records.write([
        {
          in: 'accounts',
          update: account.id,
          change: (old) =>
            proves(old) && !old.emailVerified ? { ...old, emailVerified: true, updatedAt: clock.now() } : old,
          decides: true,
        },
        ...(await tellingOf(deps, { ...by, account, what: { kind: 'email.verified' } })),
      ]);

      const now = await records.accounts.get(account.id);

      return now && proves(now) && now.emailVerified ? { right: true, account: now } : 'ended';
    },
  };
}
