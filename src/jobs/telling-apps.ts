import type { Events } from '../events/writer.ts';
import type { LogoutDelivery, LogoutOutcome, ToldApp } from '../operations/logout-delivery.ts';
import { runErrands, startErrands, usualPace, type Pace } from './errands.ts';

/**
 * Tells apps that sessions have ended (OpenID Connect Back-Channel Logout 1.0), outside of requests (`errands.ts`), until
 * each has heard of it or a day is over.
 */
export interface TellingApps {
  delivery: LogoutDelivery;
  events: Pick<Events, 'write'>;
  /** Calls its listener when this node has ended a session. */
  onWake(listener: () => void, until?: AbortSignal): void;
  /** Told of each failure of the store. It is tried again in the next round. */
  failed: (error: unknown) => void;
  /** Of each attempt. */
  told: (told: ToldApp) => void;
  pace?: Pace;
}

/** More lanes than mail has: an app is given a few seconds, and there are many of them. */
const pace: Pace = { ...usualPace, lanes: 16 };

/** Disposing waits a little for what is on its way. */
export function startTellingApps(of: TellingApps): AsyncDisposable {
  const { delivery, events, told, pace: given = pace, ...rest } = of;

  const errands = {
    ...rest,
    ...delivery,
    async done(app: ToldApp): Promise<void> {
      // Else it was not its turn yet.
      if (app.state !== 'again' || app.error !== undefined) told(app);
      if (app.state === 'failed') await giveUp(app, events);
    },
  };

  return startErrands([(stop) => runErrands<LogoutOutcome, ToldApp>(errands, { stop, pace: given })], given);
}

/** For the record of events: given up for good (issued here once, by the node that gave up). */
function giveUp({ notice, error = 'no_answer' }: ToldApp, events: Pick<Events, 'write'>): Promise<void> {
  const { clientId, accountId } = notice;

  return events.write('logout_notice.failed', {
    actor: 'server',
    account: accountId,
    clientId,
    details: { reason: error },
  });
}
