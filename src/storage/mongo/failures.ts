import { Conflict, Failure, Unavailable } from '../../domain/errors.ts';
import { StoreAway, StoreUnfit } from '../refusals.ts';

const duplicateKey = 11_000;

/** What the server says that will be so until somebody mends it. */
const unfit = new Map<unknown, string>([
  ['AuthenticationFailed', 'Correct the user and the password in the storage settings.'],
  ['Unauthorized', 'Give the user the role readWrite on the database.'],
]);

/** The driver's own, when it is opened: an address that it can't read, a server that is too old for it. */
const unreadable = /^Mongo(Parse|InvalidArgument|MissingCredentials|API|Compatibility)Error$/;

/**
 * The port's own failure for whatever the driver threw, in which `place` says where MongoDB is. The driver's error is
 * not passed on as it is: it carries what was to be written.
 */
export function toFailure(error: unknown, place: string): Failure {
  if (error instanceof Failure) return error;
  if (codeOf(error) === duplicateKey && !isUnacknowledged(error)) return new Conflict(violated(error));

  const reason = reasonOf(error);
  const mend = unfit.get(reason);
  if (mend !== undefined) return new StoreUnfit(place, { reason, mend });

  return new Unavailable(`${place}: ${reason}`, { cause: new Error(reason) });
}

/** The same for what was thrown instead of a connection, with what to do about it. */
export function toRefusal(error: unknown, place: string): Failure {
  if (error instanceof Error && unreadable.test(error.name)) {
    return new StoreUnfit(place, { reason: error.message, mend: 'Correct url in the storage settings.' });
  }

  const failure = toFailure(error, place);
  if (failure instanceof StoreUnfit || !(failure instanceof Unavailable)) return failure;

  const reason = reasonOf(error);
  const [, mend = 'Start it, or correct url in the storage settings.'] =
    mends.find(([sign]) => sign.test(reason)) ?? [];

  return new StoreAway(place, { reason, mend });
}

/** By what the reason says. */
const mends: readonly [RegExp, string][] = [
  [/a member of the replica set/, 'Correct replicaSet in url, or initiate the set.'],
  [/no primary/, 'It elects one once a majority of its members run.'],
  [
    /TLS|SSL|certificate|connection \S+ to \S+ closed/i,
    'Let both sides speak TLS (tls=true in url), or neither; tlsCAFile names an authority of your own.',
  ],
  [/ENOTFOUND|EAI_AGAIN|querySrv|queryTxt/, 'Correct the hosts in url, or the name server of this machine.'],
];

/**
 * The place in an ordered bulk of the write whose unique value was taken: everything before it is written, and
 * acknowledged by a majority, nothing behind it is. Undefined for any other error.
 */
export function takenAt(error: unknown): number | undefined {
  if (codeOf(error) !== duplicateKey || isUnacknowledged(error)) return undefined;

  // The driver gives one or a list.
  const { writeErrors = [] } = error as { writeErrors?: { index: number } | readonly { index: number }[] };

  return [writeErrors].flat()[0]?.index;
}

/** What was written before the error is not with a majority yet, which the driver says beside it. */
function isUnacknowledged(error: unknown): boolean {
  const { result } = (error ?? {}) as { result?: { getWriteConcernError?(): unknown } };

  return result?.getWriteConcernError?.() !== undefined;
}

/** `… index: unique_email dup key: …` names the index; the one that every collection has is `_id_`. */
function violated(error: unknown): string {
  const index = / index: (\S+)/.exec((error as Error).message)?.[1] ?? '';

  return index === '_id_' ? 'id' : index.replace(/^unique_/, '');
}

function reasonOf(error: unknown): string {
  const codeName = (error as { codeName?: unknown } | undefined)?.codeName;
  const code = codeOf(error);

  // What the server says in words may quote a document.
  if (isUnacknowledged(error)) return 'what was written is not acknowledged by a majority';
  if (typeof codeName === 'string') return codeName;
  if (typeof code === 'number') return `error ${code}`;

  return topologyOf(error) ?? (error instanceof Error && error.message !== '' ? error.message : 'it does not answer');
}

interface Topology {
  type: string;
  setName?: string | null;
  servers: ReadonlyMap<string, { type: string; error?: Error | null }>;
}

/** Why no server could be chosen: the driver's own words name none, or are advice for somebody else's service. */
function topologyOf(error: unknown): string | undefined {
  const { type, setName, servers } = ((error as { reason?: unknown } | undefined)?.reason ?? {}) as Partial<Topology>;
  if (type === undefined || typeof servers?.entries !== 'function') return undefined;

  // One that is of another set, or of none, is left out.
  if (servers.size === 0) return `no server there is a member of the replica set ${setName ?? ''}`;

  const silent = [...servers].filter(([, server]) => server.type === 'Unknown' || server.error);
  const said = silent.map(([address, server]) => {
    const why = server.error?.message ?? 'it does not answer';

    return servers.size === 1 || why.includes(address) ? why : `${address}: ${why}`;
  });

  if (silent.length < servers.size) return ['it has no primary', ...said].join('; ');

  return said.join('; ');
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}
