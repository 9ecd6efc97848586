import { createPublicKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto';

import type { Clock } from '../../src/domain/clock.ts';

/**
 * A relying party of the strictest kind: it keeps the key set for ten minutes, whatever the server says, and does not
 * look again for a key that it does not know.
 */
export interface Verifier {
  /** Why the token does not hold; undefined: it does. */
  refuse(token: string): Promise<string | undefined>;
}

const keptFor = 10 * 60_000;

interface Kept {
  at: number;
  keys: ReadonlyMap<string, { alg: string; key: KeyObject }>;
}

export function createVerifier(fetchKeys: () => Promise<readonly JsonWebKey[]>, clock: Clock): Verifier {
  let kept: Kept | undefined;

  async function keysNow(): Promise<Kept['keys']> {
    if (kept && clock.now() - kept.at < keptFor) return kept.keys;

    const keys = (await fetchKeys()).map((jwk) => {
      const { kid, alg } = jwk as { kid: string; alg: string };

      return [kid, { alg, key: createPublicKey({ key: jwk, format: 'jwk' }) }] as const;
    });
    kept = { at: clock.now(), keys: new Map(keys) };

    return kept.keys;
  }

  return {
    async refuse(token) {
      const [head = '', body = '', signature = ''] = token.split('.');
      const { kid, alg } = headerOf(token);
      const known = (await keysNow()).get(kid);

      if (!known) return `the key ${kid} is not known`;
      if (known.alg !== alg) return `the key ${kid} is not for ${alg}`;

      const by = { key: known.key, dsaEncoding: 'ieee-p1363' } as const;
      const holds = verify('sha256', Buffer.from(`${head}.${body}`), by, Buffer.from(signature, 'base64url'));

      return holds ? undefined : `the signature of ${kid} does not hold`;
    },
  };
}

/** The `kid` that a token names. */
export function keyOf(token: string): string {
  return headerOf(token).kid;
}

function headerOf(token: string): { kid: string; alg: string } {
  return JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString()) as { kid: string; alg: string };
}
