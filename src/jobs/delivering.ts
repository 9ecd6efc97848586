import { setTimeout as pause } from 'node:timers/promises';

import type { MessageChannel } from '../domain/message.ts';
import type { Events } from '../events/writer.ts';
import type { Delivered, Delivery, Errand } from '../messages/delivery.ts';

/**
 * Sends messages outside of requests: at once when this node wrote one, when one that failed is due again, and every
 * half minute for what other nodes left behind. Each message is claimed by itself, so any number of nodes may do this.
 * A channel has lanes of its own: a mail server that is down holds up no text message.
 */
export interface Delivering {
  delivery: Delivery;
  events: Pick<Events, 'write'>;
  /** Calls its listener when this node wrote a message. */
  onWake(listener: () => void): void;
  /** Told of each failure of the store. It is tried again in the next round. */
  failed: (error: unknown) => void;
  /** Of what went out, and what did not. */
  told: (delivered: Delivered) => void;
  pace?: Pace;
}

/** Milliseconds, but for `lanes`. */
export interface Pace {
  /** Looks at the queue at least this often. */
  every: number;
  /** Keeps a claim this often; it holds for a minute. */
  renewing: number;
  /** For what is with the mail server already when the process ends. */
  grace: number;
  /** Messages of one channel on their way at once. */
  lanes: number;
}

const usually: Pace = { every: 30_000, renewing: 20_000, grace: 8_000, lanes: 4 };
/** Milliseconds after a failure of the store. */
const afterFailure = 5_000;
/** Milliseconds until what went out is written down again, when the store did not take it. */
const beforeSettling = 1_000;
/** Milliseconds between two rounds that found nothing to claim, because other nodes were quicker. */
const shortest = 200;

/** Disposing gives back what was not handed over yet, and waits a little for the rest. */
export function startDelivering(of: Delivering): AsyncDisposable {
  const { pace = usually } = of;
  const stop = new AbortController();
  const running = of.delivery.channels.map((channel) => keepDelivering(channel, of, { stop: stop.signal, pace }));

  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.race([Promise.all(running), pause(pace.grace, undefined, { ref: false })]);
    },
  };
}

async function keepDelivering(
  channel: MessageChannel,
  { delivery, events, onWake, failed, told }: Delivering,
  { stop, pace }: { stop: AbortSignal; pace: Pace },
): Promise<void> {
  const bell = createBell(stop);
  const underWay = new Set<Promise<void>>();
  onWake(bell.ring);

  async function carry(errand: Errand): Promise<void> {
    const renewing = setInterval(() => void errand.renew().catch(failed), pace.renewing);

    try {
      const outcome = await errand.run(stop);
      const delivered = await settled(() => errand.settle(outcome));
      told(delivered);
      if (delivered.state === 'failed') await tell(delivered, events);
    } catch (error) {
      failed(error);
    } finally {
      clearInterval(renewing);
    }
  }

  /** Until the store takes it: a mail that has gone out must not go out again because nobody wrote that down. */
  async function settled(settle: () => Promise<Delivered>): Promise<Delivered> {
    for (;;) {
      try {
        return await settle();
      } catch (error) {
        if (stop.aborted) throw error;

        failed(error);
        await pause(beforeSettling, undefined, { ref: false });
      }
    }
  }

  /** Fills the lanes; answers how long to wait for more. */
  async function round(): Promise<number> {
    while (!stop.aborted && underWay.size < pace.lanes) {
      const errand = await delivery.next(channel);
      if (!errand) break;

      const carried: Promise<void> = carry(errand).finally(() => {
        underWay.delete(carried);
        bell.ring();
      });
      underWay.add(carried);
    }

    // With all lanes taken, the first that ends rings.
    if (underWay.size === pace.lanes) return pace.every;

    return Math.min(pace.every, Math.max(shortest, (await delivery.dueIn(channel)) ?? pace.every));
  }

  while (!stop.aborted) {
    try {
      await bell.wait(await round());
    } catch (error) {
      failed(error);
      await bell.wait(afterFailure);
    }
  }

  await Promise.all(underWay);
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

/** Something to wait for, for so long at most. Rung while nobody waits, it is heard by the next who does. */
function createBell(stop: AbortSignal) {
  let rung = Promise.withResolvers<void>();
  stop.addEventListener('abort', () => rung.resolve(), { once: true });

  return {
    ring: () => rung.resolve(),

    async wait(milliseconds: number): Promise<void> {
      const enough = new AbortController();

      try {
        await Promise.race([rung.promise, pause(milliseconds, undefined, { ref: false, signal: enough.signal })]);
      } finally {
        enough.abort();
        if (!stop.aborted) rung = Promise.withResolvers<void>();
      }
    },
  };
}
