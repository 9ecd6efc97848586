import type { Clock } from '../domain/clock.ts';
import { Unavailable } from '../domain/errors.ts';
import { isStillIn, type LogoutAnswer, type LogoutFailure, type LogoutNotice } from '../domain/logout-notice.ts';
import { createQueue, nextTry, type Claimed } from '../storage/queue.ts';
import type { Records } from '../storage/records.ts';

/** Takes notices from the queue and has the apps told. Who calls it, and how often, is a job's business. */
export interface LogoutDelivery {
  /** One notice that is due; undefined: none is. Throws what storage throws. */
  next(): Promise<LogoutErrand | undefined>;
  /** In how many milliseconds the next one is due. */
  dueIn(): Promise<number | undefined>;
}

/** As `jobs/errands.ts` takes it. */
export interface LogoutErrand {
  run(): Promise<LogoutOutcome>;
  settle(outcome: LogoutOutcome): Promise<ToldApp>;
  renew(): Promise<void>;
}

export type TellApp = (notice: LogoutNotice) => Promise<LogoutAnswer>;

/** `wait`: nothing was tried; it is due again after so many milliseconds. */
export type LogoutOutcome = LogoutAnswer | { kind: 'wait'; after: number };

export interface ToldApp {
  notice: LogoutNotice;
  /** `again`: it is tried later. */
  state: 'delivered' | 'dropped' | 'failed' | 'again';
  error?: LogoutFailure;
  detail?: string;
}

export interface LogoutDeliveryDeps {
  records: Pick<Records, 'logoutNotices' | 'sessions'>;
  clock: Clock;
  tell: TellApp;
}

/** Milliseconds. */
const second = 1000;
const givenUpAfter = 86_400 * second;
const longestWait = 43_200 * second;
/** An app that did not answer is left alone for a while: it holds up none that is for another. */
const restsFor = 10 * second;
/** For an ending that is not through yet, and for one that has died half-way and may be done again. */
const soon = 200;
const later = 30 * second;

export function createLogoutDelivery({ records, clock, tell }: LogoutDeliveryDeps): LogoutDelivery {
  const { logoutNotices, sessions } = records;
  const queue = createQueue<LogoutNotice>({ rows: logoutNotices, clock });
  /** Until when an app is left alone, in milliseconds. */
  const resting = new Map<string, number>();

  async function outcomeOf(notice: LogoutNotice): Promise<LogoutOutcome> {
    const now = clock.now();
    const age = now - notice.createdAt;

    const rest = (resting.get(notice.clientId) ?? 0) - now;
    if (rest > 0) return { kind: 'wait', after: rest };

    const first = await firstBefore(notice);
    if (first) return { kind: 'wait', after: await waitBehind(first, age) };

    if (isStillIn(await sessions.get(notice.sessionUid), notice)) {
      return { kind: 'wait', after: age < later ? soon : later };
    }

    const answer = await tell(notice);

    if (answer.kind === 'retry') resting.set(notice.clientId, clock.now() + restsFor);
    else resting.delete(notice.clientId);

    return answer;
  }

  /** Milliseconds. Something new is worth another try of what has waited longest. */
  async function waitBehind(first: LogoutNotice, age: number): Promise<number> {
    if (age < restsFor) await bringForward(first);

    const isUnderWay = age < restsFor || first.claim !== undefined;
    return isUnderWay ? soon : Math.max(soon, first.nextAt - clock.now() + second);
  }

  /** An app hears of one person's endings in their order. */
  async function firstBefore(notice: LogoutNotice): Promise<LogoutNotice | undefined> {
    const first = await firstFor(notice);

    return first?.id === notice.id ? undefined : first;
  }

  async function firstFor({ clientId, accountId = '' }: LogoutNotice): Promise<LogoutNotice | undefined> {
    return (await logoutNotices.list('person', `${clientId} ${accountId}`, { limit: 1 })).rows[0];
  }

  async function bringForward({ id }: LogoutNotice): Promise<void> {
    const now = clock.now();

    await logoutNotices.update(id, (old) =>
      old.state === 'queued' && old.claim === undefined && old.nextAt > now ? { ...old, nextAt: now } : old,
    );
  }

  async function run(notice: LogoutNotice): Promise<LogoutOutcome> {
    try {
      return await outcomeOf(notice);
    } catch (error) {
      // Nothing was sent: what is needed for it was not to be had.
      if (error instanceof Unavailable) return { kind: 'wait', after: error.retryAfter * second };

      throw error;
    }
  }

  async function settle(notice: Claimed<LogoutNotice>, outcome: LogoutOutcome): Promise<ToldApp> {
    const row = await queue.settle(notice, (old, now) => settled(old, outcome, now));
    const why = 'error' in outcome ? { error: outcome.error, detail: outcome.detail } : {};
    if (row === undefined || row.state === 'queued') return { notice, state: 'again', ...why };

    // What waited for it.
    const next = await firstFor(notice);
    if (next) await bringForward(next);

    return { notice, state: row.state, ...why };
  }

  return {
    async dueIn() {
      const at = await queue.nextAt('queued');

      return at === undefined ? undefined : at - clock.now();
    },

    async next() {
      const notice = await queue.claim('queued');

      return (
        notice && {
          run: () => run(notice),
          settle: (outcome) => settle(notice, outcome),
          renew: () => queue.renew(notice),
        }
      );
    },
  };
}

function settled(old: LogoutNotice, outcome: LogoutOutcome, now: number): LogoutNotice {
  switch (outcome.kind) {
    case 'wait':
      return { ...old, attempts: old.attempts - 1, nextAt: now + outcome.after };
    case 'retry': {
      const lastError = outcome.error;
      const end = old.createdAt + givenUpAfter;
      if (now >= end) return ended({ ...old, lastError }, 'failed', now);

      return { ...old, lastError, nextAt: Math.min(end, nextTry(old.attempts, now) ?? now + longestWait) };
    }
    case 'failed':
      return ended({ ...old, lastError: outcome.error }, 'failed', now);
    default:
      return ended(old, outcome.kind, now);
  }
}

/** Nobody needs to know any more whose session it was. */
function ended({ accountId: _, ...rest }: LogoutNotice, state: 'delivered' | 'failed' | 'dropped', now: number) {
  return { ...rest, state, nextAt: now };
}
