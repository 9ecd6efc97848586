import type { SentWebhook, WebhookOutcome, WebhookSending } from '../operations/webhook-delivery.ts';
import { runErrands, startErrands, usualPace, type Pace } from './errands.ts';

/** Sends events to webhooks, outside of requests (`errands.ts`), until each has taken them or three days are over. */
export interface SendingWebhooks {
  sending: WebhookSending;
  /** Calls its listener when this node has left something to send. */
  onWake(listener: () => void, until?: AbortSignal): void;
  /** Told of each failure of the store. It is tried again in the next round. */
  failed: (error: unknown) => void;
  /** Of each attempt. */
  told: (sent: SentWebhook) => void;
}

/** One webhook takes four of them at most: there are lanes for the others. */
const pace: Pace = { ...usualPace, lanes: 16 };

/** Disposing waits a little for what is on its way. */
export function startSendingWebhooks({ sending, told, ...rest }: SendingWebhooks): AsyncDisposable {
  const errands = {
    ...rest,
    ...sending,
    done(sent: SentWebhook): void {
      // Else it was not its turn yet.
      if (sent.state !== 'again' || sent.error !== undefined) told(sent);
    },
  };

  return startErrands([(stop) => runErrands<WebhookOutcome, SentWebhook>(errands, { stop, pace })], pace);
}
