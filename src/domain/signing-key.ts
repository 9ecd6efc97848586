import { clockTolerance } from './clock.ts';
import type { Json } from './json.ts';

export type SigningAlgorithm = 'RS256' | 'ES256';

/** RS256 comes first: ID tokens use it unless a client asks for something else (OpenID Connect Core 1.0 section 2). */
export const signingAlgorithms: readonly SigningAlgorithm[] = ['RS256', 'ES256'];

/** A key pair that signs tokens. `id` is its `kid` (RFC 7517 section 4.5). */
export interface SigningKey {
  id: string;
  alg: SigningAlgorithm;
  publicJwk: Record<string, Json>;
  /** The private JWK, sealed by the operator's key; destroyed when it signs no more. */
  sealed?: string;
  createdAt: number;
}

/** What a private key is sealed as: it opens under no other name. */
export function sealedAs(kid: string): string {
  return `signing-key:${kid}`;
}

/**
 * The schedule of the keys is one setting, so that a change is one atomic write. It says since when each key signs;
 * everything else follows from it and the clock. No process has to be alive at any moment for a key to take over, and
 * all nodes agree, but for how far their clocks differ.
 */
export const scheduleSetting = 'signing-keys';

export type ScheduledKey = {
  kid: string;
  alg: SigningAlgorithm;
  /** Since when it signs, in milliseconds. It is published from the moment that it stands in the schedule. */
  from: number;
  /** The longest life of a token that it signed or may sign, in seconds. */
  life: number;
};

/** How long apps may keep the published set, in seconds (its `max-age`). */
export const keySetLife = 300;

/** How long a node may take to see a change of the schedule, in seconds. */
const nodeLag = 5;

/** How long after its end a node may still sign with a key, in seconds. */
export const handover = nodeLag + clockTolerance;

export type KeyState = 'next' | 'current' | 'retired';

export interface KeyAt extends ScheduledKey {
  /** `next` is published and does not sign yet, `retired` signs no more. */
  state: KeyState;
  /** When the next key of its algorithm takes over, in milliseconds; absent: none is known. */
  until?: number;
  /** Until when it stays published: the end of the last token that it signed, by the slowest clock. */
  publishedUntil?: number;
}

/** Every key of the schedule as it is now: by algorithm, in the order in which they sign. */
export function keysAt(schedule: readonly ScheduledKey[], now: number): KeyAt[] {
  return signingAlgorithms.flatMap((alg) => {
    const keys = schedule.filter((key) => key.alg === alg).toSorted((a, b) => a.from - b.from);
    // By a clock that is behind, the only key there is may lie in the future; it signs all the same.
    const current = Math.max(
      0,
      keys.findLastIndex(({ from }) => from <= now),
    );

    return keys.map((key, at) => {
      const state = at < current ? 'retired' : at === current ? 'current' : 'next';
      const until = keys[at + 1]?.from;

      if (until === undefined) return { ...key, state };

      return { ...key, state, until, publishedUntil: until + (handover + key.life + clockTolerance) * 1000 };
    });
  });
}

export function isPublished({ publishedUntil }: KeyAt, now: number): boolean {
  return publishedUntil === undefined || publishedUntil > now;
}

/**
 * Whether what it signed is still taken as a hint here (`id_token_hint`, which may have expired): as long as a session
 * lasts (`session`, in seconds), so that signing out at an app works after the keys have changed.
 */
export function isKnown(key: KeyAt, { now, session }: { now: number; session: number }): boolean {
  return isPublished(key, now) || (key.until ?? now) + (handover + session) * 1000 > now;
}

/** The value of the setting. Throws TypeError where it is none of ours. */
export function readSchedule(value: Json): ScheduledKey[] {
  if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value['keys'])) {
    throw new TypeError('the schedule of the signing keys cannot be read');
  }

  return value['keys'] as ScheduledKey[];
}
