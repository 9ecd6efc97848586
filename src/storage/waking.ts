import type { CollectionName, Records } from './records.ts';

/** Tells whoever sends that something was written. */
export interface Bell {
  ring(): void;
  listen(listener: () => void, until?: AbortSignal): void;
}

export function createBell(): Bell {
  const listeners = new Set<() => void>();

  return {
    ring() {
      for (const listener of listeners) listener();
    },
    listen(listener, until) {
      listeners.add(listener);
      until?.addEventListener('abort', () => void listeners.delete(listener), { once: true });
    },
  };
}

/**
 * The same records; the bell rings whenever a row of that collection was written among other things. So whoever writes
 * one need not think of whoever sends it.
 */
export function ringOn(records: Records, name: CollectionName, bell: Pick<Bell, 'ring'>): Records {
  return {
    ...records,

    async write(writes, how) {
      try {
        return await records.write(writes, how);
      } finally {
        // Also after a failure: what fails by itself is left out, and the rest is written.
        if (writes.some((write) => write.in === name)) bell.ring();
      }
    },
  };
}
