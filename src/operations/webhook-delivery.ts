import type { Clock } from '../domain/clock.ts';
import type { SecurityEvent } from '../domain/security-event.ts';
import {
  deliveryGroup,
  webhookSecretContext,
  type Webhook,
  type WebhookDelivery,
  type WebhookFailure,
} from '../domain/webhook.ts';
import { createQueue, nextTry, type Claimed } from '../storage/queue.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import type { WebhookOutbox } from './webhook-outbox.ts';
import { signatureHeaders } from './webhook-signing.ts';
import type { WebhookStanding } from './webhook-standing.ts';

/**
 * Takes deliveries from the queue of each webhook and sends them. A webhook that does not take anything is left alone for
 * longer and longer, and none waits for another. Who calls it, and how often, is a job's business.
 */
export interface WebhookSending {
  /** One delivery that is due; undefined: none is. Throws what storage throws. */
  next(): Promise<WebhookErrand | undefined>;
  /** In how many milliseconds the next one is due. */
  dueIn(): Promise<number | undefined>;
}

/** As `jobs/errands.ts` takes it. */
export interface WebhookErrand {
  run(): Promise<WebhookOutcome>;
  settle(outcome: WebhookOutcome): Promise<SentWebhook>;
  renew(): Promise<void>;
}

/** Sends a body to an address. Rejects where there was no answer; `retryAfter` in seconds. */
export type Post = (
  url: string,
  request: { headers: Record<string, string>; body: string },
) => Promise<PostAnswer | { refused: string }>;

export interface PostAnswer {
  status: number;
  retryAfter?: number | undefined;
}

export type WebhookOutcome =
  | { kind: 'delivered'; status: number }
  /** It is tried later; `gone`: the webhook wants nothing any more. */
  | { kind: 'retry'; error: WebhookFailure; detail: string; status?: number; gone?: true; retryAfter?: number }
  /** Nothing was tried, and it is due again after so many milliseconds. */
  | { kind: 'wait'; after: number }
  | { kind: 'dropped' };

export interface SentWebhook {
  delivery: WebhookDelivery;
  /** `again`: it is tried later. */
  state: 'delivered' | 'dropped' | 'failed' | 'again';
  error?: WebhookFailure;
  detail?: string;
}

export interface WebhookSendingDeps {
  records: Pick<Records, 'webhooks' | 'webhookDeliveries' | 'events'>;
  sealing: Pick<Sealing, 'open'>;
  clock: Clock;
  outbox: Pick<WebhookOutbox, 'known'>;
  standing: WebhookStanding;
  post: Post;
}

/** Milliseconds. */
const second = 1000;
const day = 86_400 * second;
const givenUpAfter = 3 * day;
const longestWait = 43_200 * second;
/** How long one is left alone that did not take anything; twice as long each time. */
const shortestRest = 10 * second;
const longestRest = 600 * second;
/** What tells of an event that is not there yet, and may be on its way into the store. */
const eventComesWithin = 120 * second;
const soon = 5 * second;
/** For whoever looks what was sent. */
const deliveredKept = 7 * day;
const longestDetail = 200;

/** Deliveries to one webhook that are under way on this node; one, while nobody knows whether it answers. */
const mostAtOnce = 4;

interface Lane {
  underWay: number;
  /** `Webhook.nudgedAt`, as it was heeded. */
  nudgedAt: number;
  /** Milliseconds: until when it is left alone, and how long that was. */
  restsUntil: number;
  rest: number;
}

export function createWebhookSending(deps: WebhookSendingDeps): WebhookSending {
  const { records, sealing, clock, outbox, standing, post } = deps;
  const { webhooks, webhookDeliveries, events } = records;
  const queue = createQueue<WebhookDelivery>({ rows: webhookDeliveries, clock });
  const lanes = new Map<string, Lane>();
  /** Where the next look begins, so that each has its turn. */
  let turn = 0;

  function laneOf({ id, nudgedAt = 0 }: Pick<Webhook, 'id' | 'nudgedAt'>): Lane {
    const lane = lanes.get(id) ?? { underWay: 0, nudgedAt, restsUntil: 0, rest: 0 };
    lanes.set(id, lane);
    if (nudgedAt > lane.nudgedAt) Object.assign(lane, { nudgedAt, restsUntil: 0, rest: 0 });

    return lane;
  }

  const isFull = ({ underWay, rest }: Lane) => underWay >= (rest > 0 ? 1 : mostAtOnce);

  async function outcomeOf(delivery: WebhookDelivery): Promise<WebhookOutcome> {
    const [webhook, event] = await Promise.all([webhooks.get(delivery.webhookId), events.get(delivery.eventId)]);
    if (!webhook) return { kind: 'dropped' };
    // Switched off since: what waits stays until it is on again.
    if (!webhook.enabled) return { kind: 'wait', after: soon };
    if (!event) {
      return clock.now() - delivery.createdAt < eventComesWithin ? { kind: 'wait', after: soon } : { kind: 'dropped' };
    }

    return sent(webhook, event);
  }

  async function sent(webhook: Webhook, event: SecurityEvent): Promise<WebhookOutcome> {
    const body = JSON.stringify(payloadOf(event));
    const at = clock.now();
    const working = webhook.secrets.filter(({ expiresAt = Infinity }) => expiresAt > at);
    const secrets = working.map(({ id, sealed }) => sealing.open(sealed, webhookSecretContext(webhook.id, id)));
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Gatehouse',
      ...signatureHeaders({ id: event.id, at, body }, secrets),
    };

    try {
      return answered(await post(webhook.url, { headers, body }));
    } catch (error) {
      return { kind: 'retry', error: 'no_answer', detail: whatFailed(error) };
    }
  }

  /** One that takes what it is sent is sent more at once, and one that doesn't is left alone. */
  function learn({ webhookId }: WebhookDelivery, outcome: WebhookOutcome): void {
    const lane = laneOf({ id: webhookId });

    if (outcome.kind === 'delivered') {
      Object.assign(lane, { rest: 0, restsUntil: 0 });
    } else if (outcome.kind === 'retry') {
      lane.rest = Math.min(longestRest, lane.rest === 0 ? shortestRest : lane.rest * 2);
      lane.restsUntil = clock.now() + Math.max(lane.rest, Math.min(longestWait, (outcome.retryAfter ?? 0) * second));
    }
  }

  async function settle(delivery: Claimed<WebhookDelivery>, outcome: WebhookOutcome): Promise<SentWebhook> {
    if (outcome.kind === 'delivered') await standing.took(delivery.webhookId);
    if (outcome.kind === 'retry') await standing.failed(delivery.webhookId, outcome.gone ? 'gone' : 'failing');

    const row = await queue.settle(delivery, (old, now) => settled(old, outcome, now));
    const why = outcome.kind === 'retry' ? { error: outcome.error, detail: outcome.detail } : {};
    const state = row === undefined || row.state === 'queued' ? 'again' : row.state;

    return { delivery, state, ...why };
  }

  return {
    async next() {
      const all = outbox.known();

      for (let step = 0; step < all.length; step += 1) {
        const webhook = all[(turn + step) % all.length];
        const lane = webhook && laneOf(webhook);
        if (!webhook || !lane || isFull(lane) || lane.restsUntil > clock.now()) continue;

        const delivery = await queue.claim(deliveryGroup('queued', webhook.id));
        if (!delivery) continue;

        turn = (turn + step + 1) % all.length;
        lane.underWay += 1;

        return {
          async run() {
            try {
              const outcome = await outcomeOf(delivery);
              learn(delivery, outcome);

              return outcome;
            } finally {
              lane.underWay -= 1;
            }
          },
          settle: (outcome) => settle(delivery, outcome),
          renew: () => queue.renew(delivery),
        };
      }

      return undefined;
    },

    async dueIn() {
      const now = clock.now();
      const due = await Promise.all(
        outbox.known().map(async (webhook) => {
          const lane = laneOf(webhook);
          const at = isFull(lane) ? undefined : await queue.nextAt(deliveryGroup('queued', webhook.id));

          return at === undefined ? Infinity : Math.max(at, lane.restsUntil) - now;
        }),
      );
      const first = Math.min(...due);

      return first === Infinity ? undefined : first;
    },
  };
}

/**
 * What is sent of an event: what the record says of it without what is personal. That rests under a key which goes with
 * the account, and what was sent cannot be called back; whoever needs it asks the API for the event by its id.
 */
export function payloadOf({ id, kind, at, actor, accountId, clientId, requestId, details }: SecurityEvent) {
  return {
    type: kind,
    timestamp: new Date(at).toISOString(),
    data: {
      id,
      actor,
      ...(accountId !== undefined && { accountId }),
      ...(clientId !== undefined && { clientId }),
      ...(requestId !== undefined && { requestId }),
      details,
    },
  };
}

function answered(answer: PostAnswer | { refused: string }): WebhookOutcome {
  if ('refused' in answer) return { kind: 'retry', error: 'refused_address', detail: answer.refused };

  const { status, retryAfter } = answer;
  if (status >= 200 && status < 300) return { kind: 'delivered', status };

  return {
    kind: 'retry',
    error: 'other_answer',
    detail: `answered ${status}`,
    status,
    ...(status === 410 && { gone: true as const }),
    ...(retryAfter !== undefined && { retryAfter }),
  };
}

function settled(old: WebhookDelivery, outcome: WebhookOutcome, now: number): WebhookDelivery {
  switch (outcome.kind) {
    case 'wait':
      return { ...old, attempts: old.attempts - 1, nextAt: now + outcome.after };
    case 'dropped':
      return { ...old, state: 'dropped', nextAt: now };
    case 'delivered': {
      const { lastError: _error, detail: _detail, ...rest } = old;

      return {
        ...rest,
        state: 'delivered',
        status: outcome.status,
        lastTriedAt: now,
        nextAt: now,
        expiresAt: Math.min(old.expiresAt, now + deliveredKept),
      };
    }
    default: {
      const { status: _, ...rest } = old;
      const { error: lastError, status, retryAfter = 0 } = outcome;
      const detail = outcome.detail.slice(0, longestDetail);
      const end = old.queuedAt + givenUpAfter;
      const tried = { ...rest, lastError, detail, lastTriedAt: now, ...(status !== undefined && { status }) };
      if (now >= end) return { ...tried, state: 'failed', nextAt: now };

      const atLeast = Math.min(longestWait, retryAfter * second);
      return { ...tried, nextAt: Math.min(end, nextTry(old.attempts, now, atLeast) ?? now + longestWait) };
    }
  }
}

/** `fetch failed` says nothing by itself. */
function whatFailed(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { code?: unknown; message?: unknown } };
  const why = cause?.code ?? cause?.message;

  return `${message ?? String(error)}${typeof why === 'string' ? ` (${why})` : ''}`;
}
