import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import type { PasswordCredential, Records, Write } from '../storage/records.ts';
import type { Hashing } from './hashing.ts';

/** The passwords that accounts have. */
export interface Passwords {
  /** Hashes exactly once, also for an unknown person or one without a password (S71). Throws Unavailable. */
  verify(accountId: string | undefined, password: string): Promise<boolean>;
  /**
   * `verify` in two steps. Begins to look up what a password will be compared with; where what it answers is never called, it fails
   * for nobody.
   */
  verifier(accountId: string | undefined): (password: string) => Promise<boolean>;
  /** The policy is the caller's business. Throws Unavailable, and Invalid for what can't be a password. */
  set(accountId: string, password: string): Promise<void>;
  /** For whoever has no account yet: what `setHashed` takes once there is one. Throws as `set` does. */
  hash(password: string): Promise<string>;
  setHashed(accountId: string, hash: string): Promise<void>;
  /** The same as a write, to be made in one step with what it depends on. Throws as `set` does. */
  toSet(accountId: string, password: string): Promise<Write>;
  /**
   * Puts `next` in the place of `current`, or answers false because `current` is not (or, by then, no longer) the
   * password: of many calls at once that know the same one, one changes it. `step` may be called more than once. Throws
   * as `set` does.
   */
  replace(accountId: string, change: { current: string; next: string }, step?: Step): Promise<boolean>;
  has(accountId: string): Promise<boolean>;
  /** Its hash, for whoever has to know later what the password was: to be kept sealed. */
  hashOf(accountId: string): Promise<string | undefined>;
  /** `verify` against a hash that was kept. */
  fits(hash: string | undefined, password: string): Promise<boolean>;
  /** Milliseconds; undefined without a password. Hashing anew is no change. */
  changedAt(accountId: string): Promise<number | undefined>;
  /** Resolves when no re-hashing is under way: before storage closes. */
  settled(): Promise<void>;
}

/**
 * The write that sets a password among those of the same step: what stands before it and decides must be right, what
 * stands after it is written by the one who set it. Undefined: it may not be set any more.
 */
type Step = (set: Write) => Promise<readonly Write[] | undefined>;

export interface PasswordsDeps {
  records: Pick<Records, 'passwords' | 'write'>;
  hashing: Hashing;
  clock: Clock;
  /** Told of a re-hash that failed: the sign-in itself went on. */
  onRehashFailure(error: unknown): void;
}

/** Looked up for unknown people, so that they cost the same trip to the store; no id has this form. */
const nobody = 'nobody';

export function createPasswords({ records, hashing, clock, onRehashFailure }: PasswordsDeps): Passwords {
  const underWay = new Set<Promise<void>>();

  /** Raises the parameters of a hash, unless the password was changed meanwhile. */
  async function rehash(seen: PasswordCredential, password: string): Promise<void> {
    const hash = await hashing.hash(password);

    await records.passwords.update(seen.id, (now) => (now.hash === seen.hash ? { ...now, hash } : now));
  }

  function rehashInBackground(seen: PasswordCredential, password: string): void {
    const work: Promise<void> = rehash(seen, password)
      .catch(onRehashFailure)
      .finally(() => underWay.delete(work));

    underWay.add(work);
  }

  async function replace(
    accountId: string,
    given: { current: string; next: string },
    step: Step = async (set) => [set],
  ): Promise<boolean> {
    const seen = await records.passwords.get(accountId);
    if (!(await hashing.verify(seen?.hash, given.current)) || !seen) return false;

    const hash = await hashing.hash(given.next);
    const row: PasswordCredential = { id: accountId, accountId, hash, changedAt: clock.now() };
    const change = (old: PasswordCredential) => (old.hash === seen.hash ? row : old);
    const writes = await step({ in: 'passwords', update: accountId, change, decides: true });
    if (writes === undefined) return false;

    // Changed meanwhile, or only hashed anew: what stands there by now tells.
    return (await records.write(writes)) || replace(accountId, given, step);
  }

  function verifier(accountId: string | undefined): (password: string) => Promise<boolean> {
    const reading = records.passwords.get(accountId ?? nobody);
    reading.catch(() => undefined);

    return async (password) => {
      const credential = await reading;
      const right = await hashing.verify(credential?.hash, password);

      if (!right || !credential) return false;
      if (hashing.needsRehash(credential.hash, password)) rehashInBackground(credential, password);

      return true;
    };
  }

  async function setHashed(accountId: string, hash: string): Promise<void> {
    const row: PasswordCredential = { id: accountId, accountId, hash, changedAt: clock.now() };

    if (await records.passwords.update(accountId, () => row)) return;

    try {
      await records.passwords.create(row);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;

      // Set by another call since: that one came first, so this one replaces it.
      await records.passwords.update(accountId, () => row);
    }
  }

  return {
    verify: (accountId, password) => verifier(accountId)(password),
    verifier,

    hash: hashing.hash,
    setHashed,
    set: async (accountId, password) => setHashed(accountId, await hashing.hash(password)),
    toSet: async (accountId, password) => {
      const hash = await hashing.hash(password);

      return { in: 'passwords', decides: true, put: { id: accountId, accountId, hash, changedAt: clock.now() } };
    },

    replace,
    hashOf: async (accountId) => (await records.passwords.get(accountId))?.hash,
    fits: hashing.verify,

    async has(accountId) {
      return (await records.passwords.get(accountId)) !== undefined;
    },

    async changedAt(accountId) {
      return (await records.passwords.get(accountId))?.changedAt;
    },

    async settled() {
      await Promise.all(underWay);
    },
  };
}
