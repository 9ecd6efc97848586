import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { Lease, Records } from '../storage/records.ts';
import { SecretsDiffer } from '../storage/refusals.ts';
import type { Sealing } from '../storage/sealing.ts';
import { startRounds, type Round } from './job.ts';

/**
 * Nodes of one installation share their secrets and their issuer: a cookie that one has signed is read by the next, and
 * what one writes for its address, or under its key, the others have to be able to use. Each running node says in a
 * record which ones it has, secrets as keyed hashes, and one that starts with others is refused while any of them does.
 */
export interface SameSecretsDeps extends Omit<Round, 'round'> {
  records: Pick<Records, 'leases'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  secrets: {
    cookieKeys: readonly string[];
    pairwiseSalt: string;
    /** The first seals; `id` tells nothing of a key. */
    encryptionKeys: readonly { id: string }[];
  };
  config: { issuer: string };
  /** What of the settings that administrators set stands in this node's configuration, with its values. */
  fixed?: string;
  clock: Clock;
  /** Seconds that a node which was killed is taken to be running. */
  lease: number;
}

/** Under one id, with an entry in `holder` for each node that runs. */
const id = 'secrets';

type Secrets = {
  issuer: string;
  encryptionKeys: string[];
  hashKey: string;
  pairwiseSalt: string;
  cookieKeys: string[];
  /** As a keyed hash. Nodes that differ in it run all the same, and the operator is told. */
  fixed?: string;
};

/** By the node's own name, which it has for as long as it runs; `until` in milliseconds. */
type Nodes = Record<string, Secrets & { until: number }>;

/** Disposing says that this node is gone. Throws SecretsDiffer. */
export async function claimSecrets(deps: SameSecretsDeps): Promise<AsyncDisposable> {
  const { records, clock, lease, ...round } = deps;
  const node = newId();
  const ours = fingerprints(deps);

  /** Whether it may be or not: a node that runs is one that others have to agree with. */
  async function sayIt(isStart: boolean): Promise<void> {
    const mine = { [node]: { ...ours, until: clock.now() + lease * 1000 } };
    const row = await records.leases.update(id, (old) =>
      isStart && differing(others(old)) ? old : rowOf({ ...others(old), ...mine }),
    );

    if (row) return refuse(others(row));

    try {
      await records.leases.create(rowOf(mine));
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;

      // Another node was faster.
      await sayIt(isStart);
    }
  }

  /** The other nodes that run. */
  function others({ holder }: Lease): Nodes {
    const nodes = Object.entries(JSON.parse(holder) as Nodes);

    return Object.fromEntries(nodes.filter(([name, { until }]) => name !== node && until > clock.now()));
  }

  function differing(nodes: Nodes): { setting: string; until: number } | undefined {
    for (const theirs of Object.values(nodes)) {
      const setting = difference(ours, theirs);
      if (setting) return { setting, until: theirs.until };
    }

    return undefined;
  }

  function refuse(nodes: Nodes): void {
    const found = differing(nodes);

    if (found) throw new SecretsDiffer(found.setting, found.until);
  }

  await sayIt(true);
  const rounds = startRounds({ ...round, round: () => sayIt(false) });

  return {
    [Symbol.asyncDispose]: async () => {
      await rounds[Symbol.asyncDispose]();
      // What the others have said of themselves stays.
      await records.leases.update(id, (old) => rowOf(others(old))).catch(round.failed);
    },
  };
}

/** For what runs beside the nodes: whether each of them opens what is sealed under our key. Throws SecretsDiffer. */
export async function agreeOnKey(deps: Pick<SameSecretsDeps, 'records' | 'secrets' | 'clock'>): Promise<void> {
  const row = await deps.records.leases.get(id);
  const [first = ''] = deps.secrets.encryptionKeys.map((key) => key.id);
  const running = Object.values(JSON.parse(row?.holder ?? '{}') as Nodes);
  const without = running.find((node) => node.until > deps.clock.now() && !node.encryptionKeys.includes(first));

  if (without) throw new SecretsDiffer('secrets.encryption_key', without.until);
}

/** Whether every node that runs seals under our key: none puts anything more under another. */
export async function allSealUnder(deps: Pick<SameSecretsDeps, 'records' | 'secrets' | 'clock'>): Promise<boolean> {
  const row = await deps.records.leases.get(id);
  const running = Object.values(JSON.parse(row?.holder ?? '{}') as Nodes).filter(
    ({ until }) => until > deps.clock.now(),
  );

  return running.every(({ encryptionKeys: [first] }) => first === deps.secrets.encryptionKeys[0]?.id);
}

/** Whether the nodes that run have the same settings fixed, so that what administrators set is in force on all or none. */
export async function fixAlike({ records, clock }: Pick<SameSecretsDeps, 'records' | 'clock'>): Promise<boolean> {
  const row = await records.leases.get(id);
  const running = Object.values(JSON.parse(row?.holder ?? '{}') as Nodes).filter(({ until }) => until > clock.now());

  return new Set(running.map(({ fixed }) => fixed)).size <= 1;
}

/** It lasts as long as the last of them, and is over at once without any. */
function rowOf(nodes: Nodes): Lease {
  const ends = Object.values(nodes).map(({ until }) => until);

  return { id, holder: JSON.stringify(nodes), expiresAt: Math.max(0, ...ends) };
}

/** Nobody can tell the secrets by them. */
function fingerprints({ secrets, sealing, config, fixed }: SameSecretsDeps): Secrets {
  const of = (value: string) => sealing.keyedHash('secrets', value);

  return {
    issuer: config.issuer,
    encryptionKeys: secrets.encryptionKeys.map(({ id: key }) => key),
    hashKey: of(''),
    pairwiseSalt: of(`pairwise ${secrets.pairwiseSalt}`),
    cookieKeys: secrets.cookieKeys.map((key) => of(`cookies ${key}`)),
    ...(fixed !== undefined && { fixed: of(`settings ${fixed}`) }),
  };
}

/** The setting in which two nodes differ. Of keys, each has to open or accept what the other seals or signs. */
function difference(ours: Secrets, theirs: Secrets): string | undefined {
  if (ours.issuer !== theirs.issuer) return 'issuer';
  if (!agree(ours.encryptionKeys, theirs.encryptionKeys)) return 'secrets.encryption_key';
  if (ours.hashKey !== theirs.hashKey) return 'secrets.hash_key';
  if (ours.pairwiseSalt !== theirs.pairwiseSalt) return 'secrets.pairwise_salt';

  return agree(ours.cookieKeys, theirs.cookieKeys) ? undefined : 'secrets.cookie_keys';
}

function agree(ours: readonly string[], theirs: readonly string[]): boolean {
  const [mine = ''] = ours;
  const [other = ''] = theirs;

  return theirs.includes(mine) && ours.includes(other);
}
