import { z } from 'zod';

import { everyKind, type Webhook, type WebhookDelivery } from '../domain/webhook.ts';
import { eventKinds } from '../events/catalogue.ts';
import { problemText, problem, type Problem, type Result } from '../operations/problems.ts';
import { longestDescription } from '../operations/webhook-input.ts';
import { longestWebhookOverlap, type MadeWebhook, type WebhookDetails, type Webhooks } from '../operations/webhooks.ts';
import type { Caller, Refused } from '../web/endpoint.ts';
import {
  adminEndpoint,
  changedMeanwhile,
  next,
  paging,
  refusedFor,
  tagged,
  time,
  timeOf,
  type DescribedEndpoint,
} from './endpoint.ts';

export interface AdminWebhooksDeps {
  webhooks: Webhooks;
}

/** What an administrator sets. */
const input = z.strictObject({
  /** https. Of the record of events it is told its origin alone. */
  url: z.string().max(2048),
  description: z.string().max(longestDescription).default(''),
  /** Kinds of events, or `*` for every kind, also those that a later release brings. */
  kinds: z.array(z.enum([everyKind, ...eventKinds])).min(1),
});

const webhook = z.strictObject({
  id: z.string(),
  url: z.string(),
  description: z.string(),
  kinds: z.array(z.string()),
  enabled: z.boolean(),
  /** It was switched off by itself: nothing was taken for three days, or it answered 410. */
  stopped: z.strictObject({ reason: z.enum(['failing', 'gone']), at: time }).optional(),
  /** Since when nothing was taken. */
  failingSince: time.optional(),
  /** While too much waited: what happened then is in the record of events, and was not sent. */
  overflow: z.strictObject({ from: time, until: time.optional() }).optional(),
  /** Those that sign, the newest first; never what they are. */
  secrets: z.array(z.strictObject({ id: z.string(), createdAt: time, endsAt: time.optional() })),
  createdAt: time,
  updatedAt: time,
});

/** `secret` is answered this once. */
const made = z.strictObject({ webhook, secret: z.string() });

const delivery = z.strictObject({
  /** Of the event, which is the `webhook-id` of every try. */
  event: z.string(),
  kind: z.string(),
  at: time,
  state: z.enum(['queued', 'delivered', 'failed', 'dropped']),
  tries: z.int(),
  lastTriedAt: time.optional(),
  /** While it waits. */
  nextTryAt: time.optional(),
  /** What was answered last. */
  status: z.int().optional(),
  error: z.enum(['other_answer', 'refused_address', 'no_answer']).optional(),
  detail: z.string().optional(),
});

/** Who is told of events: all that the console's pages show and do. */
export function webhookEndpoints({ webhooks }: AdminWebhooksDeps): DescribedEndpoint[] {
  return [
    adminEndpoint({
      name: 'webhooks.list',
      method: 'GET',
      path: '/webhooks',
      scope: 'webhooks:read',
      summary: 'Every webhook, the oldest first; there are twenty at most',
      answer: z.strictObject({ webhooks: z.array(webhook) }),
      run: async () => ({ webhooks: (await webhooks.list()).map(shownWebhook) }),
    }),

    adminEndpoint({
      name: 'webhooks.create',
      method: 'POST',
      path: '/webhooks',
      scope: 'webhooks:write',
      summary: 'Has an address told of events; takes the scope audit:read besides. The secret is answered this once',
      creates: true,
      body: input,
      answer: made,
      async run({ by, caller }, { body }) {
        const refusal = beyond(caller);
        if (refusal) return refusal;

        const done = await webhooks.create(body, by);

        return done.ok ? shownMade(done.value) : refusedDoing(done.problems);
      },
    }),

    adminEndpoint({
      name: 'webhooks.get',
      method: 'GET',
      path: '/webhooks/:id',
      scope: 'webhooks:read',
      summary: 'One webhook, and how many deliveries wait for it',
      answer: z.strictObject({ webhook, waiting: z.int() }),
      async run({ params: { id = '' } }) {
        const found = await webhooks.find(id);

        return found && tagged(shownDetails(found), found.webhook.version);
      },
    }),

    adminEndpoint({
      name: 'webhooks.update',
      method: 'PUT',
      path: '/webhooks/:id',
      scope: 'webhooks:write',
      summary: 'Replaces where it leads and what it is told of; takes the scope audit:read besides',
      versioned: true,
      body: input,
      answer: webhook,
      async run({ params: { id = '' }, by, match, caller }, { body }) {
        const refusal = beyond(caller);
        if (refusal) return refusal;

        const done = await webhooks.update(id, body, by, { version: Number(match) });
        if (done === undefined) return undefined;
        if (done === 'changed') return changedMeanwhile;

        return done.ok ? tagged(shownWebhook(done.value), done.value.version) : refusedDoing(done.problems);
      },
    }),

    adminEndpoint({
      name: 'webhooks.disable',
      method: 'POST',
      path: '/webhooks/:id/disable',
      scope: 'webhooks:write',
      summary: 'Sends nothing more and leaves nothing new; what waits stays',
      run: async ({ params: { id = '' }, by }) => ((await webhooks.setEnabled(id, false, by)) ? 'done' : undefined),
    }),

    adminEndpoint({
      name: 'webhooks.enable',
      method: 'POST',
      path: '/webhooks/:id/enable',
      scope: 'webhooks:write',
      summary: 'Goes on with what waits; takes the scope audit:read besides',
      run: async ({ params: { id = '' }, by, caller }) =>
        beyond(caller) ?? ((await webhooks.setEnabled(id, true, by)) ? 'done' : undefined),
    }),

    adminEndpoint({
      name: 'webhooks.delete',
      method: 'DELETE',
      path: '/webhooks/:id',
      scope: 'webhooks:write',
      summary: 'Removes a webhook with its deliveries',
      run: async ({ params: { id = '' }, by }) => ((await webhooks.delete(id, by)) ? 'done' : undefined),
    }),

    adminEndpoint({
      name: 'webhooks.secrets.rotate',
      method: 'POST',
      path: '/webhooks/:id/secrets',
      scope: 'webhooks:write',
      summary: 'Makes a new secret; older ones sign beside it for the overlap, in seconds',
      creates: true,
      body: z.strictObject({ overlap: z.int().min(0).max(longestWebhookOverlap) }),
      answer: made,
      async run({ params: { id = '' }, by, caller }, { body: { overlap } }) {
        const refusal = beyond(caller);
        if (refusal) return refusal;

        const done = await webhooks.rotateSecret(id, overlap, by);
        if (!done?.ok) return done && refusedDoing(done.problems);

        return shownMade(done.value);
      },
    }),

    adminEndpoint({
      name: 'webhooks.test',
      method: 'POST',
      path: '/webhooks/:id/test',
      scope: 'webhooks:write',
      summary: 'Sends an event webhook.tested, whatever else it is told of; takes the scope audit:read besides',
      creates: true,
      answer: delivery,
      run: async ({ params: { id = '' }, by, caller }) => beyond(caller) ?? shownSent(await webhooks.test(id, by)),
    }),

    adminEndpoint({
      name: 'webhooks.deliveries.list',
      method: 'GET',
      path: '/webhooks/:id/deliveries',
      scope: 'webhooks:read',
      summary: 'What it was told of, the newest first: kept for 7 days where it was taken, else for 30',
      query: z.strictObject(paging),
      answer: z.strictObject({ deliveries: z.array(delivery), next }),
      async run({ params: { id = '' } }, { query }) {
        const page = await webhooks.deliveries(id, query);

        return (
          page && { deliveries: page.rows.map(shownDelivery), ...(page.next !== undefined && { next: page.next }) }
        );
      },
    }),

    adminEndpoint({
      name: 'webhooks.deliveries.redeliver',
      method: 'POST',
      path: '/webhooks/:id/deliveries/:event/redeliver',
      scope: 'webhooks:write',
      summary: 'Sends an event again, under the same id; takes the scope audit:read besides',
      answer: delivery,
      run: async ({ params: { id = '', event = '' }, by, caller }) =>
        beyond(caller) ?? shownSent(await webhooks.redeliver(id, event, by)),
    }),
  ];
}

/** S53: what is sent comes from the record of events, which whoever has it sent must be allowed to read. */
function beyond({ scopes }: Caller): Refused | undefined {
  if (scopes.includes('audit:read')) return undefined;

  return { refused: { status: 403, detail: problemText(problem('', 'problem.webhookScope')) } };
}

/** What stands against it is the webhook as it is, not what was sent. */
function refusedDoing(problems: readonly Problem[]): Refused {
  return refusedFor(problems.some(({ path }) => path !== '') ? 422 : 409, problems);
}

function shownSent(done: Result<WebhookDelivery> | undefined) {
  return done && (done.ok ? shownDelivery(done.value) : refusedDoing(done.problems));
}

function shownWebhook(of: Webhook) {
  const { stopped, failingSince, overflow, secrets, version: _version, nudgedAt: _nudgedAt, ...rest } = of;

  return {
    ...rest,
    ...(stopped && { stopped: { reason: stopped.reason, at: timeOf(stopped.at) } }),
    ...(failingSince !== undefined && { failingSince: timeOf(failingSince) }),
    ...(overflow && {
      overflow: {
        from: timeOf(overflow.from),
        ...(overflow.until !== undefined && { until: timeOf(overflow.until) }),
      },
    }),
    secrets: secrets.map(({ id, createdAt, expiresAt }) => ({
      id,
      createdAt: timeOf(createdAt),
      ...(expiresAt !== undefined && { endsAt: timeOf(expiresAt) }),
    })),
    createdAt: timeOf(rest.createdAt),
    updatedAt: timeOf(rest.updatedAt),
  };
}

function shownDetails({ webhook: of, waiting }: WebhookDetails) {
  return { webhook: shownWebhook(of), waiting };
}

function shownMade({ webhook: of, secret }: MadeWebhook) {
  return { webhook: shownWebhook(of), secret };
}

function shownDelivery(of: WebhookDelivery) {
  const { eventId, kind, createdAt, state, attempts, lastTriedAt, nextAt, status, lastError, detail } = of;

  return {
    event: eventId,
    kind,
    at: timeOf(createdAt),
    state,
    tries: attempts,
    ...(lastTriedAt !== undefined && { lastTriedAt: timeOf(lastTriedAt) }),
    ...(state === 'queued' && { nextTryAt: timeOf(nextAt) }),
    ...(status !== undefined && { status }),
    ...(lastError !== undefined && { error: lastError }),
    ...(detail !== undefined && { detail }),
  };
}
