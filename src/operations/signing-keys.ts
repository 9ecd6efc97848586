import type { Config } from '../config/schema.ts';
import type { Clock } from '../domain/clock.ts';
import {
  keysAt,
  signingAlgorithms,
  type KeyAt,
  type ScheduledKey,
  type SigningAlgorithm,
} from '../domain/signing-key.ts';
import type { Events } from '../events/writer.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { createKeySchedule } from './key-schedule.ts';
import { createRescheduling, type Reschedule } from './key-rescheduling.ts';
import { createKeyUpkeep } from './key-upkeep.ts';
import { problem, refused, type By, type Problem, type Result } from './problems.ts';

/** What can be done to the keys that sign tokens: each change is one write of their schedule (domain/signing-key.ts). */
export interface SigningKeys {
  /** At each start: makes the first keys, also when raced, and notes how long what is signed lives now. */
  ensure(): Promise<void>;
  /** Every key that is published, or known by what it signed. Undefined: the first start is still to come. */
  list(): Promise<KeyAt[] | undefined>;
  /**
   * Publishes a new key for each algorithm, or for one, that signs once every cache has had time (`keys.publish_before`).
   * Refused, whole, where one waits already. Answers the keys that are new.
   */
  rotate(by: By, options?: { alg?: SigningAlgorithm | undefined }): Promise<Result<KeyAt[]>>;
  reschedule: Reschedule;
  /**
   * For keys that leaked: new ones sign at once, and the old ones, also one that waits, are neither published nor
   * believed any more. Answers the keys that are new.
   */
  replace(by: By, options?: { alg?: SigningAlgorithm | undefined }): Promise<KeyAt[]>;
  /**
   * What is due: publishes the next key in time (`keys.rotate_every`), destroys the private half of what signs no more,
   * and forgets what nothing hangs on. Safe to repeat, also by several at once.
   */
  keep(): Promise<void>;
}

export interface SigningKeysDeps {
  config: Pick<Config, 'keys' | 'tokens' | 'resources' | 'session'>;
  records: Pick<Records, 'signingKeys' | 'settings'>;
  sealing: Pick<Sealing, 'seal'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
}

/** A logout token lives two minutes (OpenID Connect Back-Channel Logout 1.0 section 2.4), in seconds. */
const logoutToken = 120;

export function createSigningKeys(deps: SigningKeysDeps): SigningKeys {
  const { config, events, clock } = deps;
  const { publish_before: before, rotate_every: every } = config.keys;
  const life = longestLife(config);

  const schedule = createKeySchedule(deps);
  const tidy = createKeyUpkeep({ ...deps, schedule });

  async function ensure(): Promise<void> {
    if ((await schedule.load()) === undefined) await makeFirst();

    // What signs, or will, signs tokens that live as long as this node's configuration says.
    await schedule.change((old) => {
      const lives = new Set(keysAt(old, clock.now()).flatMap(({ kid, state }) => (state === 'retired' ? [] : [kid])));
      const isShort = (key: ScheduledKey) => lives.has(key.kid) && key.life < life;

      return old.some(isShort) ? old.map((key) => (isShort(key) ? { ...key, life } : key)) : old;
    });
  }

  async function makeFirst(): Promise<void> {
    const made = await schedule.make(signingAlgorithms);
    const from = clock.now();

    if (await schedule.begin(made.map(({ id, alg }) => ({ kid: id, alg, from, life })))) {
      for (const { id, alg } of made)
        await events.write('keys.created', { actor: 'server', details: { kid: id, alg } });
    } else {
      // Another node was faster: its keys count, ours never signed anything.
      await schedule.forget(made.map(({ id }) => id));
    }
  }

  /** What the schedule says of these keys now. */
  async function shown(kids: ReadonlySet<string>): Promise<KeyAt[]> {
    return keysAt((await schedule.load()) ?? [], clock.now()).filter(({ kid }) => kids.has(kid));
  }

  /** Puts a new key after the last one of each algorithm. `from`: when it takes over from the one that signs now. */
  async function add(
    by: By,
    algorithms: readonly SigningAlgorithm[],
    from: (now: number, current: KeyAt | undefined) => number,
  ): Promise<Result<KeyAt[]>> {
    const early = underWay((await schedule.load()) ?? [], algorithms, clock.now());
    if (early.length > 0) return refused(...early);

    const made = await schedule.make(algorithms);
    const kids = new Set(made.map(({ id }) => id));
    let late: Problem[] = [];

    await schedule.change((old) => {
      const now = clock.now();
      late = underWay(old, algorithms, now);
      if (late.length > 0) return old;

      const added = made.map(({ id, alg }) => {
        const current = keysAt(old, now).find((key) => key.alg === alg && key.state === 'current');

        // A node may have been told of a longer life than this one.
        return { kid: id, alg, from: from(now, current), life: Math.max(life, current?.life ?? 0) };
      });

      return [...old, ...added];
    });

    if (late.length > 0) {
      await schedule.forget(kids);
      return refused(...late);
    }

    const keys = await shown(kids);
    for (const { kid, alg, from: signsFrom } of keys) {
      await events.write('keys.published', { ...by, details: { kid, alg, signsFrom } });
    }

    return { ok: true, value: keys };
  }

  async function rotateWhatIsDue(): Promise<void> {
    if (every === 'off') return;

    const now = clock.now();
    const keys = keysAt((await schedule.load()) ?? [], now);
    const end = ({ from }: ScheduledKey) => from + every * 1000;
    const waiting = new Set(keys.flatMap(({ alg, state }) => (state === 'next' ? [alg] : [])));

    for (const key of keys) {
      const due = key.state === 'current' && !waiting.has(key.alg) && end(key) - before * 1000 <= now;

      if (due) {
        await add({ actor: 'server' }, [key.alg], (at, current) =>
          Math.max(at + before * 1000, current ? end(current) : 0),
        );
      }
    }
  }

  return {
    ensure,
    reschedule: createRescheduling({ ...deps, schedule }),

    async list() {
      const keys = await schedule.load();

      return keys && keysAt(keys, clock.now());
    },

    async rotate(by, { alg } = {}) {
      await ensure();

      return add(by, algorithmsOf(alg), (now) => now + before * 1000);
    },

    async replace(by, { alg } = {}) {
      await ensure();

      const algorithms = algorithmsOf(alg);
      const made = await schedule.make(algorithms);
      let old: ScheduledKey[] = [];

      await schedule.change((all) => {
        const from = clock.now();
        old = all.filter((key) => algorithms.includes(key.alg));
        const longest = Math.max(life, ...old.map((key) => key.life));

        return [
          ...all.filter((key) => !old.includes(key)),
          ...made.map((key) => ({ kid: key.id, alg: key.alg, from, life: longest })),
        ];
      });

      await schedule.forget(old.map(({ kid }) => kid));

      for (const { kid, alg: of } of old) await events.write('keys.revoked', { ...by, details: { kid, alg: of } });
      for (const { id, alg: of } of made) await events.write('keys.created', { ...by, details: { kid: id, alg: of } });

      return shown(new Set(made.map(({ id }) => id)));
    },

    async keep() {
      await rotateWhatIsDue();
      await tidy();
    },
  };
}

/** The longest life that the configuration gives to anything signed, in seconds. */
function longestLife({ tokens, resources }: Pick<Config, 'tokens' | 'resources'>): number {
  const signed = resources.filter(({ format }) => format === 'jwt').map((api) => api.access_token);

  return Math.max(tokens.id_token, logoutToken, ...signed);
}

function algorithmsOf(alg: SigningAlgorithm | undefined): readonly SigningAlgorithm[] {
  return alg === undefined ? signingAlgorithms : [alg];
}

/** A key that waits is in every cache already: another beside it would only be confused with it. */
function underWay(schedule: readonly ScheduledKey[], algorithms: readonly SigningAlgorithm[], now: number): Problem[] {
  return keysAt(schedule, now).flatMap(({ alg, kid, state, from }) =>
    state === 'next' && algorithms.includes(alg)
      ? [problem('', 'problem.keyWaits', { alg, kid, from: new Date(from).toISOString() })]
      : [],
  );
}
