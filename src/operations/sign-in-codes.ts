import type { IssuedCode } from '../credentials/one-time-code.ts';
import type { Account, Locale } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Origin } from '../events/writer.ts';
import { toAccount, type Messages } from '../messages/messages.ts';
import type { TextNumber } from '../messages/text-numbers.ts';
import type { Write } from '../storage/records.ts';
import { circumstancesOf, type PlaceOf } from './circumstances.ts';
import type { SecondFactor } from './second-factor.ts';
import { sendTextCode } from './text-code.ts';

/** Sending the code of a second factor to the person's mailbox or phone. */
export interface SignInCodes {
  /** Whether codes can be sent this way at all, as this service is set up. */
  can(method: 'email' | 'text'): boolean;
  /**
   * `sentTo` is masked. `wait` in seconds: too many were sent or tried, or enough for now to this number. `off`: no code
   * can go there.
   */
  send(account: Account, by: Asking & { method: 'email' | 'text' }): Promise<Sent>;
}

interface Asking {
  binding: string;
  from: Origin;
  locale: Locale;
}

type Sent = { sentTo: string } | { wait: number } | 'off';

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

  async function sendMail(account: Account, { binding, from, locale }: Asking): Promise<Sent> {
    const circumstances = {
      ...circumstancesOf(from, { clock, placeOf, locale: account.locale }),
      securityPath,
    } as const;

    return secondFactor.send(account, { method: 'email', binding }, (issued) =>
      messages.compose('sign-in-code', {
        ...toAccount(account),
        locale,
        data: { code: issued.code, lives: livesOf(issued), ...circumstances },
      }),
    );
  }

  async function sendText(account: Account, { binding, from, locale }: Asking): Promise<Sent> {
    const compose = (issued: IssuedCode, to: TextNumber): Write[] =>
      messages.composeText('sign-in-code-text', {
        ...toAccount(account),
        locale,
        to,
        data: { code: issued.code, lives: livesOf(issued) },
      });

    return sendTextCode(messages, { number: account.phone?.number ?? '', ip: from.ip, compose }, (message) =>
      secondFactor.send(account, { method: 'text', binding }, message),
    );
  }

  const can = (method: 'email' | 'text'): boolean =>
    method === 'email' ? messages.canSendEmail : messages.canSendText();

  return {
    can,

    async send(account, { method, ...asking }) {
      if (!can(method)) return 'off';

      const sent = await (method === 'email' ? sendMail : sendText)(account, asking);
      messages.wake();

      return sent;
    },
  };
}
