import type { IssuedCode, OneTimeCodes } from '../credentials/one-time-code.ts';
import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { maskedPhone } from '../domain/masked.ts';
import { toAccount, type Messages } from '../messages/messages.ts';
import { isLandline, readPhoneNumber, type PhoneNumber } from '../messages/phone-numbers.ts';
import type { TextNumber } from '../messages/text-numbers.ts';
import type { Records, Write } from '../storage/records.ts';
import { textIn, type Asking, type AwaitedCode, type CodeSent, type ContactChange } from './contact-change.ts';
import type { FactorChanges } from './factor-changes.ts';
import { tellingOf, type Happening, type HappeningsDeps } from './happenings.ts';
import { problem, refused, type By, type Result } from './problems.ts';
import type { ProveCode } from './prove-code.ts';
import { sendTextCode } from './text-code.ts';
import type { TwoFactor } from './two-factor.ts';

/**
 * Another mobile number, of any country: it counts once a code that was sent there was typed in the browser that asked.
 * Where no code can be sent, it is kept as what it is, a number that nobody has proved.
 */
export interface PhoneChange extends ContactChange {
  /** Whether a code can be sent to this number (E.164). */
  canProve(number: string): Promise<boolean>;
  /**
   * `kept`: without proof. `unproved`: nothing was changed, because it can't be proved and would stand in the place of
   * one that is: `typed.unproved` says that this is meant. Problems stand at `number`.
   */
  ask(account: Account, typed: TypedNumber, asking: Asking): Promise<Result<object> | CodeSent | 'kept' | 'unproved'>;
  /** With it goes the second factor that it is. Problems stand at the whole. */
  remove(account: Account, by: By): Promise<Result<object>>;
}

export interface TypedNumber {
  number: string;
  /** Two letters of ISO 3166-1, for a number without its country code. */
  country?: string;
  /** See `ask`. */
  unproved?: boolean;
}

export interface PhoneChangeDeps extends HappeningsDeps {
  records: Pick<Records, 'accounts' | 'write'>;
  codes: Pick<OneTimeCodes, 'issue' | 'pending' | 'withdraw' | 'endedBy'>;
  proveCode: Pick<ProveCode, 'sent'>;
  factors: Pick<FactorChanges, 'of'>;
  twoFactor: Pick<TwoFactor, 'remove'>;
  messages: Pick<Messages, 'canSendText' | 'allowText' | 'composeText'>;
  clock: Clock;
}

const purpose = 'verify:phone';
/** Seconds for which a change waits for its code, or for another one. */
const waits = 86_400;

export function createPhoneChange(deps: PhoneChangeDeps): PhoneChange {
  const { records, codes, proveCode, factors, twoFactor, messages, clock } = deps;

  const canGetTexts = ({ country }: PhoneNumber): boolean => country !== undefined && messages.canSendText(country);

  async function send(account: Account, { number }: PhoneNumber, asking: Asking): Promise<CodeSent> {
    const { binding, from, locale } = asking;
    const compose = ({ code, worksUntil }: IssuedCode, to: TextNumber): Write[] => {
      const lives = Math.round((worksUntil - clock.now()) / 1000);

      return messages.composeText('phone-code', { ...toAccount(account), to, locale, data: { code, lives } });
    };
    const ask = { purpose, accountId: account.id, binding, data: { number }, keptFor: waits } as const;
    const issued = await sendTextCode(messages, { number, ip: from.ip, isUnproved: true, compose }, (message) =>
      codes.issue(ask, message),
    );

    return issued === 'off' || 'wait' in issued ? issued : 'sent';
  }

  async function waiting(accountId: string, binding: string): Promise<AwaitedCode | undefined> {
    const pending = await codes.pending({ purpose, accountId, binding });
    const to = pending?.data['number'];

    return pending && typeof to === 'string' ? { to, here: pending.here, lives: pending.lives } : undefined;
  }

  async function put(account: Account, phone: Account['phone'], by: By): Promise<Account> {
    const updatedAt = clock.now();
    const what: Happening = phone
      ? { kind: 'phone.changed', details: { verified: phone.verified }, name: maskedPhone(phone.number) }
      : { kind: 'phone.removed' };
    const change = ({ phone: _, ...old }: Account): Account => ({ ...old, ...(phone && { phone }), updatedAt });

    await records.write([
      { in: 'accounts', update: account.id, change, decides: true },
      ...codes.endedBy('phone', account.id),
      ...(await tellingOf(deps, { ...by, account, what })),
    ]);

    return change(account);
  }

  return {
    canSend: () => messages.canSendText(),
    waiting,

    async canProve(number) {
      const phone = await readPhoneNumber(number);

      return phone !== undefined && canGetTexts(phone);
    },

    async ask(account, { number: typed, country, unproved = false }, asking) {
      const phone = await readPhoneNumber(typed, country);
      if (!phone) return refused(problem('number', 'problem.phoneNumber'));
      if (await isLandline(phone.number)) return refused(problem('number', 'problem.phoneLandline'));

      const { number } = phone;
      const isSame = account.phone?.number === number;
      if (isSame && account.phone?.verified) return refused(problem('number', 'problem.phoneSame'));
      if (canGetTexts(phone)) return send(account, phone, asking);
      if (isSame) return 'off';

      // The number would be no factor any more without anybody having said so.
      if ((await factors.of(account.id)).text) return refused(problem('number', 'problem.phoneIsFactor'));

      if (account.phone?.verified && !unproved) return 'unproved';

      await put(account, { number, verified: false }, { actor: account.id, from: asking.from });
      return 'kept';
    },

    async sendAgain(account, asking) {
      const awaited = await waiting(account.id, asking.binding);
      const phone = awaited && (await readPhoneNumber(awaited.to));

      return phone ? send(account, phone, asking) : 'nothing';
    },

    async confirm(account, given) {
      const proof = await proveCode.sent(account, { ...given, purpose });
      if (proof === 'locked' || proof === 'ended' || !('right' in proof)) return proof;

      const phone = { number: textIn(proof.data, 'number'), verified: true };

      return { ok: true, value: await put(account, phone, { actor: account.id, from: given.from }) };
    },

    cancel: ({ id }) => codes.withdraw(purpose, id),

    async remove(account, by) {
      if ((await factors.of(account.id)).text) {
        const removed = await twoFactor.remove(account, 'text', by);
        if (!removed.ok) return removed;
      }

      if (account.phone) await put(account, undefined, by);
      return { ok: true, value: {} };
    },
  };
}
