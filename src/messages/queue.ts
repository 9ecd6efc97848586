import type { Clock } from '../domain/clock.ts';
import type { Message, MessageChannel, MessageState } from '../domain/message.ts';
import { createQueue as createRowQueue, nextTry, type Claimed as ClaimedRow } from '../storage/queue.ts';
import type { Records } from '../storage/records.ts';

/** Who sends which message when, each channel by itself: `storage/queue.ts` with what becomes of a message. */
export interface Queue {
  /** The one that is longest due, now this caller's alone. Undefined: none is due. */
  claim(channel: MessageChannel): Promise<Claimed | undefined>;
  /** Keeps the claim for another while. */
  renew(message: Claimed): Promise<void>;
  /** Writes down how it went. Answers the state that this led to; undefined: the claim was lost meanwhile. */
  settle(message: Claimed, outcome: Outcome): Promise<MessageState | undefined>;
  /** When the next one is due, in milliseconds. */
  nextAt(channel: MessageChannel): Promise<number | undefined>;
  /** Whether another one took its place. */
  isOutdated(message: Message): Promise<boolean>;
}

export type Claimed = ClaimedRow<Message>;

export type Outcome =
  /** `keep`: what it says stays readable, for the outbox. */
  | { kind: 'sent'; keep?: true }
  | { kind: 'dropped'; error: string }
  /** Nothing will help. */
  | { kind: 'failed'; error: string }
  /** It may work later: not before `after` (seconds), where that is known. */
  | { kind: 'retry'; error: string; after?: number }
  /** Nothing was tried: it is due again at once. */
  | { kind: 'unsent' };

/** Milliseconds. */
const day = 86_400_000;

/** How long a settled message can still be asked about. */
const keptFor = { sent: day, dropped: day, failed: 30 * day };
/** One that the outbox shows: somebody is trying things out. */
const shownFor = 7 * day;
const longestError = 500;

export function createQueue({ records, clock }: { records: Pick<Records, 'messages'>; clock: Clock }): Queue {
  const { messages } = records;
  const rows = createRowQueue<Message>({ rows: messages, clock });

  return {
    claim: (channel) => rows.claim(groupOf(channel)),
    renew: rows.renew,

    async settle(message, outcome) {
      const row = await rows.settle(message, (old, now) => settled(old, outcome, now));

      return row?.state;
    },

    nextAt: (channel) => rows.nextAt(groupOf(channel)),

    async isOutdated({ id, newestOf }) {
      if (newestOf === undefined) return false;
      const { rows: newest } = await messages.list('newest', newestOf, { limit: 1, descending: true });

      return newest[0] !== undefined && newest[0].id !== id;
    },
  };
}

function groupOf(channel: MessageChannel): string {
  return `queued ${channel}`;
}

/** Whether another try makes sense, and when (milliseconds). */
function nextUsefulTry({ attempts, usefulUntil }: Message, after: number, now: number): number | undefined {
  const at = nextTry(attempts, now, after * 1000);

  return at === undefined || at >= (usefulUntil ?? Infinity) ? undefined : at;
}

function settled(old: Message, outcome: Outcome, now: number): Message {
  switch (outcome.kind) {
    case 'unsent':
      return { ...old, attempts: old.attempts - 1, nextAt: now };
    case 'sent': {
      const { lastError: _error, ...fine } = old;

      return outcome.keep
        ? { ...fine, state: 'sent', nextAt: now, expiresAt: now + shownFor }
        : ended(fine, 'sent', now);
    }
    case 'retry': {
      const lastError = outcome.error.slice(0, longestError);
      const nextAt = nextUsefulTry(old, outcome.after ?? 0, now);

      return nextAt === undefined ? ended({ ...old, lastError }, 'failed', now) : { ...old, lastError, nextAt };
    }
    default:
      return ended({ ...old, lastError: outcome.error.slice(0, longestError) }, outcome.kind, now);
  }
}

/** Nobody will need whom it was for and what was in it. */
function ended({ sealed: _, ...rest }: Message, state: 'sent' | 'failed' | 'dropped', now: number): Message {
  return { ...rest, state, nextAt: now, expiresAt: now + keptFor[state] };
}
