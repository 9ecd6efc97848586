/**
 * What one request has read: asked for by many, it is read once, and may be on its way before it is asked for. Outside of
 * a request every look is a new one. What decides about a change reads for itself.
 */
export interface Reads {
  once<T>(key: string, load: () => Promise<T>): Promise<T>;
  /** After a write: what is asked for from here on is read anew. */
  forget(key: string): void;
}

export const noReads: Reads = { once: (_key, load) => load(), forget: () => undefined };

/** Sends for what is needed next; a failure is for whoever really asks. */
export function sendFor(...reads: readonly Promise<unknown>[]): void {
  for (const one of reads) one.catch(() => undefined);
}
