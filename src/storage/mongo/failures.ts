import { Conflict, Failure, Unavailable } from '../../domain/errors.ts';
import { StoreUnfit } from '../refusals.ts';

const duplicateKey = 11_000;

/** What the server says that will be so until somebody mends it. */
const unfit = new Map<unknown, string>([
  ['AuthenticationFailed', 'Correct the user and the password in the storage settings.'],
  ['Unauthorized', 'Give the user the role readWrite on the database.'],
]);

/** The driver's own, when it is opened: an address that it can't read, a server that is too old for it. */
const unreadable = /^Mongo(Parse|InvalidArgument|MissingCredentials|API|Compatibility)Error$/;

/**
 * The port's own failure for whatever the driver threw. The driver's error is not passed on as it is: it carries what was
 * to be written.
 */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (codeOf(error) === duplicateKey && !isUnacknowledged(error)) return new Conflict(violated(error));

  const mend = unfit.get(reasonOf(error));
  if (mend !== undefined) return new StoreUnfit('MongoDB', { reason: reasonOf(error), mend });

  return new Unavailable(`MongoDB: ${reasonOf(error)}`, { cause: new Error(reasonOf(error)) });
}

/** The same for what was thrown instead of a connection. */
export function toRefusal(error: unknown): Failure {
  if (!(error instanceof Error) || !unreadable.test(error.name)) return toFailure(error);

  return new StoreUnfit('MongoDB', { reason: error.message, mend: 'Correct url in the storage settings.' });
}

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

  return error instanceof Error && error.message !== '' ? error.message : 'it does not answer';
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}
