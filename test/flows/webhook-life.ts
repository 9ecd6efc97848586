import { setImmediate as turn } from 'node:timers/promises';

import type { Webhook, WebhookDelivery } from '../../src/domain/webhook.ts';
import type { TestApp } from '../support/app.ts';
import { within } from '../support/within.ts';

/** Webhooks that are made, told of events, and watched while time goes by. */

export const env = { GATEHOUSE_OUTBOUND_ALLOW_PRIVATE: 'true' };
export const by = { actor: 'command-line' };

export async function hook({ services }: TestApp, { url }: { url: string }, kinds = ['setup.begun']) {
  const made = await services.webhooks.create({ url, description: '', kinds }, by);
  if (!made.ok) throw new Error(JSON.stringify(made.problems));

  return { id: made.value.webhook.id, secret: made.value.secret };
}

export const happen = ({ services }: TestApp) => services.events.write('setup.begun', { actor: 'server' });

export async function later(app: TestApp, milliseconds: number): Promise<void> {
  app.clock.advance(milliseconds);
  await app.services.webhookOutbox.look();
  app.services.webhookBell.ring();
}

/** An embedded store answers without a turn of the event loop: what is waited for must come through. */
export const until = <T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> =>
  within(10_000, () => turn().then(ask), wanted);

export const last = async ({ services }: TestApp, id: string): Promise<WebhookDelivery | undefined> =>
  (await services.webhooks.deliveries(id))?.rows[0];

export const lastOnce = (app: TestApp, id: string, fits: (row: WebhookDelivery) => boolean) =>
  until(
    () => last(app, id),
    (row) => row !== undefined && row.claim === undefined && fits(row),
  );

export const webhookOnce = (app: TestApp, id: string, fits: (row: Webhook) => boolean) =>
  until(
    () => app.services.records.webhooks.get(id),
    (row) => row !== undefined && fits(row),
  );
