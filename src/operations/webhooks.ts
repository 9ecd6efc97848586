import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { SecurityEvent } from '../domain/security-event.ts';
import {
  deliveryGroup,
  webhookDeliveryId,
  webhookSecretContext,
  type Webhook,
  type WebhookDelivery,
  type WebhookSecret,
} from '../domain/webhook.ts';
import type { Events } from '../events/writer.ts';
import type { Page, Records } from '../storage/records.ts';
import type { Bell } from '../storage/waking.ts';
import type { Sealing } from '../storage/sealing.ts';
import type { ChangedMeanwhile } from './clients.ts';
import { problem, refused, type By, type Result } from './problems.ts';
import { originOf, readWebhook, webhookChanges } from './webhook-input.ts';
import { mostWebhooks, newDelivery, type WebhookOutbox } from './webhook-outbox.ts';
import { newWebhookSecret } from './webhook-signing.ts';

/**
 * Webhooks, as administrators look after them in the console and by programs. A secret is answered once, when it is made,
 * and never again. Undefined stands for a webhook, or a delivery of it, that there is not.
 */
export interface Webhooks {
  /** The oldest first; there are a few. */
  list(): Promise<Webhook[]>;
  find(id: string): Promise<WebhookDetails | undefined>;
  /** `id`: so that a form which is sent twice makes one; throws Conflict where it is taken. */
  create(input: unknown, by: By, options?: { id?: string | undefined }): Promise<Result<MadeWebhook>>;
  /** `version` as it was read: somebody else's change is never lost unseen. */
  update(
    id: string,
    input: unknown,
    by: By,
    options: { version: number },
  ): Promise<Result<Webhook> | ChangedMeanwhile | undefined>;
  /** What waits is sent once it is on again. */
  setEnabled(id: string, enabled: boolean, by: By): Promise<Webhook | undefined>;
  /** With its deliveries. */
  delete(id: string, by: By): Promise<boolean>;
  /** `overlap` in seconds: how long older secrets still sign beside it, at most 30 days. `once` as in `create`. */
  rotateSecret(
    id: string,
    overlap: number,
    by: By,
    options?: { once?: string | undefined },
  ): Promise<Result<MadeWebhook> | undefined>;
  /** The newest first. Throws Invalid for an unreadable `after`. */
  deliveries(
    id: string,
    page?: { after?: string | undefined; limit?: number },
  ): Promise<Page<WebhookDelivery> | undefined>;
  /** Sends an event of its own, whatever else it is told of. Answers what tells of it. */
  test(id: string, by: By): Promise<Result<WebhookDelivery> | undefined>;
  /** Sends again, under the same id, what was taken or given up. */
  redeliver(id: string, deliveryId: string, by: By): Promise<Result<WebhookDelivery> | undefined>;
}

export interface MadeWebhook {
  webhook: Webhook;
  /** To be shown this once (S44). */
  secret: string;
}

export interface WebhookDetails {
  webhook: Webhook;
  /** How many wait to be sent. */
  waiting: number;
}

export interface WebhooksDeps {
  records: Pick<Records, 'webhooks' | 'webhookDeliveries' | 'events' | 'write'>;
  sealing: Pick<Sealing, 'seal'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
  outbox: Pick<WebhookOutbox, 'look'>;
  bell: Pick<Bell, 'ring'>;
  mode: 'development' | 'production';
}

/** Seconds. */
export const longestWebhookOverlap = 30 * 86_400;
/** How many may sign at the same time. */
const mostSecrets = 5;
const pageSize = 20;

export function createWebhooks(deps: WebhooksDeps): Webhooks {
  const { records, sealing, events, clock, outbox, bell } = deps;
  const { webhooks, webhookDeliveries } = records;
  const rules = { development: deps.mode === 'development' };

  function newSecretOf(webhookId: string, id = newId()): { kept: WebhookSecret; secret: string } {
    const secret = newWebhookSecret();
    const sealed = sealing.seal(secret, webhookSecretContext(webhookId, id));

    return { kept: { id, sealed, createdAt: clock.now() }, secret };
  }

  /** Somebody wants to see what comes of it. */
  async function queued(delivery: WebhookDelivery): Promise<Result<WebhookDelivery>> {
    const nudgedAt = clock.now();
    await webhooks.update(delivery.webhookId, (old) => ({ ...old, nudgedAt }));
    await outbox.look();
    bell.ring();

    return { ok: true, value: delivery };
  }

  return {
    list: async () => (await webhooks.list('created', 'all', { limit: mostWebhooks * 2 })).rows,

    async find(id) {
      const webhook = await webhooks.get(id);
      if (!webhook) return undefined;

      return { webhook, waiting: await webhookDeliveries.count('state', deliveryGroup('queued', id)) };
    },

    async create(input, by, { id = newId() } = {}) {
      const found = readWebhook(input, rules);
      if (!found.ok) return found;
      if ((await webhooks.count('created', 'all')) >= mostWebhooks) {
        return refused(problem('', 'problem.webhooksMost', { max: mostWebhooks }));
      }

      const now = clock.now();
      const { kept, secret } = newSecretOf(id);
      const webhook: Webhook = {
        ...found.value,
        id,
        enabled: true,
        secrets: [kept],
        version: 1,
        createdAt: now,
        updatedAt: now,
      };
      await webhooks.create(webhook);
      const details = { webhook: id, origin: originOf(webhook), kinds: webhook.kinds };
      await events.write('webhook.created', { ...by, details });
      await outbox.look();

      return { ok: true, value: { webhook, secret } };
    },

    async update(id, input, by, { version }) {
      const found = readWebhook(input, rules);
      if (!found.ok) return (await webhooks.get(id)) && found;

      const updatedAt = clock.now();
      let changes: ReturnType<typeof webhookChanges> = {};
      let isAnother = false;
      const webhook = await webhooks.update(id, (old) => {
        isAnother = version !== old.version;
        changes = isAnother ? {} : webhookChanges(old, found.value);
        if (Object.keys(changes).length === 0) return old;

        // Elsewhere it may be taken at once: what came of the old address says nothing of the new one.
        const { failingSince, ...rest } = old;
        const isElsewhere = found.value.url !== old.url;

        return {
          ...rest,
          ...(isElsewhere ? { nudgedAt: updatedAt } : failingSince !== undefined && { failingSince }),
          ...found.value,
          version: old.version + 1,
          updatedAt,
        };
      });
      if (!webhook) return undefined;
      if (isAnother) return 'changed';

      if (Object.keys(changes).length > 0) {
        await events.write('webhook.updated', { ...by, details: { webhook: id, changes } });
        await outbox.look();
      }

      return { ok: true, value: webhook };
    },

    async setEnabled(id, enabled, by) {
      const updatedAt = clock.now();
      let changed = false;
      const webhook = await webhooks.update(id, (old) => {
        changed = old.enabled !== enabled;
        if (!changed) return old;

        const { stopped: _stopped, failingSince: _failing, ...rest } = old;
        return { ...rest, enabled, nudgedAt: updatedAt, version: old.version + 1, updatedAt };
      });

      if (webhook && changed) {
        const details = { webhook: id };
        if (enabled) await events.write('webhook.enabled', { ...by, details });
        else await events.write('webhook.disabled', { ...by, details: { ...details, reason: 'administrator' } });
        await outbox.look();
        bell.ring();
      }

      return webhook;
    },

    async delete(id, by) {
      const webhook = await webhooks.get(id);
      if (!webhook || !(await webhooks.remove(id))) return false;

      await events.write('webhook.deleted', { ...by, details: { webhook: id, origin: originOf(webhook) } });
      await outbox.look();
      // What another node leaves for it in the next seconds is dropped when its turn comes.
      await webhookDeliveries.removeAll('webhook', id);

      return true;
    },

    async rotateSecret(id, overlap, by, { once } = {}) {
      if (!Number.isInteger(overlap) || overlap < 0 || overlap > longestWebhookOverlap) {
        return refused(problem('overlap', 'problem.webhookOverlap', { days: longestWebhookOverlap / 86_400 }));
      }

      const now = clock.now();
      const { kept, secret } = newSecretOf(id, once);
      let isFull = false;
      const webhook = await webhooks.update(id, (old) => {
        if (old.secrets.some((one) => one.id === kept.id)) throw new Conflict('id');

        const end = now + overlap * 1000;
        const working = old.secrets.filter(({ expiresAt = Infinity }) => expiresAt > now);
        isFull = overlap > 0 && working.length >= mostSecrets;
        if (isFull) return old;

        const older = working.map((one) => ({ ...one, expiresAt: Math.min(one.expiresAt ?? Infinity, end) }));
        return {
          ...old,
          secrets: [kept, ...(overlap === 0 ? [] : older)],
          version: old.version + 1,
          updatedAt: now,
        };
      });
      if (!webhook) return undefined;
      if (isFull) return refused(problem('', 'problem.webhookSecrets', { max: mostSecrets }));

      await events.write('webhook.secret_rotated', { ...by, details: { webhook: id, overlap } });

      return { ok: true, value: { webhook, secret } };
    },

    async deliveries(id, { after, limit = pageSize } = {}) {
      const webhook = await webhooks.get(id);
      const page = { descending: true, limit, ...(after !== undefined && { after }) };

      return webhook && webhookDeliveries.list('webhook', id, page);
    },

    async test(id, by) {
      const webhook = await webhooks.get(id);
      if (!webhook) return undefined;
      if (!webhook.enabled) return refused(problem('', 'problem.webhookDisabled'));

      const rows: SecurityEvent[] = [];
      await events.write('webhook.tested', { ...by, details: { webhook: id } }, (row) => rows.push(row));
      const [event] = rows;
      if (!event) throw new TypeError('no event was written');

      const delivery = newDelivery(id, event, clock.now());
      await records.write([
        { in: 'webhookDeliveries', put: delivery },
        { in: 'events', create: event },
      ]);

      return queued(delivery);
    },

    async redeliver(id, deliveryId, by) {
      const webhook = await webhooks.get(id);
      if (!webhook) return undefined;
      if (!webhook.enabled) return refused(problem('', 'problem.webhookDisabled'));

      const now = clock.now();
      let isUnderWay = false;
      const delivery = await webhookDeliveries.update(webhookDeliveryId(id, deliveryId), (old) => {
        isUnderWay = old.state === 'queued';

        return isUnderWay ? old : { ...old, state: 'queued', attempts: 0, nextAt: now, queuedAt: now };
      });
      if (!delivery) return undefined;
      if (isUnderWay) return refused(problem('', 'problem.webhookUnderWay'));

      const { eventId: event } = delivery;
      await events.write('webhook.redelivered', { ...by, details: { webhook: id, event } });

      return queued(delivery);
    },
  };
}
