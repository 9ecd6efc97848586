import type { Config } from './config/schema.ts';
import type { Clock } from './domain/clock.ts';
import type { Events } from './events/writer.ts';
import type { Messages } from './messages/messages.ts';
import { mailStopped } from './operations/webhook-mail.ts';
import type { WebhookOutbox } from './operations/webhook-outbox.ts';
import { createWebhookStanding, type WebhookStanding } from './operations/webhook-standing.ts';
import { createWebhooks, type Webhooks } from './operations/webhooks.ts';
import type { Records } from './storage/records.ts';
import type { Sealing } from './storage/sealing.ts';
import type { Bell } from './storage/waking.ts';

/** The part of `services.ts` about who is told of events: wiring, and nothing else. */
export interface WebhookServices {
  webhooks: Webhooks;
  webhookOutbox: WebhookOutbox;
  webhookStanding: WebhookStanding;
  /** There is something to send. */
  webhookBell: Bell;
}

export interface WebhookServicesDeps {
  config: Pick<Config, 'mode'>;
  records: Records;
  sealing: Sealing;
  events: Events;
  messages: Pick<Messages, 'compose'>;
  clock: Clock;
  outbox: WebhookOutbox;
  bell: Bell;
}

export function openWebhooks({ config, outbox, bell, ...deps }: WebhookServicesDeps): WebhookServices {
  return {
    webhooks: createWebhooks({ ...deps, outbox, bell, mode: config.mode }),
    webhookOutbox: outbox,
    webhookStanding: createWebhookStanding({ ...deps, stopped: mailStopped(deps), look: outbox.look }),
    webhookBell: bell,
  };
}
