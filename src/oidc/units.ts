import { AsyncLocalStorage } from 'node:async_hooks';

import type { Origin } from '../events/writer.ts';
import { noReads } from '../storage/reads.ts';
import type { UnitDeps, UnitOfWork, Units } from './request.ts';
import { createUnit } from './unit-of-work.ts';

/** One unit of work for each request, at hand in everything that the request does. */
export function createUnits(deps: UnitDeps): Units {
  const storage = new AsyncLocalStorage<{ unit: UnitOfWork; over: boolean }>();
  const tidying = new Set<Promise<unknown>>();

  const current = (): UnitOfWork | undefined => {
    const place = storage.getStore();

    return place?.over === false ? place.unit : undefined;
  };

  const opened = async <T>(origin: Origin | undefined, run: (unit: UnitOfWork) => Promise<T>): Promise<T> => {
    const place = { unit: createUnit(deps, origin), over: false };

    try {
      return await storage.run(place, () => run(place.unit));
    } catch (error) {
      place.unit.giveUp(error);
      throw error;
    } finally {
      await place.unit.flush().finally(() => (place.over = true));
      for (const work of place.unit.takeRest()) afterwards(work);
    }
  };

  function afterwards(work: () => Promise<unknown>): void {
    const one = work()
      .catch(deps.onError)
      .finally(() => tidying.delete(one));
    tidying.add(one);
  }

  return {
    within(run) {
      const unit = current();

      return unit ? run(unit) : opened(undefined, run);
    },

    open: opened,
    current,

    takeOver(writes, sent) {
      const unit = current();
      if (unit === undefined) return false;

      for (const [index, write] of writes.entries()) {
        const isLast = index === writes.length - 1;
        unit.write(write, { always: true, ...(sent && isLast && { sent: (_row, failure) => sent(failure) }) });
      }

      return true;
    },

    reads: {
      once: (key, load) => (current()?.reads ?? noReads).once(key, load),
      forget: (key) => current()?.reads.forget(key),
    },

    async settled() {
      await Promise.all(tidying);
    },
  };
}
