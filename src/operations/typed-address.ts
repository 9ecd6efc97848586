import type { Clock } from '../domain/clock.ts';
import type { Json } from '../domain/json.ts';
import type { Sealing } from '../storage/sealing.ts';

/**
 * An address that somebody typed, on its way to the next page: sealed, so that no address, history or log tells it, for
 * this browser alone. Nothing is stored, and it costs the same whosever it is (S71).
 */
export interface TypedAddress {
  /** For a link or a redirect. */
  carry(email: string, browser: { deviceId: string }): string;
  /** Undefined: it is not from this browser, is from yesterday, or is nothing of ours. */
  read(carried: string | undefined, browser: { deviceId: string }): string | undefined;
}

/** Milliseconds. */
const life = 3_600_000;
const longest = 1000;

export function createTypedAddress({
  sealing,
  clock,
}: {
  sealing: Pick<Sealing, 'seal' | 'open'>;
  clock: Clock;
}): TypedAddress {
  const context = ({ deviceId }: { deviceId: string }) => `typed-address:${deviceId}`;

  return {
    carry: (email, browser) => sealing.seal(JSON.stringify([email, clock.now() + life]), context(browser)),

    read(carried = '', browser) {
      if (carried === '' || carried.length > longest) return undefined;

      try {
        const [email, until] = JSON.parse(sealing.open(carried, context(browser))) as Json[];

        return typeof email === 'string' && typeof until === 'number' && until > clock.now() ? email : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
