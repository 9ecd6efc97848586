import { emailKey, type Account, type Locale } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { isEmailAddress } from '../domain/email-address.ts';
import { newTimedId } from '../domain/ids.ts';
import type { Message, MessageChannel } from '../domain/message.ts';
import { timeZoneOf } from '../domain/time-zone.ts';
import type { Write } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import type { Bell } from '../storage/waking.ts';
import { mails, texts, type MailName, type Mails, type TextName, type Texts } from './catalogue.ts';
import { sealContent } from './content.ts';
import type { Template } from './template.ts';
import type { TextNumber, TextNumbers } from './text-numbers.ts';
import type { Way } from './ways.ts';

/**
 * Messages: mail and text messages to people, from the words to the wire. A message is a row that is written together
 * with what causes it and sent afterwards, outside the request. This room alone knows nodemailer and twilio, the words
 * of messages and how often one is tried; it must not know why anything is sent, nor any page.
 *
 *     await records.write([...changes, ...messages.compose('password-changed', { ...toAccount(account), data })]);
 */
export interface Messages extends TextNumbers {
  /** Whether mail is sent, or shown by development mode. */
  readonly canSendEmail: boolean;
  /** The rows to write; none where mail can't be sent: nothing is queued that nobody will ever send. */
  compose<Name extends MailName>(template: Name, mail: Mail<Mails[Name]>): Write[];
  /**
   * The same work for nobody, now and when its turn comes, where it is dropped instead of sent. For what must not tell by
   * its time whether there is somebody to write to (S71). `to` is what was typed.
   */
  pretend<Name extends MailName>(template: Name, mail: Pick<Mail<Mails[Name]>, 'to' | 'attempt' | 'data'>): Write[];
  /** The same for a text message, to a number that `allowText` let through. */
  composeText<Name extends TextName>(template: Name, text: Text<Texts[Name]>): Write[];
  /** Sends what is due, on this node, now instead of in half a minute. Writing a message does it by itself. */
  wake(): void;
  /** Whoever sends is told here. */
  onWake(listener: () => void, until?: AbortSignal): void;
}

export interface Recipient {
  locale: Locale;
  /** IANA name, or whatever the account's `zoneinfo` says; unset: the operator's. */
  timeZone?: unknown;
  /** Whose message it is: closing the account drops it. */
  accountId?: string;
  /**
   * Where each attempt has a code of its own: only a newer message of the same attempt takes the place of this one. A
   * stranger's makes nobody's outdated.
   */
  attempt?: string;
}

export interface Mail<Data> extends Recipient {
  /** One that is stored or was checked; anything else throws TypeError. */
  to: string;
  data: Data;
  /**
   * A secret from this very mailbox caused it, and not whoever types its address: it is not among those of which there
   * are so many at most, which strangers may have spent.
   */
  owed?: true;
}

export interface Text<Data> extends Recipient {
  to: TextNumber;
  data: Data;
}

export interface MessagesDeps {
  sealing: Pick<Sealing, 'seal' | 'keyedHash'>;
  clock: Clock;
  ways: Readonly<Record<MessageChannel, Way>>;
  numbers: TextNumbers;
  bell: Bell;
  /** Of people who have chosen none; UTC unless told otherwise. */
  timeZone?: string;
}

interface Row<Data> {
  channel: MessageChannel;
  to: string;
  message: Recipient & { data: Data; owed?: true };
  nobody?: true;
}

/** Milliseconds for which an unsettled message lasts: longer than it is tried. */
const queuedFor = 7 * 86_400_000;

export function createMessages({ sealing, clock, ways, numbers, bell, timeZone: otherwise }: MessagesDeps): Messages {
  function row<Data>(
    name: string,
    template: Template<Data, unknown>,
    { channel, to, message, nobody }: Row<Data>,
  ): Write {
    const { locale, timeZone, accountId, attempt = '', data, owed } = message;
    const now = clock.now();
    const id = newTimedId(now);
    const lives = template.lives?.(data);
    const queued: Message = {
      id,
      channel,
      template: name,
      locale,
      sealed: sealContent(sealing, id, {
        to,
        timeZone: timeZoneOf(timeZone, otherwise),
        data: data as object,
        ...(nobody && { nobody }),
        ...(owed && { owed }),
      }),
      state: 'queued',
      attempts: 0,
      nextAt: now,
      createdAt: now,
      expiresAt: now + queuedFor,
    };

    if (accountId !== undefined) queued.accountId = accountId;
    if (lives !== undefined) queued.usefulUntil = now + lives * 1000;
    if (template.newestOnly)
      queued.newestOf = sealing.keyedHash('message', [name, emailKey(to), accountId ?? '', attempt].join(' '));

    return { in: 'messages', create: queued };
  }

  return {
    ...numbers,
    canSendEmail: ways.email !== 'none',

    compose(name, mail) {
      if (!isEmailAddress(mail.to)) throw new TypeError('mail goes to an address that was checked');

      return ways.email === 'none' ? [] : [row(name, mails[name], { channel: 'email', to: mail.to, message: mail })];
    },

    pretend: (name, { to, ...mail }) =>
      ways.email === 'none'
        ? []
        : [row(name, mails[name], { channel: 'email', to, message: { locale: 'en', ...mail }, nobody: true })],

    composeText: (name, text) =>
      ways.sms === 'none' ? [] : [row(name, texts[name], { channel: 'sms', to: text.to.number, message: text })],

    wake: bell.ring,
    onWake: bell.listen,
  };
}

/** An account as a recipient: `compose('new-device', { ...toAccount(account), data })`. */
export function toAccount({ id, email, locale, claims }: Pick<Account, 'id' | 'email' | 'locale' | 'claims'>) {
  return { to: email, locale, timeZone: claims['zoneinfo'], accountId: id };
}
