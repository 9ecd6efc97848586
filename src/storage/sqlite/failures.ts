import { Conflict, Failure, Unavailable } from '../../domain/errors.ts';

/** `SQLITE_CONSTRAINT_PRIMARYKEY` and `SQLITE_CONSTRAINT_UNIQUE`. */
const violations = new Set([1555, 2067]);

export function isUniqueViolation(error: unknown): error is Error {
  return isDriverError(error) && violations.has(error.errcode);
}

/** Another connection holds the lock: `SQLITE_BUSY`, with whatever detail in the upper bits. */
export function isBusy(error: unknown): boolean {
  return isDriverError(error) && (error.errcode & 0xff) === 5;
}

/**
 * The port's own failure for whatever was thrown. A unique value that is taken is a Conflict; all else that the driver
 * says (busy, full, unreadable, closed) is Unavailable. What the caller's own function threw passes through.
 */
export function toFailure(error: unknown): unknown {
  if (error instanceof Failure) return error;
  if (isUniqueViolation(error)) return new Conflict(violated(error));
  if (isDriverError(error)) return new Unavailable(`storage failed: ${error.errstr}`, { cause: error });
  if (isClosed(error)) return new Unavailable('storage is closed', { cause: error });

  return error;
}

/** `UNIQUE constraint failed: accounts.unique_email` names the column. */
function violated(error: Error): string {
  const column = error.message.slice(error.message.lastIndexOf('.') + 1);

  return column.replace(/^unique_/, '');
}

/** By its code, not by its class: the driver's errors may come from another realm than ours. */
function isDriverError(error: unknown): error is Error & { errcode: number; errstr: string } {
  return codeOf(error) === 'ERR_SQLITE_ERROR';
}

function isClosed(error: unknown): boolean {
  return codeOf(error) === 'ERR_INVALID_STATE';
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}
