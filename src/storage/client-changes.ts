import type { Clock } from '../domain/clock.ts';
import { newId } from '../domain/ids.ts';
import type { Records } from './records.ts';

/** The setting whose value is another one whenever a client may have been changed. */
export const clientChanges = 'client-changes';

/**
 * The same records, where every change of a client is announced, by whomever it is made: so that a node which looks at
 * this one setting every few seconds need not read clients again that nobody has touched. It is announced before the
 * change, so that no crash can hide it, and behind it, in case it took its time. A new client changes none.
 */
export function announceClientChanges(records: Records, { clock, failed }: AnnounceOptions): Records {
  const announce = () =>
    records.write([{ in: 'settings', put: { id: clientChanges, value: newId(), updatedAt: clock.now() } }]);

  async function announced<Answer>(change: () => Promise<Answer>): Promise<Answer> {
    await announce();
    const answer = await change();
    // It is done, whatever becomes of saying so once more.
    await announce().catch(failed);

    return answer;
  }

  const { clients } = records;

  return {
    ...records,
    clients: {
      ...clients,
      update: (id, change, seen) => announced(() => clients.update(id, change, seen)),
      remove: (id) => announced(() => clients.remove(id)),
      removeAll: (list, group) => announced(() => clients.removeAll(list, group)),
    },
    write: (writes, how) => {
      const changes = writes.some((write) => write.in === 'clients' && !('create' in write));

      return changes ? announced(() => records.write(writes, how)) : records.write(writes, how);
    },
  };
}

export interface AnnounceOptions {
  clock: Clock;
  /** Told that a change could not be announced again: it shows all the same, a little later perhaps. */
  failed(error: unknown): void;
}
