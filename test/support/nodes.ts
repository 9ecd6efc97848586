import { randomBytes } from 'node:crypto';

import type { Stores } from '../../src/services.ts';
import { freePort, movableClock, startTestApp, type TestApp, type TestAppOptions } from './app.ts';
import { startBalancer, type Balancer } from './balancer.ts';

/**
 * Several nodes of Gatehouse, each a whole app on a port of its own, behind one address, with one clock and one store:
 *
 *     await using nodes = await startNodes();
 *     const browser = openBrowser(nodes.url);         // every request goes to the next node
 *     nodes.balancer.only = 1;                        // from here on all of them to this one
 *     await nodes.first.services.clients.disable(…);  // on one of them
 *
 * On the embedded database, which lets one server in, the others are given the stores of the first; on any other kind
 * (in `config`) each opens its own.
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

export async function startNodes({ count = 2, ...options }: TestAppOptions & { count?: number } = {}): Promise<Nodes> {
  const running = new AsyncDisposableStack();
  const balancer = running.use(await startBalancer());
  const clock = movableClock();
  const key = randomBytes(32).toString('base64url');
  const all: TestApp[] = [];
  let shared: Stores | undefined;

  function around(own: Stores): Stores {
    const stores = options.aroundStores?.(own) ?? own;
    if (!isEmbedded(options)) return stores;

    shared ??= stores;

    return shared === stores
      ? stores
      : { records: borrow(shared.records, own.records), ephemera: borrow(shared.ephemera, own.ephemera) };
  }

  async function add(env: Record<string, string> = {}): Promise<TestApp> {
    const port = await freePort();
    const own = {
      GATEHOUSE_ISSUER: balancer.url,
      GATEHOUSE_PORT: String(port),
      GATEHOUSE_SECRETS_ENCRYPTION_KEY: key,
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

function isEmbedded({ config = '', env = {} }: TestAppOptions): boolean {
  const kind = env['GATEHOUSE_STORAGE_RECORDS_KIND'] ?? /records:\s*{?\s*kind: (\w+)/.exec(config)?.[1] ?? 'sqlite';

  return kind === 'sqlite';
}

/** Everything of a store but its end: what closes with the borrower is the borrower's own. */
function borrow<T extends AsyncDisposable>(store: T, own: AsyncDisposable): T {
  return { ...store, [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() };
}
