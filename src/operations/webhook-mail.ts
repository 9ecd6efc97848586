import type { Clock } from '../domain/clock.ts';
import type { Webhook } from '../domain/webhook.ts';
import { toAccount, type Messages } from '../messages/messages.ts';
import type { Records } from '../storage/records.ts';
import { originOf } from './webhook-input.ts';

export interface WebhookMailDeps {
  records: Pick<Records, 'accounts' | 'write'>;
  messages: Pick<Messages, 'compose'>;
  clock: Clock;
}

/** Of those that there are; more look after no installation. */
const most = 50;

/** Tells administrators that a webhook was switched off by itself: to proved addresses, and not where it leads in full. */
export function mailStopped({ records, messages, clock }: WebhookMailDeps): (webhook: Webhook) => Promise<void> {
  return async (webhook) => {
    const { rows } = await records.accounts.list('administrators', 'admin', { limit: most });
    const told = rows.filter(({ emailVerified, status }) => emailVerified && status === 'active');
    const { id, description, stopped } = webhook;
    const data = {
      at: clock.now(),
      why: stopped?.reason ?? ('failing' as const),
      origin: originOf(webhook),
      description,
      path: `/admin/webhooks/${encodeURIComponent(id)}` as const,
    };

    await records.write(
      told.flatMap((account) => messages.compose('webhook-stopped', { ...toAccount(account), data })),
    );
  };
}
