import { Conflict, Failure, Unavailable } from '../../domain/errors.ts';

/** `SQLITE_CONSTRAINT_PRIMARYKEY` and `SQLITE_CONSTRAINT_UNIQUE`. */
const violations = new Set([1555, 2067]);

export function isUniqueViolation(error: unknown): boolean {
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
  if (isUniqueViolation(error)) return new Conflict(violated(error as Error));
  if (isDriverError(error)) return new Unavailable(`storage failed: ${error.errstr}`, { cause: error });
  if (isClosed(error)) return new Unavailable('storage is closed', { cause: error });

  return error;
}

/** `UNIQUE constraint failed: accounts.unique_email` names the column. */
function violated(error: Error): string {
  const column = error.message.slice(error.message.lastIndexOf('.') + 1);

  return column.replace(/^unique_/, '');
}

function isDriverError(error: unknown): error is Error & { errcode: number; errstr: string } {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR' && 'errcode' in error;
}

function isClosed(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_STATE';
}
