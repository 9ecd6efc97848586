import type { Webhook, WebhookDelivery } from '../domain/webhook.ts';
import { everyKind } from '../domain/webhook.ts';
import type { MessageKey } from '../web/route.ts';
import { deliveryPath, webhookPath } from './webhook-places.ts';

/** Times in milliseconds. */
export interface ShownWebhook {
  id: string;
  path: string;
  /** What it is for, or else the host that it leads to. */
  name: string;
  url: string;
  badge: { words: MessageKey; tone: 'good' | 'warn' };
  enabled: boolean;
  /** Absent: every kind. */
  kinds?: readonly string[];
  failingSince?: number;
  /** Why it was switched off by itself, and when. */
  stopped?: { words: MessageKey; at: number };
  overflow?: { from: number; until?: number };
}

/** Times in milliseconds. */
export interface ShownDelivery {
  eventId: string;
  kind: string;
  at: number;
  badge: { words: MessageKey; tone: '' | 'good' | 'warn' };
  tries: number;
  lastTriedAt?: number;
  /** While it waits. */
  nextAt?: number;
  status?: number;
  /** Why it was not taken, in words and in those of whatever failed. */
  error?: { words: MessageKey; detail: string };
  /** Where it is sent again; absent: not now, or not by whoever looks at it. */
  path?: string;
}

const on = { words: 'webhooks.on', tone: 'good' } as const;
const off = { words: 'webhooks.off', tone: 'warn' } as const;
const failing = { words: 'webhooks.failing', tone: 'warn' } as const;

const stops = { failing: 'webhooks.stopped.failing', gone: 'webhooks.stopped.gone' } as const;

const states = {
  queued: { words: 'webhooks.state.queued', tone: '' },
  delivered: { words: 'webhooks.state.delivered', tone: 'good' },
  failed: { words: 'webhooks.state.failed', tone: 'warn' },
  dropped: { words: 'webhooks.state.dropped', tone: '' },
} as const;

const errors = {
  other_answer: 'webhooks.error.otherAnswer',
  refused_address: 'webhooks.error.refusedAddress',
  no_answer: 'webhooks.error.noAnswer',
} as const;

export function nameOf({ description, url }: Pick<Webhook, 'description' | 'url'>): string {
  return description === '' ? new URL(url).host : description;
}

export function shownWebhook(webhook: Webhook): ShownWebhook {
  const { id, url, enabled, kinds, failingSince, stopped, overflow } = webhook;

  return {
    id,
    path: webhookPath(id),
    name: nameOf(webhook),
    url,
    enabled,
    badge: enabled ? (failingSince === undefined ? on : failing) : off,
    ...(!kinds.includes(everyKind) && { kinds }),
    ...(failingSince !== undefined && { failingSince }),
    ...(stopped && { stopped: { words: stops[stopped.reason], at: stopped.at } }),
    ...(overflow && { overflow }),
  };
}

/** `mayDo`: whether whoever looks at it may have it sent again. */
export function shownDelivery(delivery: WebhookDelivery, mayDo: boolean): ShownDelivery {
  const { eventId, kind, createdAt, state, attempts, lastTriedAt, nextAt, status, lastError, detail } = delivery;

  return {
    eventId,
    kind,
    at: createdAt,
    badge: states[state],
    tries: attempts,
    ...(lastTriedAt !== undefined && { lastTriedAt }),
    ...(state === 'queued' && { nextAt }),
    ...(status !== undefined && { status }),
    ...(lastError !== undefined && { error: { words: errors[lastError], detail: detail ?? '' } }),
    ...(mayDo && state !== 'queued' && { path: deliveryPath(delivery.webhookId, eventId) }),
  };
}
