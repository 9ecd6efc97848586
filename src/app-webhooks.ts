import { startRounds } from './jobs/job.ts';
import { startSendingWebhooks } from './jobs/sending-webhooks.ts';
import { createOutbound, wasRefused, type Outbound } from './oidc/outbound.ts';
import { createWebhookSending, type Post } from './operations/webhook-delivery.ts';
import { webhooksShow } from './operations/webhook-outbox.ts';
import type { Services } from './services.ts';
import type { Log } from './web/log.ts';

/** The part of `app.ts` about telling others of events. Disposing waits a little for what is on its way. */
export function startWebhooks(
  services: Services,
  { log, failed }: { log: Log; failed: (error: unknown) => void },
): AsyncDisposable {
  const { config, webhookOutbox: outbox, webhookStanding: standing, webhookBell } = services;
  const opened = new AsyncDisposableStack();
  const outbound = opened.use(createOutbound({ ...config.outbound, mode: config.mode }));

  opened.use(startRounds({ every: webhooksShow, failed, round: outbox.look }));
  opened.use(
    startSendingWebhooks({
      sending: createWebhookSending({ ...services, outbox, standing, post: postThrough(outbound) }),
      onWake: webhookBell.listen,
      failed,
      told: ({ delivery: { webhookId, eventId, attempts }, state, detail: error }) =>
        log[error === undefined ? 'info' : 'warn']('webhook', { webhookId, event: eventId, attempts, state, error }),
    }),
  );

  return opened;
}

function postThrough(outbound: Outbound): Post {
  return async (url, request) => {
    try {
      const { status, headers } = await outbound.fetch(url, { method: 'POST', ...request });
      const wait = Number(headers.get('retry-after') ?? NaN);

      return { status, retryAfter: wait > 0 ? wait : undefined };
    } catch (error) {
      const refused = wasRefused(error);
      if (refused === undefined) throw error;

      return { refused };
    }
  };
}
