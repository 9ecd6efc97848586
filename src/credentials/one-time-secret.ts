import type { Clock } from '../domain/clock.ts';
import { newId } from '../domain/ids.ts';
import type { Json } from '../domain/json.ts';
import type { OneTimeSecret, Records, Write } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import type { Passwords } from './passwords.ts';
import { inGroups, newReadableCode, readReadableCode } from './readable-code.ts';

/**
 * Links that work in any browser, or for longer than a six-digit code: 130 random bits, kept as a keyed hash (S73). The
 * code that stands beside a link in a message is the same secret in groups that can be typed, so that a mail program
 * that follows links, or a person without one, needs nothing else.
 */
export interface OneTimeSecrets {
  /**
   * A new secret; where there can be one only, the one before is dead from then on. `also` answers what is written in
   * the same step (the message that carries it).
   */
  issue(
    ask: SecretAsk,
    also?: (issued: IssuedSecret) => readonly Write[] | Promise<readonly Write[]>,
  ): Promise<IssuedSecret>;
  /** The same, not written yet: for whoever writes it in a list of their own. */
  draw(ask: SecretAsk): { issued: IssuedSecret; put: OneTimeSecret };
  /** The one that an account has, where it can have one only and that was not used. */
  waiting(purpose: SinglePurpose, accountId: string): Promise<OneTimeSecret | undefined>;
  /** For the page before its button is pressed: has no effect. */
  find(purpose: SecretPurpose, typed: string): Promise<OneTimeSecret | undefined>;
  /**
   * Uses it up: answers the row to exactly one of many callers, and undefined to all others. What `also` answers is
   * written in the same step.
   */
  take(
    purpose: SecretPurpose,
    typed: string,
    also?: (row: OneTimeSecret) => readonly Write[] | Promise<readonly Write[]>,
  ): Promise<OneTimeSecret | undefined>;
  /**
   * What ends an account's secrets when its password or its address is another: to be written with that change. A secret
   * from before a new password is dead even where that was left undone.
   */
  endedBy(change: SecretEnding, accountId: string): Write[];
}

export interface SecretAsk {
  purpose: SecretPurpose;
  accountId: string;
  data?: Record<string, Json>;
}

export interface IssuedSecret {
  /** For the link: 26 letters and digits. */
  secret: string;
  /** The same, for people. */
  code: string;
  /** Milliseconds. */
  expiresAt: number;
}

export type SecretPurpose = keyof typeof purposes;
export type SinglePurpose = Extract<SecretPurpose, 'password-reset' | 'invite'>;
export type SecretEnding = 'password' | 'email';

interface Purpose {
  /** Seconds. */
  life: number;
  /** Whether an account has one at most: a newer one is put in its place. */
  single: boolean;
  /** Changes of the account that end it. */
  endsWith: readonly SecretEnding[];
}

const day = 86_400;

const purposes = {
  'password-reset': { life: 20 * 60, single: true, endsWith: ['password', 'email'] },
  invite: { life: 7 * day, single: true, endsWith: ['password', 'email'] },
  /** In every mail about what happened: signs everybody out, and opens nothing. */
  'wasnt-me': { life: 7 * day, single: false, endsWith: [] },
  /** Each change of the address has its own, and whoever made the change can't end it. */
  'email-undo': { life: 7 * day, single: false, endsWith: [] },
} as const satisfies Record<string, Purpose>;

const characters = 26;

export interface OneTimeSecretsDeps {
  records: Pick<Records, 'oneTimeSecrets' | 'write'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  passwords: Pick<Passwords, 'changedAt'>;
  clock: Clock;
}

export function createOneTimeSecrets({ records, sealing, passwords, clock }: OneTimeSecretsDeps): OneTimeSecrets {
  const { oneTimeSecrets } = records;
  const idOf = (purpose: SecretPurpose, accountId: string) => `${purpose} ${accountId}`;

  async function find(purpose: SecretPurpose, typed: string): Promise<OneTimeSecret | undefined> {
    const secret = readReadableCode(typed, characters);
    if (secret === undefined) return undefined;

    const row = await oneTimeSecrets.find('hash', sealing.keyedHash(purpose, secret));
    if (row?.purpose !== purpose || row.accountId === undefined) return undefined;

    const changedAt = ends(purpose, 'password') ? await passwords.changedAt(row.accountId) : undefined;

    return changedAt === undefined || changedAt < row.createdAt ? row : undefined;
  }

  function draw({ purpose, accountId, data = {} }: SecretAsk): { issued: IssuedSecret; put: OneTimeSecret } {
    const { life, single }: Purpose = purposes[purpose];
    const now = clock.now();
    const secret = newReadableCode(characters);
    const issued = { secret, code: inGroups(secret), expiresAt: now + life * 1000 };
    const put: OneTimeSecret = {
      id: single ? idOf(purpose, accountId) : newId(),
      purpose,
      hash: sealing.keyedHash(purpose, secret),
      accountId,
      data,
      createdAt: now,
      expiresAt: issued.expiresAt,
    };

    return { issued, put };
  }

  return {
    find,
    waiting: (purpose, accountId) => oneTimeSecrets.get(idOf(purpose, accountId)),
    draw,

    async issue(ask, also = () => []) {
      const { issued, put } = draw(ask);
      await records.write([{ in: 'oneTimeSecrets', put }, ...(await also(issued))]);

      return issued;
    },

    async take(purpose, typed, also = () => []) {
      const seen = await find(purpose, typed);
      if (!seen) return undefined;

      const rest = await also(seen);
      const now = clock.now();

      // Over at once, and under a hash that nothing has: it stays dead should the clock be set back. A newer secret that
      // is in its place by now is not touched.
      const taken = await records.write([
        {
          in: 'oneTimeSecrets',
          update: seen.id,
          change: (old) => (old.hash === seen.hash ? { ...old, hash: `used ${seen.hash}`, expiresAt: now } : old),
          decides: true,
        },
        ...rest,
      ]);

      return taken ? seen : undefined;
    },

    endedBy: (change, accountId) =>
      (Object.keys(purposes) as SecretPurpose[])
        .filter((purpose) => ends(purpose, change))
        .map((purpose): Write => ({ in: 'oneTimeSecrets', remove: idOf(purpose, accountId) })),
  };
}

function ends(purpose: SecretPurpose, change: SecretEnding): boolean {
  const { endsWith }: Purpose = purposes[purpose];

  return endsWith.includes(change);
}
