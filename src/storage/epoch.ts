import type { Ephemera } from './ephemera.ts';
import type { Records } from './records.ts';

/**
 * What was restored from a backup begins a new epoch. What was given out before it and is still kept elsewhere (tokens,
 * codes and half-made sign-ins in a Redis that outlived the records) belongs to the old one and is found no more.
 */
export interface Epoch {
  /** Names it, at random. */
  id: string;
  /** When it began, in milliseconds. */
  since: number;
}

/** The setting that holds the epoch; without one nothing was ever restored. */
export const epochSetting = 'epoch';

export async function epochOf({ settings }: Pick<Records, 'settings'>): Promise<Epoch | undefined> {
  return (await settings.get(epochSetting))?.value as Epoch | undefined;
}

/** The same store, in which only what was put in this epoch is there. The rest runs out by itself. */
export function inEpoch(ephemera: Ephemera, epoch: Epoch | undefined): Ephemera {
  if (!epoch) return ephemera;

  const mark = `${epoch.id}.`;
  const own = (text: string): string => `${mark}${text}`;
  const { advice } = ephemera;

  return {
    put: (kind, id, value, { ttl, keys = [] }) => ephemera.put(kind, own(id), value, { ttl, keys: keys.map(own) }),
    get: (kind, id) => ephemera.get(kind, own(id)),
    find: async (kind, key) => {
      const found = await ephemera.find(kind, own(key));

      return found && { ...found, id: found.id.slice(mark.length) };
    },
    consume: (kind, id) => ephemera.consume(kind, own(id)),
    claim: (kind, id, ttl) => ephemera.claim(kind, own(id), ttl),
    increment: (kind, id, ttl) => ephemera.increment(kind, own(id), ttl),
    remove: (kind, id) => ephemera.remove(kind, own(id)),
    sweep: (limit) => ephemera.sweep(limit),
    ready: () => ephemera.ready(),
    ...(advice && { advice: () => advice.call(ephemera) }),
    [Symbol.asyncDispose]: () => ephemera[Symbol.asyncDispose](),
  };
}
