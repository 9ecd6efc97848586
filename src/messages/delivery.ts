import { emailKey } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Message, MessageChannel } from '../domain/message.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { mailTemplate, textTemplate } from './catalogue.ts';
import { openContent, type Content } from './content.ts';
import type { Mailer } from './mailer.ts';
import { createQueue, type Claimed, type Outcome } from './queue.ts';
import { createShares } from './shares.ts';
import type { Texter } from './texter.ts';
import type { Writing } from './writing.ts';

/** Takes messages from the queue, makes them and hands them over. Who calls it, and how often, is a job's business. */
export interface Delivery {
  /** The channels that are served here. */
  channels: readonly MessageChannel[];
  /** One message that is due; undefined: none is. Throws what storage throws. */
  next(channel: MessageChannel): Promise<Errand | undefined>;
  /** In how many milliseconds the next one is due. */
  dueIn(channel: MessageChannel): Promise<number | undefined>;
}

/** A message that is this caller's alone until `renew` was not called for a minute. */
export interface Errand {
  /** Sends it, or finds that it is not to be sent. `stop` gives it back where that is possible. */
  run(stop: AbortSignal): Promise<Outcome>;
  /** Says in the store how it went. What was sent and is not settled is sent again. */
  settle(outcome: Outcome): Promise<Delivered>;
  renew(): Promise<void>;
}

export interface Delivered {
  message: Message;
  /** `again`: it is tried later. */
  state: 'sent' | 'dropped' | 'failed' | 'again';
  error?: string;
}

export interface DeliveryDeps {
  records: Pick<Records, 'messages' | 'attempts'>;
  sealing: Pick<Sealing, 'open' | 'keyedHash'>;
  clock: Clock;
  writing: Writing;
  /** `outbox`: it is kept to be looked at. Undefined: this channel is not served. */
  email: Mailer | 'outbox' | undefined;
  sms: Texter | 'outbox' | undefined;
}

const unknownTemplate: Outcome = { kind: 'retry', error: 'this release does not know the template' };
const kept: Outcome = { kind: 'sent', keep: true };

export function createDelivery({ records, sealing, clock, writing, email, sms }: DeliveryDeps): Delivery {
  const queue = createQueue({ records, clock });
  const shares = createShares({ records, sealing, clock });
  const atMost = (message: Message) =>
    (message.channel === 'email' ? mailTemplate : textTemplate)(message.template)?.atMost;

  async function reasonToDrop(message: Message, { to, owed }: Content): Promise<string | undefined> {
    if (await queue.isOutdated(message)) return 'a newer one took its place';

    const share = atMost(message);
    // Counted once: later attempts are the same message.
    if (share === undefined || owed || message.attempts > 1) return undefined;

    return (await shares.take(`${message.template} ${emailKey(to)}`, share)) ? undefined : 'there were too many';
  }

  /** One that can't be written is a fault of ours, which the next release may have mended. */
  function written<T>(write: () => T | undefined): { done: T } | { outcome: Outcome } {
    try {
      const done = write();

      return done === undefined ? { outcome: unknownTemplate } : { done };
    } catch (error) {
      return { outcome: { kind: 'retry', error: `it can’t be written: ${String(error)}` } };
    }
  }

  async function sendMail(message: Message, content: Content, stop: AbortSignal): Promise<Outcome> {
    if (email === 'outbox' || email === undefined) return kept;
    const mail = written(() => writing.mail(message, content, clock.now()));

    return 'outcome' in mail ? mail.outcome : email.send(mail.done, { id: message.id, to: content.to }, stop);
  }

  async function sendText(message: Message, content: Content, stop: AbortSignal): Promise<Outcome> {
    if (sms === 'outbox' || sms === undefined) return kept;
    const text = written(() => writing.text(message, content, clock.now()));

    return 'outcome' in text ? text.outcome : sms.send(text.done, content.to, stop);
  }

  async function outcomeOf(message: Claimed, stop: AbortSignal): Promise<Outcome> {
    if ((message.usefulUntil ?? Infinity) <= clock.now()) {
      return { kind: 'failed', error: message.lastError ?? 'it was of no use any more when its turn came' };
    }

    let content: Content;

    try {
      content = openContent(sealing, message.id, message.sealed ?? '');
    } catch (error) {
      return { kind: 'failed', error: `it can’t be opened: ${error instanceof Error ? error.message : String(error)}` };
    }

    const dropped = await reasonToDrop(message, content);
    if (dropped !== undefined) return { kind: 'dropped', error: dropped };
    if (content.nobody) return { kind: 'dropped', error: 'there is nobody of that address' };

    return message.channel === 'email' ? sendMail(message, content, stop) : sendText(message, content, stop);
  }

  async function settle(message: Claimed, outcome: Outcome): Promise<Delivered> {
    const state = await queue.settle(message, outcome);
    const error = 'error' in outcome ? { error: outcome.error } : {};

    return { message, state: state === undefined || state === 'queued' ? 'again' : state, ...error };
  }

  return {
    channels: (['email', 'sms'] as const).filter((channel) => ({ email, sms })[channel] !== undefined),

    async dueIn(channel) {
      const at = await queue.nextAt(channel);

      return at === undefined ? undefined : at - clock.now();
    },

    async next(channel) {
      const message = await queue.claim(channel);

      return (
        message && {
          run: (stop) => outcomeOf(message, stop),
          settle: (outcome) => settle(message, outcome),
          renew: () => queue.renew(message),
        }
      );
    },
  };
}
