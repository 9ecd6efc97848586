import type { IssuedCode } from '../credentials/one-time-code.ts';
import type { Account, Locale } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Origin } from '../events/writer.ts';
import { toAccount, type Messages } from '../messages/messages.ts';
import type { Write } from '../storage/records.ts';
import { circumstancesOf, type PlaceOf } from './circumstances.ts';
import type { SecondFactor } from './second-factor.ts';

/** Sending the code of a second factor to the person's mailbox or phone. */
export interface SignInCodes {
  /** Whether codes can be sent this way at all, as this service is set up. */
  can(method: 'email' | 'text'): boolean;
  /**
   * `sentTo` is masked. `wait` in seconds: too many were sent or tried, or enough for now to this number. `off`: no code
   * can go there.
   */
  send(
    account: Account,
    by: { method: 'email' | 'text'; binding: string; from: Origin; locale: Locale },
  ): Promise<{ sentTo: string } | { wait: number } | 'off'>;
}

export interface SignInCodesDeps {
  secondFactor: Pick<SecondFactor, 'send'>;
  messages: Pick<Messages, 'canSendEmail' | 'canSendText' | 'allowText' | 'compose' | 'composeText' | 'wake'>;
  placeOf?: PlaceOf | undefined;
  clock: Clock;
}

/** Where the mail leads somebody who did not ask for the code. */
const securityPath = '/account/sign-in-and-security';

export function createSignInCodes({ secondFactor, messages, placeOf, clock }: SignInCodesDeps): SignInCodes {
  const livesOf = ({ worksUntil }: IssuedCode): number => Math.round((worksUntil - clock.now()) / 1000);

  /** What writes the message, or why there is none. */
  async function carrier(
    account: Account,
    { method, from, locale }: { method: 'email' | 'text'; from: Origin; locale: Locale },
  ): Promise<((code: IssuedCode) => Write[]) | { wait: number } | 'off'> {
    const recipient = { ...toAccount(account), locale };

    if (method === 'email') {
      const circumstances = {
        ...circumstancesOf(from, { clock, placeOf, locale: account.locale }),
        securityPath,
      } as const;

      return (issued) =>
        messages.compose('sign-in-code', {
          ...recipient,
          data: { code: issued.code, lives: livesOf(issued), ...circumstances },
        });
    }

    const admission = await messages.allowText({ number: account.phone?.number ?? '', ip: from.ip });
    if (!admission.allowed) return 'retryAfter' in admission ? { wait: admission.retryAfter } : 'off';

    const { to } = admission;

    return (issued) =>
      messages.composeText('sign-in-code-text', {
        ...recipient,
        to,
        data: { code: issued.code, lives: livesOf(issued) },
      });
  }

  const can = (method: 'email' | 'text'): boolean =>
    method === 'email' ? messages.canSendEmail : messages.canSendText();

  return {
    can,

    async send(account, { method, binding, from, locale }) {
      if (!can(method)) return 'off';

      const carry = await carrier(account, { method, from, locale });
      if (typeof carry !== 'function') return carry;

      const sent = await secondFactor.send(account, { method, binding }, carry);
      messages.wake();

      return sent;
    },
  };
}
