import { Conflict, Failure, Unavailable } from '../../domain/errors.ts';
import { StoreUnfit } from '../refusals.ts';

const duplicateKey = 11_000;

/** AuthenticationFailed and Unauthorized. */
const refusals = new Set<unknown>([18, 13]);

/**
 * The port's own failure for whatever the driver threw. The driver's error is not passed on as it is: it carries what was
 * to be written.
 */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (codeOf(error) === duplicateKey) return new Conflict(violated(error));

  if (refusals.has(codeOf(error))) {
    const mend = 'Correct the user and the password in the storage settings, or let this user read and write.';

    return new StoreUnfit('MongoDB', { reason: reasonOf(error), mend });
  }

  return new Unavailable(`MongoDB: ${reasonOf(error)}`, { cause: new Error(reasonOf(error)) });
}

/**
 * Where an ordered bulk of writes ended because a unique value was taken: everything before it is written and
 * acknowledged, nothing behind it. Throws the port's failure for anything else.
 */
export function stoppedAt(error: unknown): number {
  const { writeErrors = [] } = error as { writeErrors?: { index: number } | readonly { index: number }[] };
  const [first] = [writeErrors].flat();

  if (first === undefined || codeOf(error) !== duplicateKey) throw toFailure(error);

  return first.index;
}

/** `… index: unique_email dup key: …` names the index; the one that every collection has is `_id_`. */
function violated(error: unknown): string {
  const index = / index: (\S+)/.exec((error as Error).message)?.[1] ?? '';

  return index === '_id_' ? 'id' : index.replace(/^unique_/, '');
}

function reasonOf(error: unknown): string {
  const codeName = (error as { codeName?: unknown } | undefined)?.codeName;

  // What the server says may quote a document.
  if (typeof codeName === 'string') return codeName;

  return error instanceof Error && error.message !== '' ? error.message : 'it does not answer';
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}
