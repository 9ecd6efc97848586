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

/** Milliseconds; the last wait is cut by it. */
const givenUpAfter = 86_400_000;
/** After an app did not answer, others that are for it wait: it must hold up none that is for another. */
const restsFor = 10_000;
/** For an ending that is not through yet, and for one that has died half-way and may be done again. */
const soon = 200;
const later = 30_000;

export function createLogoutDelivery({ records, clock, tell }: LogoutDeliveryDeps): LogoutDelivery {
  const queue = createQueue<LogoutNotice>({ rows: records.logoutNotices, clock });
  /** Until when an app is left alone, in milliseconds. */
  const resting = new Map<string, number>();
  /** What is on its way to each app: it hears of one ending after another, in their order. */
  const underWay = new Map<string, Promise<unknown>>();

  async function outcomeOf(notice: LogoutNotice): Promise<LogoutOutcome> {
    const now = clock.now();
    const rest = (resting.get(notice.clientId) ?? 0) - now;
    if (rest > 0) return { kind: 'wait', after: rest };

    if (isStillIn(await records.sessions.get(notice.sessionUid), notice)) {
      return { kind: 'wait', after: now - notice.createdAt < later ? soon : later };
    }

    const answer = await tell(notice);

    if (answer.kind === 'retry') resting.set(notice.clientId, clock.now() + restsFor);
    else resting.delete(notice.clientId);

    return answer;
  }

  async function run(notice: LogoutNotice): Promise<LogoutOutcome> {
    try {
      return await outcomeOf(notice);
    } catch (error) {
      // Nothing was sent: what is needed for it was not to be had.
      if (error instanceof Unavailable) return { kind: 'wait', after: error.retryAfter * 1000 };

      throw error;
    }
  }

  function inTurn(notice: LogoutNotice): Promise<LogoutOutcome> {
    const { clientId } = notice;
    const before = underWay.get(clientId) ?? Promise.resolve();
    const mine = before.then(() => run(notice));
    const done = mine.catch(() => undefined).then(() => underWay.get(clientId) === done && underWay.delete(clientId));
    underWay.set(clientId, done);

    return mine;
  }

  async function settle(notice: Claimed<LogoutNotice>, outcome: LogoutOutcome): Promise<ToldApp> {
    const row = await queue.settle(notice, (old, now) => settled(old, outcome, now));
    const why = 'error' in outcome ? { error: outcome.error, detail: outcome.detail } : {};

    return { notice, state: row === undefined || row.state === 'queued' ? 'again' : row.state, ...why };
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
          run: () => inTurn(notice),
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
      const nextAt = nextTry(old.attempts, now);
      const inVain = nextAt === undefined || now >= old.createdAt + givenUpAfter;

      return inVain ? ended({ ...old, lastError }, 'failed', now) : { ...old, lastError, nextAt };
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
