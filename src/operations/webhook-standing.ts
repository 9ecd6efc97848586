import type { Clock } from '../domain/clock.ts';
import type { Webhook, WebhookStop } from '../domain/webhook.ts';
import type { Events } from '../events/writer.ts';
import type { Records } from '../storage/records.ts';

/** How each webhook takes what it is sent; one that takes nothing for days, or says that it is gone, is switched off. */
export interface WebhookStanding {
  took(id: string): Promise<void>;
  failed(id: string, why: WebhookStop): Promise<void>;
}

export interface WebhookStandingDeps {
  records: Pick<Records, 'webhooks'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
  /** One was switched off: administrators hear of it. */
  stopped(webhook: Webhook): Promise<void>;
  /** Looks anew who wants to be told. */
  look(): Promise<void>;
}

/** Milliseconds: a long weekend. */
const stoppedAfter = 3 * 86_400_000;

export function createWebhookStanding({ records, events, clock, stopped, look }: WebhookStandingDeps): WebhookStanding {
  const { webhooks } = records;

  return {
    async took(id) {
      await webhooks.update(id, (old) => {
        if (old.failingSince === undefined) return old;

        const { failingSince: _, ...rest } = old;
        return rest;
      });
    },

    async failed(id, why) {
      const now = clock.now();
      let isStopped = false;
      const row = await webhooks.update(id, (old) => {
        const { failingSince = now } = old;
        isStopped = old.enabled && (why === 'gone' || now - failingSince >= stoppedAfter);
        if (isStopped) {
          return { ...old, failingSince, enabled: false, stopped: { reason: why, at: now }, version: old.version + 1 };
        }

        return old.failingSince === undefined ? { ...old, failingSince } : old;
      });
      if (!row || !isStopped) return;

      await events.write('webhook.disabled', { actor: 'server', details: { webhook: id, reason: why } });
      await look();
      await stopped(row);
    },
  };
}
