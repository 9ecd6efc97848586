import type { Clock } from '../domain/clock.ts';
import type { SecurityEvent } from '../domain/security-event.ts';
import { deliveryGroup, everyKind, webhookDeliveryId, type Webhook, type WebhookDelivery } from '../domain/webhook.ts';
import type { Records, Write } from '../storage/records.ts';
import type { Bell } from '../storage/waking.ts';

/**
 * Leaves word for webhooks of every event that is written, by whomever it is written, in the same step. What is left
 * stands before its event: so a crash in between may leave a delivery of an event that never came, which is never sent,
 * but no event of which nobody is told.
 */
export interface WebhookOutbox {
  /** The same records: writing an event leaves what is to be sent of it. */
  around(records: Records): Records;
  /**
   * Reads anew who wants to be told of what. Between two looks a node goes by what it has found before, so that writing an
   * event asks for nothing. Throws what storage does.
   */
  look(): Promise<void>;
  /** Those that are switched on, as the last look found them. */
  known(): readonly Webhook[];
}

export interface WebhookOutboxDeps {
  records: Pick<Records, 'webhooks' | 'webhookDeliveries'>;
  clock: Clock;
  /** Rung when there is something to send. */
  bell: Pick<Bell, 'ring'>;
  /** How many may wait for one webhook. */
  most?: number;
}

/** Milliseconds: a change shows within so long on every node. */
export const webhooksShow = 5_000;

/** How many may wait for one webhook: what comes beyond is in the record of events, and is not sent. */
const mostWaiting = 10_000;

/** How many webhooks there may be: each costs every event that it wants a row. */
export const mostWebhooks = 20;

/** Milliseconds: longer than anything is tried. What was taken is not asked for as long. */
const keptFor = 30 * 86_400_000;

interface Known {
  webhook: Webhook;
  /** How many wait, as far as it was counted, with those that this node has left since. */
  waiting: number;
  /** Whether this node has left any since it was counted. */
  isMore: boolean;
}

export function createWebhookOutbox({ records, clock, bell, most = mostWaiting }: WebhookOutboxDeps): WebhookOutbox {
  let known: readonly Known[] = [];
  let looking: Promise<void> = Promise.resolve();

  function deliveriesOf(event: SecurityEvent): Write[] {
    return known.flatMap((one): Write[] => {
      if (!wants(one.webhook, event.kind)) return [];

      one.isMore = true;
      if (one.waiting >= most) return [];

      one.waiting += 1;
      // `put`: a write that is tried again is no conflict.
      return [{ in: 'webhookDeliveries', put: newDelivery(one.webhook.id, event, clock.now()) }];
    });
  }

  /** What is left for webhooks stands before each event. */
  function withDeliveries(writes: readonly Write[]): readonly Write[] {
    if (known.length === 0) return writes;

    return writes.flatMap((write) =>
      write.in === 'events' && 'create' in write ? [...deliveriesOf(write.create), write] : [write],
    );
  }

  const write = (of: Records) => async (writes: readonly Write[], how?: { inOrder?: boolean }) => {
    const all = withDeliveries(writes);
    if (all.length === writes.length) return of.write(writes, how);

    try {
      if (how?.inOrder !== false) return await of.write(all, how);

      // Else they might arrive after their events, and a crash come in between.
      await of.write(all.filter((one) => !writes.includes(one)));
      return await of.write(writes, how);
    } finally {
      // Also after a failure: what fails by itself is left out, and the rest is written.
      bell.ring();
    }
  };

  /** Says in the store since when so much waits that nothing more is left, and that it is over. */
  async function noteOverflow({ id, overflow }: Webhook, isFull: boolean): Promise<void> {
    const isOpen = overflow !== undefined && overflow.until === undefined;
    if (isOpen === isFull) return;

    const now = clock.now();
    await records.webhooks.update(id, (old) => {
      const since = old.overflow?.until === undefined ? old.overflow?.from : undefined;
      if ((since !== undefined) === isFull) return old;

      return { ...old, overflow: isFull || since === undefined ? { from: now } : { from: since, until: now } };
    });
  }

  async function lookAt(webhook: Webhook): Promise<Known> {
    const before = known.find((one) => one.webhook.id === webhook.id);
    const isOpen = webhook.overflow !== undefined && webhook.overflow.until === undefined;
    if (before && !before.isMore && !isOpen) return { ...before, webhook };

    const waiting = await records.webhookDeliveries.count('state', deliveryGroup('queued', webhook.id));
    await noteOverflow(webhook, waiting >= most);

    return { webhook, waiting, isMore: false };
  }

  async function lookOnce(): Promise<void> {
    const { rows } = await records.webhooks.list('created', 'all', { limit: mostWebhooks * 2 });

    known = await Promise.all(rows.filter(({ enabled }) => enabled).map(lookAt));
  }

  return {
    around: (of) => ({
      ...of,
      events: {
        ...of.events,
        create: async (row) => {
          if (known.some(({ webhook }) => wants(webhook, row.kind))) await write(of)([{ in: 'events', create: row }]);
          else await of.events.create(row);
        },
      },
      write: write(of),
    }),

    look() {
      // One after the other: none that began before a change says the last word behind it.
      looking = looking.catch(() => undefined).then(lookOnce);

      return looking;
    },

    known: () => known.map(({ webhook }) => webhook),
  };
}

/** What tells a webhook of an event, to be written before it. Times in milliseconds. */
export function newDelivery(webhookId: string, { id, kind }: SecurityEvent, now: number): WebhookDelivery {
  return {
    id: webhookDeliveryId(webhookId, id),
    webhookId,
    eventId: id,
    kind,
    state: 'queued',
    attempts: 0,
    nextAt: now,
    queuedAt: now,
    createdAt: now,
    expiresAt: now + keptFor,
  };
}

function wants({ kinds }: Webhook, kind: string): boolean {
  return kinds.includes(kind) || kinds.includes(everyKind);
}
