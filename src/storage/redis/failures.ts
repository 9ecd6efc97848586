import { Failure, Unavailable } from '../../domain/errors.ts';

/**
 * The port's own failure for whatever the driver threw: it did not answer in time, it is away, it refused (no memory, a
 * replica, no right). The driver's error is not passed on as it is, because it carries what was to be written.
 */
export function toFailure(error: unknown, place: string): Failure {
  if (error instanceof Failure) return error;

  return new Unavailable(`Redis at ${place}: ${reasonOf(error)}`, { cause: new Error(reasonOf(error)) });
}

/**
 * What an operator can do something with. Errors are told by what they hold, not by their class: they may come from
 * another realm than ours. One over several addresses (`localhost`) has no message of its own.
 */
export function reasonOf(error: unknown): string {
  const { message, errors, lastNodeError } = (error ?? {}) as Partial<AggregateError & { lastNodeError: unknown }>;

  // Ours says where, too; what it stands for does not.
  if (error instanceof Failure && error.cause !== undefined) return reasonOf(error.cause);
  if (lastNodeError !== undefined) return reasonOf(lastNodeError);
  if (!message && errors?.[0] !== undefined) return reasonOf(errors[0]);
  // The driver's words for that name its own option.
  if (message?.includes('enableOfflineQueue')) return 'there is no connection';

  return (message || 'it does not answer')
    .replace(/^All sentinels are .* Last error: /, 'no Sentinel answers: ')
    .replace(/\.$/, '');
}

export function isNoScript(error: unknown): boolean {
  return reasonOf(error).startsWith('NOSCRIPT');
}

/** What stays wrong until somebody mends it, and how; undefined for what may pass. */
export function unfitness(error: unknown): { reason: string; mend: string } | undefined {
  const reason = reasonOf(error);

  if (/\b(WRONGPASS|NOAUTH|invalid password|without any password)\b/i.test(reason)) {
    return { reason, mend: 'Correct the user and the password in the storage settings.' };
  }
  if (/\bNOPERM\b/.test(reason)) {
    return { reason, mend: 'Let this user use the commands and keys that the README names.' };
  }
  if (/unknown command/i.test(reason)) {
    return { reason, mend: 'Redis 6.2 or later is needed.' };
  }
  if (/DB index is out of range|invalid DB index/.test(reason)) {
    return { reason: 'it has no database of this number', mend: 'Correct the number at the end of the address.' };
  }
  if (/No such master|invalid reply: null/.test(reason)) {
    return { reason: 'the Sentinels know no master of this name', mend: 'Correct name in the storage settings.' };
  }

  return undefined;
}

/** A replica that we took for the master: the connection is to be made anew. In a script, the word stands inside. */
export function isReplica(error: Error): boolean {
  return error.message.includes('READONLY');
}
