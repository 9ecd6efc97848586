import type { KnownDevices } from '../credentials/known-devices.ts';
import type { Account } from '../domain/account.ts';
import { emailKey } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Origin } from '../events/writer.ts';
import type { Messages } from '../messages/messages.ts';
import type { Shares } from '../messages/shares.ts';
import type { Records } from '../storage/records.ts';
import { circumstancesOf } from './circumstances.ts';
import { tellingOf, type HappeningsDeps, type Happening } from './happenings.ts';

/** What a person is told of who comes to their door: a browser that is new there, and many who were kept out. */
export interface Arrivals {
  /** Begins to look whether this browser is a new one; what it answers is called once the sign-in is done. */
  begin(account: Account, from: Visited): () => Promise<void>;
  /**
   * A try was kept out. Once so many were made at one address that it is more than its owner's slips, they are told, at
   * most once a day; for an address that nobody has the same work is done (S71).
   */
  keptOut(tried: { email: string; account: Account | undefined; from: Origin; reason: string }): Promise<void>;
}

type Visited = Origin & { deviceId: string };

export interface ArrivalsDeps extends HappeningsDeps {
  records: Pick<Records, 'write'>;
  knownDevices: Pick<KnownDevices, 'arrival'>;
  messages: Pick<Messages, 'pretend'>;
  shares: Pick<Shares, 'take'>;
  clock: Clock;
}

/** Milliseconds for which an account is new itself: every browser is, then. */
const young = 3_600_000;
const onceADay = { most: 1, within: 86_400 };
/** Whose wait these end is not one person who mistypes. */
const many: ReadonlySet<string> = new Set(['account', 'locked']);

export function createArrivals(deps: ArrivalsDeps): Arrivals {
  const { records, knownDevices, messages, shares, clock, tell } = deps;

  return {
    begin(account, from) {
      const arrived = knownDevices.arrival({ accountId: account.id, deviceId: from.deviceId });

      return () =>
        arrived(async () =>
          clock.now() - account.createdAt < young
            ? []
            : tellingOf(deps, { actor: account.id, account, from, what: { kind: 'device.new' } }),
        );
    },

    async keptOut({ email, account, from, reason }) {
      if (!many.has(reason)) return;
      if ((await shares.take(`failed tries at ${emailKey(email)}`, onceADay)) === undefined) return;

      const what: Happening = { kind: 'sign_in.blocked', details: { reason, retryAfter: 0 } };
      const told = account ? ((await tell?.(what, { actor: 'anonymous', account, from })) ?? []) : [];
      const nothing = { ...circumstancesOf(from, { clock, locale: 'en' }), wasntMe: { path: '/wasnt-me' } } as const;

      await records.write(told.length > 0 ? told : messages.pretend('failed-tries', { to: email, data: nothing }));
    },
  };
}
