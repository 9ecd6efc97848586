import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import type { Lease, Records } from '../storage/records.ts';
import { SecretsDiffer } from '../storage/refusals.ts';
import type { Sealing } from '../storage/sealing.ts';
import { startRounds, type Round } from './job.ts';

/**
 * Nodes of one installation share their secrets: a cookie that one has signed is read by the next. Each running node
 * says in a record which ones it has, as keyed hashes, and one that starts with others is refused while it does. What
 * is sealed in the store says so itself; this is for what is in no store.
 */
export interface SameSecretsDeps extends Omit<Round, 'round'> {
  records: Pick<Records, 'leases'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  secrets: { cookieKeys: readonly string[]; pairwiseSalt: string };
  clock: Clock;
  /** Seconds that a node which was killed is taken to be running. */
  lease: number;
}

/** Under one id, as `holder`: every node with the same secrets holds it together with the others. */
const id = 'secrets';

type Secrets = { hashKey: string; pairwiseSalt: string; cookieKeys: string[] };

/** Disposing says that this node is gone. Throws SecretsDiffer. */
export async function claimSecrets(deps: SameSecretsDeps): Promise<AsyncDisposable> {
  const { records, clock, lease, ...round } = deps;
  const ours = fingerprints(deps);
  const holder = JSON.stringify(ours);

  async function claim(): Promise<void> {
    const row: Lease = { id, holder, expiresAt: clock.now() + lease * 1000 };
    const there = await records.leases.update(id, (old) => (differing(ours, secretsOf(old)) ? old : row));

    if (there) return refuse(there);

    try {
      await records.leases.create(row);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;

      // Another node was faster.
      await claim();
    }
  }

  function refuse(there: Lease): void {
    const setting = differing(ours, secretsOf(there));

    if (setting) throw new SecretsDiffer(setting, there.expiresAt);
  }

  await claim();
  const rounds = startRounds({ ...round, round: claim });

  return {
    [Symbol.asyncDispose]: async () => {
      await rounds[Symbol.asyncDispose]();
      // Where others have the same, they say so again in their next round.
      await records.leases
        .update(id, (old) => (old.holder === holder ? { ...old, expiresAt: 0 } : old))
        .catch(round.failed);
    },
  };
}

/** Nobody can tell the secrets by them. */
function fingerprints({ secrets, sealing }: Pick<SameSecretsDeps, 'secrets' | 'sealing'>): Secrets {
  const of = (value: string) => sealing.keyedHash('secrets', value);

  return {
    hashKey: of(''),
    pairwiseSalt: of(`pairwise ${secrets.pairwiseSalt}`),
    cookieKeys: secrets.cookieKeys.map((key) => of(`cookies ${key}`)),
  };
}

function secretsOf({ holder }: Lease): Secrets {
  return JSON.parse(holder) as Secrets;
}

/** The setting in which two nodes differ. Of cookie keys, each has to accept what the other signs. */
function differing(ours: Secrets, theirs: Secrets): string | undefined {
  if (ours.hashKey !== theirs.hashKey) return 'secrets.hash_key';
  if (ours.pairwiseSalt !== theirs.pairwiseSalt) return 'secrets.pairwise_salt';

  const [mine = ''] = ours.cookieKeys;
  const [other = ''] = theirs.cookieKeys;

  return theirs.cookieKeys.includes(mine) && ours.cookieKeys.includes(other) ? undefined : 'secrets.cookie_keys';
}
