import { webhookSecretView, redeliverWords } from '../../src/admin/webhook-doings.ts';
import { clientDoingView } from '../../src/admin/client-changes.ts';
import { fieldsOf, madeWebhookView, webhookFormView } from '../../src/admin/webhook-form.ts';
import { shownDelivery, shownWebhook } from '../../src/admin/webhook-rows.ts';
import { webhooksView, webhookView } from '../../src/admin/webhooks.ts';
import { timeInWords } from '../../src/domain/consent-words.ts';
import { everyKind, type Webhook, type WebhookDelivery } from '../../src/domain/webhook.ts';
import { day, now, sample, type Sample } from './sample.ts';

const id = 'Zk3vQ8sWm1xT0rYbN5cLpA';
const place = `/admin/webhooks/${id}`;

const alerts: Webhook = {
  id,
  url: 'https://alerts-of-the-engineering-department.example.net/integrations/gatehouse/0123456789abcdef0123456789',
  description: 'Alerts for the people on duty',
  kinds: ['sign_in.blocked', 'second_factor.blocked', 'passkey.counter_regressed'],
  enabled: true,
  secrets: [
    { id: 'k1V9sQ2mX4', sealed: '', createdAt: now - day },
    { id: 'a7Tb3LpZ8w', sealed: '', createdAt: now - 300 * day, expiresAt: now + 6 * day },
  ],
  version: 3,
  createdAt: now - 300 * day,
  updatedAt: now - day,
};

const stopped: Webhook = {
  ...alerts,
  description: '',
  enabled: false,
  kinds: [everyKind],
  stopped: { reason: 'failing', at: now - 3_600_000 },
  failingSince: now - 3 * day,
  overflow: { from: now - 2 * day, until: now - day },
};

const delivery = (about: Partial<WebhookDelivery> = {}): WebhookDelivery => ({
  id: `${id} 0mjueqo00f3b1c2d3e4f5a6b7c8d9`,
  webhookId: id,
  eventId: '0mjueqo00f3b1c2d3e4f5a6b7c8d9',
  kind: 'token.reuse_detected',
  state: 'delivered',
  attempts: 1,
  nextAt: now - 60_000,
  lastTriedAt: now - 60_000,
  status: 204,
  queuedAt: now - 60_000,
  createdAt: now - 60_000,
  expiresAt: now + day,
  ...about,
});

const deliveries = [
  delivery({
    state: 'queued',
    attempts: 3,
    nextAt: now + 300_000,
    status: 503,
    lastError: 'other_answer',
    detail: 'answered 503',
  }),
  delivery({ state: 'failed', attempts: 14, lastError: 'no_answer', detail: 'fetch failed (ECONNREFUSED)' }),
  delivery({ state: 'dropped', attempts: 0 }),
  delivery(),
];

const places = {
  edit: `${place}/edit`,
  secret: `${place}/secret`,
  switch: `${place}/disable`,
  test: `${place}/test`,
  delete: `${place}/delete`,
};

const secrets = alerts.secrets.map(({ id: secret, createdAt, expiresAt: endsAt }) => ({
  id: secret,
  createdAt,
  ...(endsAt !== undefined && { endsAt }),
}));
const times = { createdAt: alerts.createdAt, updatedAt: alerts.updatedAt };
const named = { titleValues: { webhook: alerts.description } };

export const webhookSamples: readonly Sample[] = [
  sample(webhooksView, () => ({ rows: [], newPath: '/admin/webhooks/new' })),
  sample(webhooksView, () => ({ rows: [alerts, { ...alerts, failingSince: now - day }, stopped].map(shownWebhook) }), {
    as: 'with some',
    notice: 'webhooks.deletedDone',
  }),
  sample(
    webhookView,
    () => ({
      webhook: shownWebhook(alerts),
      ...times,
      waiting: 1,
      secrets,
      deliveries: deliveries.map((row) => shownDelivery(row, true)),
      next: `${place}?after=x`,
      places,
    }),
    named,
  ),
  sample(webhookView, () => ({ webhook: shownWebhook(stopped), ...times, waiting: 10_000, secrets, deliveries: [] }), {
    as: 'stopped',
    ...named,
  }),
  sample(
    webhookFormView,
    ({ say }) => ({
      ...fieldsOf(say),
      path: '/admin/webhooks/new',
      back: '/admin/webhooks',
      title: say('webhooks.new'),
      lead: 'webhooks.newLead' as const,
      once: 'o',
      submit: 'webhooks.create' as const,
    }),
    {
      titleValues: { webhook: 'new' },
      problems: { url: 'problem.uriHttp', every: 'problem.webhookKinds' },
      values: { url: 'http://example.com', description: '' },
    },
  ),
  sample(
    webhookFormView,
    ({ say }) => ({
      ...fieldsOf(say, alerts),
      path: places.edit,
      back: place,
      title: alerts.description,
      lead: 'webhooks.editLead' as const,
      version: 3,
      submit: 'webhooks.save' as const,
    }),
    { as: 'of one that is there', ...named },
  ),
  sample(
    madeWebhookView,
    () => ({
      name: alerts.description,
      lead: 'webhooks.madeLead' as const,
      secret: 'whsec_8m0qvC3xJd2sN6bT1yRkWf7zLhPaGeUi4oXQc9VtB5E=',
      path: place,
    }),
    named,
  ),
  sample(
    webhookSecretView,
    ({ say, locale }) => ({
      name: alerts.description,
      path: places.secret,
      back: place,
      once: 'o',
      overlaps: [
        ...[7, 1, 30].map((days) => ({ value: String(days), label: timeInWords(days * 86_400, locale) })),
        { value: '0', label: say('clients.overlapNone') },
      ],
    }),
    named,
  ),
  sample(
    clientDoingView,
    () => ({
      name: alerts.description,
      ...redeliverWords,
      submit: redeliverWords.what,
      path: `${place}/deliveries/x`,
      back: place,
    }),
    { as: 'a webhook’s', onlyWords: true, titleValues: { what: '…', client: alerts.description } },
  ),
];
