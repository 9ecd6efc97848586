import { randomBytes } from 'node:crypto';

import type { Stores } from '../../src/services-stores.ts';
import { freePort, movableClock, startTestApp, type TestApp, type TestAppOptions } from './app.ts';
import { startBalancer, type Balancer } from './balancer.ts';
import { openPair, type Pair } from './storage.ts';

/**
 * Several nodes of Gatehouse, each a whole app on a port of its own, behind one address, with one clock and one store:
 *
 *     await using nodes = await startNodes();
 *     const browser = openBrowser(nodes.url);         // every request goes to the next node
 *     nodes.balancer.only = 1;                        // from here on all of them to this one
 *     await nodes.first.services.clients.disable(…);  // on one of them
 *
 * Records in the embedded database let one server in: the others are given the stores of the first. On any other pair
 * of stores each node opens its own.
 */
export interface Nodes extends Pick<TestApp, 'url' | 'clock' | 'account' | 'client'> {
  [Symbol.asyncDispose](): Promise<void>;
  balancer: Balancer;
  all: readonly TestApp[];
  first: TestApp;
  second: TestApp;
  /** One more, with these variables besides. */
  add(env?: Record<string, string>): Promise<TestApp>;
}

export interface NodesOptions extends TestAppOptions {
  count?: number;
  pair?: Pair;
}

export async function startNodes({ count = 2, pair = 'sqlite', ...options }: NodesOptions = {}): Promise<Nodes> {
  const running = new AsyncDisposableStack();
  const stores = running.use(await openPair(pair));
  const balancer = running.use(await startBalancer());
  const clock = movableClock();
  const key = randomBytes(32).toString('base64url');
  const all: TestApp[] = [];
  let shared: Stores | undefined;

  function around(own: Stores): Stores {
    const mine = options.aroundStores?.(own) ?? own;
    if (!pair.startsWith('sqlite')) return mine;

    shared ??= mine;

    return shared === mine
      ? mine
      : { records: borrow(shared.records, own.records), ephemera: borrow(shared.ephemera, own.ephemera) };
  }

  async function add(env: Record<string, string> = {}): Promise<TestApp> {
    const port = await freePort();
    const own = {
      GATEHOUSE_ISSUER: balancer.url,
      GATEHOUSE_PORT: String(port),
      GATEHOUSE_SECRETS_ENCRYPTION_KEY: key,
      ...stores.env,
      ...options.env,
      ...env,
    };
    const node = running.use(await startTestApp({ ...options, env: own, clock, aroundStores: around }));

    all.push(node);
    balancer.ports.push(port);

    return node;
  }

  try {
    for (let at = 0; at < count; at += 1) await add();
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }

  const [first, second = first] = all;
  if (!first || !second) throw new Error('no node');

  return {
    url: balancer.url,
    clock,
    balancer,
    all,
    first,
    second,
    add,
    account: first.account,
    client: first.client,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Everything of a store but its end: what closes with the borrower is the borrower's own. */
function borrow<T extends AsyncDisposable>(store: T, own: AsyncDisposable): T {
  return { ...store, [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() };
}
