import { randomBytes } from 'node:crypto';

import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import { sha256 } from '../domain/ids.ts';
import type { Records } from '../storage/records.ts';
import { sameText, type Sealing } from '../storage/sealing.ts';

/**
 * Challenges of passkey ceremonies (WebAuthn Level 3 section 13.4.3): 128 random bits, an end, and our mark over both and
 * over what they are for. So a page that offers passkeys stores nothing, whoever opens it how often; what is stored is
 * the use: before a signature is looked at, the challenge is burnt in records, and that succeeds once (S100).
 */
export interface PasskeyChallenges {
  /** In base64url; works for five minutes, for this use in this browser. */
  make(use: ChallengeUse): string;
  /** Whether it is ours, for this use, in time, and was not used before. Of many at once, one is told so. */
  burn(challenge: string, use: ChallengeUse): Promise<boolean>;
}

export interface ChallengeUse {
  ceremony: 'create' | 'get';
  /** Names the browser and the attempt, and where the account is known the account: nothing that a form brings. */
  binding: string;
}

const randomLength = 16;
const endLength = 6;
const markLength = 32;
/** Milliseconds. */
const life = 300_000;
/** Kept far longer than a challenge works: nodes' clocks may differ, and clocks may be set back. */
const keptFor = 86_400_000;

export function createPasskeyChallenges({
  records,
  sealing,
  clock,
}: {
  records: Pick<Records, 'used'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  clock: Clock;
}): PasskeyChallenges {
  function marked(body: Buffer, { ceremony, binding }: ChallengeUse): string {
    const mark = sealing.keyedHash('passkey-challenge', [ceremony, binding, body.toString('base64url')].join('\0'));

    return Buffer.concat([body, Buffer.from(mark, 'base64url')]).toString('base64url');
  }

  return {
    make(use) {
      const end = Buffer.alloc(endLength);
      end.writeUIntBE(clock.now() + life, 0, endLength);

      return marked(Buffer.concat([randomBytes(randomLength), end]), use);
    },

    async burn(challenge, use) {
      const bytes = Buffer.from(challenge, 'base64url');
      if (bytes.length !== randomLength + endLength + markLength) return false;

      const body = bytes.subarray(0, randomLength + endLength);
      const end = body.readUIntBE(randomLength, endLength);
      const now = clock.now();
      if (!sameText(marked(body, use), challenge) || now >= end) return false;

      try {
        await records.used.create({ id: `passkey-challenge ${sha256(challenge)}`, expiresAt: now + keptFor });
      } catch (error) {
        if (error instanceof Conflict) return false;
        throw error;
      }

      return true;
    },
  };
}
