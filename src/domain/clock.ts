/**
 * The domain: the words that every room shares (account, client, grant, device session, event, error, clock). It
 * imports no other room and knows no store, no protocol library and no page.
 */

/** Where the time comes from, so that tests can set it. Milliseconds since 1970-01-01 UTC. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** How far the clocks of two machines may differ, in seconds (S34). */
export const clockTolerance = 15;

/** The clock's time in whole seconds, as the RFCs' NumericDate wants it (RFC 7519 section 2). */
export function seconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}
