import type { Webhook, WebhookDelivery } from '../../src/domain/webhook.ts';

const start = Date.UTC(2026, 0, 1);
const hour = 3_600_000;

/** The part of `rows.ts` about who is told of events. */
export const webhookSamples: { webhooks: Webhook; webhookDeliveries: WebhookDelivery } = {
  webhooks: {
    id: 'webhook-1',
    url: 'https://alerts.example.org/gatehouse',
    description: 'Alerts',
    kinds: ['sign_in.failed'],
    enabled: false,
    stopped: { reason: 'failing', at: start },
    secrets: [{ id: 'secret-1', sealed: 'sealed', createdAt: start, expiresAt: start + hour }],
    nudgedAt: start,
    version: 1,
    failingSince: start,
    overflow: { from: start, until: start + hour },
    createdAt: start,
    updatedAt: start,
  },
  webhookDeliveries: {
    id: 'webhook-1 event-1',
    webhookId: 'webhook-1',
    eventId: 'event-1',
    kind: 'sign_in.failed',
    state: 'queued',
    attempts: 1,
    nextAt: start,
    claim: 'claim',
    lastTriedAt: start,
    status: 503,
    lastError: 'other_answer',
    detail: 'answered 503',
    queuedAt: start,
    createdAt: start,
    expiresAt: start + hour,
  },
};
