import { sha256 } from '../domain/ids.ts';

/** What browsers are known by, in which somebody has signed in to an account before. */

/** Seconds since the last sign-in after which a device is a stranger again. */
export const deviceLife = 180 * 86_400;
/** An account's oldest device makes room: scripts that keep no cookies would leave one a sign-in. */
export const mostDevices = 100;
/** Fewer characters are no random name of a browser but something that was made up. */
export const shortestDeviceId = 16;

/** The id of the row in `knownDevices`. */
export function deviceKey(accountId: string, deviceId: string): string {
  return sha256(`${accountId} ${deviceId}`);
}
