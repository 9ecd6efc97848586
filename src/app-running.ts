import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as elapsed } from 'node:timers/promises';

import type { Config } from './config/schema.ts';
import type { Oidc } from './oidc/provider.ts';
import { watchSettings } from './operations/kept-settings.ts';
import type { Services } from './services.ts';
import { inForce, type Ground, type InForce } from './services-ground.ts';
import { createListener, type Listener } from './web/listener.ts';
import type { Web } from './web/server.ts';

/**
 * The part of `app.ts` about settings that change while it runs. All that goes by them is one generation; a new one is made
 * whole beside the old one, takes over with the next request, and the old one ends when its requests are answered. What
 * can't be made leaves in force what is. The stores, the socket and what is counted in memory stay (`services-ground.ts`).
 */
export interface Generation {
  services: Services;
  oidc: Oidc;
  web: Web;
  /** Begins what happens of itself: at one time only one generation's does. */
  work(): AsyncDisposable;
}

export interface Running extends AsyncDisposable {
  current(): Generation;
  /** From now on requests are answered, and settings looked at. */
  begin(at: Parameters<Listener['listen']>[0]): Promise<void>;
  leave: Listener['leave'];
}

interface RunningDeps extends InForce {
  /** Milliseconds between two looks. */
  every?: number | undefined;
  open(config: Config, isLeaving: () => boolean): Promise<Generation>;
  changed(version: number): void;
}

/** Milliseconds that a request of the old settings may take to be answered. */
const longest = 30_000;

export async function startRunning(
  ground: Ground,
  { config, version, every, open, changed }: RunningDeps,
): Promise<Running> {
  const answering = new WeakMap<Generation, number>();
  const listener = createListener(answer);
  const isLeaving = () => listener.isLeaving;
  let current = await open(config, isLeaving);
  let work: AsyncDisposable | undefined;
  /** One takes over after the other. */
  let turns: Promise<void> = Promise.resolve();
  const ended = new AbortController();

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const by = current;
    answering.set(by, (answering.get(by) ?? 0) + 1);
    response.once('close', () => answering.set(by, (answering.get(by) ?? 1) - 1));
    by.web.handler(request, response);
  }

  async function takeOver(next: Generation): Promise<void> {
    const former = current;
    current = next;

    turns = turns
      .then(async () => {
        await work?.[Symbol.asyncDispose]();
        work = ended.signal.aborted ? undefined : next.work();
        await answered(former);
        await former.oidc[Symbol.asyncDispose]();
      })
      .catch(ground.onError);
  }

  async function answered(former: Generation): Promise<void> {
    const until = performance.now() + longest;

    while ((answering.get(former) ?? 0) > 0 && performance.now() < until && !ended.signal.aborted) {
      await elapsed(100, undefined, { ref: false });
    }

    await ground.units.settled();
  }

  const watch = watchSettings(ground.records, {
    version,
    every,
    failed: ground.onError,
    async changed(row) {
      const settings = await inForce(ground, row);
      await takeOver(await open(settings.config, isLeaving));
      changed(row.version);
    },
  });
  ground.applying.now = () => watch.look().catch(ground.onError);

  return {
    current: () => current,
    leave: listener.leave,

    async begin(at) {
      await listener.listen(at);
      work = current.work();
    },

    async [Symbol.asyncDispose]() {
      watch[Symbol.dispose]();
      ended.abort();
      await turns;
      await Promise.all([listener.close(), work?.[Symbol.asyncDispose]()]);
      await current.oidc[Symbol.asyncDispose]();
    },
  };
}
