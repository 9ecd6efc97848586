import type { Clock } from '../domain/clock.ts';
import { newId } from '../domain/ids.ts';
import type { Message, MessageChannel, MessageState } from '../domain/message.ts';
import type { Records } from '../storage/records.ts';

/**
 * Who sends which message when. A node claims a message by a conditional update, so of many nodes one sends it; while it
 * does, it renews the claim, and a claim that nobody renews is over: the message is anybody's again.
 */
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

export type Claimed = Message & { claim: string };

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
export const claimLasts = 60_000;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** After the first, second, … attempt; 21 hours in all, so that an address that nobody can reach is forgotten within a day. */
const waits = [10 * second, minute, 5 * minute, 30 * minute, 2 * hour, 6 * hour, 12 * hour];

/** How long a settled message can still be asked about. */
const keptFor = { sent: day, dropped: day, failed: 30 * day };
/** One that the outbox shows: somebody is trying things out. */
const shownFor = 7 * day;
const longestError = 500;
/** How many are looked at to find one that nobody else takes at the same time. */
const looked = 20;

export function createQueue({ records, clock }: { records: Pick<Records, 'messages'>; clock: Clock }): Queue {
  const { messages } = records;

  async function take({ id }: Message): Promise<Claimed | undefined> {
    const now = clock.now();
    const claim = newId();
    const taken = await messages.update(id, (old) =>
      isDue(old, now) ? { ...old, claim, attempts: old.attempts + 1, nextAt: now + claimLasts } : old,
    );

    return taken?.claim === claim ? { ...taken, claim } : undefined;
  }

  return {
    async claim(channel) {
      for (;;) {
        const { rows } = await messages.list('state', `queued ${channel}`, { limit: looked });
        const due = rows.filter((row) => isDue(row, clock.now()));

        for (const row of due) {
          const taken = await take(row);
          if (taken) return taken;
        }

        if (due.length < looked) return undefined;
      }
    },

    async renew({ id, claim }) {
      const nextAt = clock.now() + claimLasts;

      await messages.update(id, (old) => (isHeld(old, claim) ? { ...old, nextAt } : old));
    },

    async settle({ id, claim }, outcome) {
      const now = clock.now();
      let state: MessageState | undefined;

      await messages.update(id, (old) => {
        const next = isHeld(old, claim) ? settled(old, outcome, now) : old;
        state = next === old ? undefined : next.state;

        return next;
      });

      return state;
    },

    async nextAt(channel) {
      const { rows } = await messages.list('state', `queued ${channel}`, { limit: 1 });

      return rows[0]?.nextAt;
    },

    async isOutdated({ id, newestOf }) {
      if (newestOf === undefined) return false;
      const { rows } = await messages.list('newest', newestOf, { limit: 1, descending: true });

      return rows[0] !== undefined && rows[0].id !== id;
    },
  };
}

/** Whether another try makes sense, and when (milliseconds). */
function nextTry({ attempts, usefulUntil }: Message, after: number, now: number): number | undefined {
  const wait = waits[attempts - 1];
  const at = wait === undefined ? undefined : now + Math.max(wait, after * second);

  return at === undefined || at >= (usefulUntil ?? Infinity) ? undefined : at;
}

function settled({ claim: _, ...old }: Message, outcome: Outcome, now: number): Message {
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
      const nextAt = nextTry(old, outcome.after ?? 0, now);

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

function isDue({ state, nextAt }: Message, now: number): boolean {
  return state === 'queued' && nextAt <= now;
}

function isHeld({ state, claim: held }: Message, claim: string): boolean {
  return state === 'queued' && held === claim;
}
