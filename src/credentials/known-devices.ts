import type { Clock } from '../domain/clock.ts';
import type { KnownDevice } from '../domain/device-session.ts';
import { sha256 } from '../domain/ids.ts';
import type { Reads } from '../storage/reads.ts';
import type { Records, Write } from '../storage/records.ts';

/** Browsers in which somebody has signed in, each with a random name from a cookie of its own. */
export interface KnownDevices {
  /** A request reads it once. */
  find(id: string): Promise<KnownDevice | undefined>;
  count(accountId: string): Promise<number>;
  /** What makes room for one more, where an account has `devices` of them. */
  makeRoom(accountId: string, devices: number): Promise<Write[]>;
  /**
   * Begins to look whether anybody has signed in in this browser before. Called once the sign-in is done, what it answers
   * remembers that, and writes what `tell` has to say if it is the first one.
   */
  arrival(device: Device): (tell: () => Promise<readonly Write[]>) => Promise<void>;
}

export interface Device {
  accountId: string;
  /** `visitor.deviceId` */
  deviceId: string;
}

export interface KnownDevicesDeps {
  records: Pick<Records, 'knownDevices' | 'write'>;
  reads: Reads;
  clock: Clock;
  /** See `GuessingDeps`. */
  takeOver?: ((writes: readonly Write[], sent: () => void) => boolean) | undefined;
}

const day = 86_400;
/** Seconds since the last sign-in after which a device is a stranger again. */
const life = 180 * day;
/** An account's oldest device makes room: scripts that keep no cookies would leave one a sign-in. */
const mostDevices = 100;
/** Fewer characters are no random name of a browser but something that was made up. */
const shortestDeviceId = 16;

export function createKnownDevices({ records, reads, clock, takeOver }: KnownDevicesDeps): KnownDevices {
  const { knownDevices } = records;
  const find = (id: string) => reads.once(`known device ${id}`, () => knownDevices.get(id));

  return {
    find,
    count: (accountId) => knownDevices.count('account', accountId),

    async makeRoom(accountId, devices) {
      if (devices < mostDevices) return [];

      const oldest = await knownDevices.list('account', accountId, { limit: 1 });
      return oldest.rows.map(({ id }) => ({ in: 'knownDevices', remove: id }));
    },

    arrival(of) {
      const { accountId } = of;
      const id = deviceKey(of);
      const reading = find(id);
      reading.catch(() => undefined);

      return async (tell) => {
        const device = await reading;
        if (device?.signedIn) return;

        // Undefined: what was taken over a moment ago makes it, and this comes after it.
        const kept: Write = device
          ? { in: 'knownDevices', update: id, seen: device, change: (old) => ({ ...old, signedIn: true }) }
          : { in: 'knownDevices', put: { id, accountId, ...seenAt(clock.now()), signedIn: true } };
        const writes = [...(isNamed(of) ? [kept] : []), ...(await tell())];
        if (!takeOver?.(writes, () => undefined)) await records.write(writes);
      };
    },
  };
}

export function deviceKey({ accountId, deviceId }: Device): string {
  return sha256(`${accountId} ${deviceId}`);
}

export function isNamed({ deviceId }: Pick<Device, 'deviceId'>): boolean {
  return deviceId.length >= shortestDeviceId;
}

/** Milliseconds. */
export function seenAt(now: number): Pick<KnownDevice, 'lastSeenAt' | 'expiresAt'> {
  return { lastSeenAt: now, expiresAt: now + life * 1000 };
}
