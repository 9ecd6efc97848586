/** Sends for what is needed next; a failure is for whoever really asks. */
export function sendFor(...reads: readonly Promise<unknown>[]): void {
  for (const one of reads) one.catch(() => undefined);
}
