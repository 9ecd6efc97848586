import { Failure, Unavailable } from '../../domain/errors.ts';

/**
 * The port's own failure for whatever the driver threw: it did not answer in time, it is away, it refused (no memory, a
 * replica, no right). The driver's error is not passed on as it is, because it carries what was to be written.
 */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;

  return new Unavailable(`Redis: ${reasonOf(error)}`, { cause: new Error(reasonOf(error)) });
}

/** What an operator can do something with. An error over several addresses (`localhost`) has no message of its own. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return reasonOf(error.errors[0]);

  const cause = (error as { lastNodeError?: unknown } | undefined)?.lastNodeError;
  if (cause !== undefined) return reasonOf(cause);

  return error instanceof Error && error.message !== '' ? error.message : 'it does not answer';
}

export function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/** The server answers, and will not have us: waiting changes nothing. */
export function isRefusal(reason: string): boolean {
  return /\b(WRONGPASS|NOAUTH|NOPERM|invalid password|Authentication required)\b/i.test(reason);
}

/** A replica that we took for the master: the connection is to be made anew. In a script, the word stands inside. */
export function isReplica(error: Error): boolean {
  return error.message.includes('READONLY');
}
