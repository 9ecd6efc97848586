import { setImmediate as turn } from 'node:timers/promises';

import type { Ephemera } from '../../src/storage/ephemera.ts';
import type { Records } from '../../src/storage/records.ts';

/** Puts a few turns of the event loop before each thing that is asked of the store, as a network would. */
export function takeTime({ records, ephemera }: { records: Records; ephemera?: Ephemera }): void {
  for (const one of [ephemera, records, ...Object.values(records)]) {
    if (typeof one !== 'object' || one === null) continue;

    for (const [name, method] of Object.entries(one)) {
      if (typeof method !== 'function') continue;

      const ask = method as (...given: unknown[]) => unknown;

      Object.assign(one, {
        [name]: async (...given: unknown[]) => {
          for (let turns = Math.floor(Math.random() * 4); turns > 0; turns -= 1) await turn();

          return ask.apply(one, given);
        },
      });
    }
  }
}
