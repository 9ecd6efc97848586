import type { Events } from '../events/writer.ts';
import type { Delivered, Delivery } from '../messages/delivery.ts';
import { runErrands, startErrands, usualPace, type Pace } from './errands.ts';

export type { Pace } from './errands.ts';

/**
 * Sends messages outside of requests (`errands.ts`). A channel has lanes of its own: a mail server that is down holds up
 * no text message.
 */
export interface Delivering {
  delivery: Delivery;
  events: Pick<Events, 'write'>;
  /** Calls its listener when this node wrote a message. */
  onWake(listener: () => void, until?: AbortSignal): void;
  /** Told of each failure of the store. It is tried again in the next round. */
  failed: (error: unknown) => void;
  /** Of what went out, and what did not. */
  told: (delivered: Delivered) => void;
  pace?: Pace;
}

/** Disposing gives back what was not handed over yet, and waits a little for the rest. */
export function startDelivering(of: Delivering): AsyncDisposable {
  const { delivery, events, onWake, failed, told, pace = usualPace } = of;

  const channels = delivery.channels.map((channel) => (stop: AbortSignal) => {
    const errands = {
      next: () => delivery.next(channel),
      dueIn: () => delivery.dueIn(channel),
      onWake,
      failed,
      async done(delivered: Delivered): Promise<void> {
        told(delivered);
        if (delivered.state === 'failed') await tell(delivered, events);
      },
    };

    return runErrands(errands, { stop, pace });
  });

  return startErrands(channels, pace);
}

/** For the record of events: given up for good (issued here once, by the node that gave up). */
function tell({ message, error = '' }: Delivered, events: Pick<Events, 'write'>): Promise<void> {
  const { channel, template, accountId } = message;

  return events.write('message.failed', {
    actor: 'server',
    account: accountId,
    details: { channel, template, reason: error },
  });
}
