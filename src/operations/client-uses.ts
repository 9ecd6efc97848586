import type { ClientUse } from '../domain/client.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import type { Records } from '../storage/records.ts';

/**
 * When clients and their secrets were used last, to about ten minutes: each node writes it down once in that time, however
 * often somebody comes. It may be lost without harm: then it is written again.
 */
export interface ClientUses {
  /** The writing that a use is due for, to be done when nobody waits; undefined: it is written down already. */
  due(clientId: string, secretId?: string): (() => Promise<void>) | undefined;
  /** Undefined: it was never used. */
  find(clientId: string): Promise<ClientUse | undefined>;
  /** With the client. */
  remove(clientId: string): Promise<void>;
}

export interface ClientUsesDeps {
  records: Pick<Records, 'clientUses'>;
  clock: Clock;
}

/** Milliseconds. */
const exactTo = 600_000;

const mostKept = 20_000;

export function createClientUses({ records, clock }: ClientUsesDeps): ClientUses {
  const written = new Map<string, number>();

  const isWritten = (key: string) => Math.abs(clock.now() - (written.get(key) ?? -Infinity)) < exactTo;

  function remember(key: string, now: number): void {
    // The one that was written longest ago goes first.
    if (written.size >= mostKept) written.delete(written.keys().next().value ?? '');

    written.delete(key);
    written.set(key, now);
  }

  async function keep(clientId: string, secretId: string | undefined, at: number): Promise<void> {
    const used = (old?: ClientUse): ClientUse => ({
      id: clientId,
      lastUsedAt: Math.max(old?.lastUsedAt ?? 0, at),
      secrets: {
        ...old?.secrets,
        ...(secretId !== undefined && { [secretId]: Math.max(old?.secrets[secretId] ?? 0, at) }),
      },
    });

    if (await records.clientUses.update(clientId, used)) return;

    try {
      await records.clientUses.create(used());
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;

      // Another node has made it since.
      await records.clientUses.update(clientId, used);
    }
  }

  return {
    due(clientId, secretId) {
      const key = secretId === undefined ? clientId : `${clientId} ${secretId}`;
      if (isWritten(key)) return undefined;

      return async () => {
        // Of many at once the first writes it.
        if (isWritten(key)) return;

        const now = clock.now();
        // Whoever shows a secret is at work, too.
        for (const one of [key, clientId]) remember(one, now);

        try {
          await keep(clientId, secretId, now);
        } catch (error) {
          for (const one of [key, clientId]) written.delete(one);
          throw error;
        }
      };
    },

    find: (clientId) => records.clientUses.get(clientId),

    async remove(clientId) {
      await records.clientUses.remove(clientId);
    },
  };
}
