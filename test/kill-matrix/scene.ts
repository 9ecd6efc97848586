import type { Account } from '../../src/domain/account.ts';
import { partyOf, postForm, type Party } from '../security/protocol/ground.ts';
import { valueOf } from '../support/app.ts';
import { openBrowser, type Browser } from '../support/browser.ts';
import { startNodes, type Nodes } from '../support/nodes.ts';
import type { Pair } from '../support/storage.ts';

/** An installation, on two nodes where its stores let two in. */
export interface Stage extends AsyncDisposable {
  nodes: Nodes;
  /** Somebody who has a phone and a laptop, and apps of others that nobody else uses. */
  scene(): Promise<Scene>;
  /** From here on the first node answers, or the last. */
  turnTo(node: 'first' | 'last'): void;
}

export interface Scene {
  nodes: Nodes;
  ana: Account & { password: string };
  laptop: Browser;
  phone: Browser;
  /** Stays connected while Ana is away. */
  wiki: Party;
  /** Ends with the session. */
  board: Party;
  /** Has no browser. */
  television: Party;
  /** As which the API asks. */
  stock: Party;
}

/** An API whose tokens are signed. */
export const orders = 'https://orders.example.com';

/** Seconds. */
export const ordersTokenLife = 300;

/** One that asks about keys. */
export const stock = 'https://stock.example.com';

const resources = [
  { identifier: orders, name: 'Orders', scopes: [{ name: 'orders:read' }], access_token: `${ordersTokenLife}s` },
  {
    identifier: stock,
    name: 'Stock',
    scopes: [{ name: 'read', description: { en: 'Read the stock' } }],
    key_scopes: ['read'],
    introspected_by: ['stock'],
  },
];
const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';

export async function openStage(pair: Pair): Promise<Stage> {
  const nodes = await startNodes({
    pair,
    count: pair.startsWith('sqlite') ? 1 : 2,
    config: JSON.stringify({ resources }),
  });
  let apps = 0;

  const post: Parameters<typeof partyOf>[0]['post'] = (path, fields, headers) =>
    postForm(new URL(path, nodes.url), fields, headers);
  const machine = { kind: 'machine', id: 'stock' } as const;
  const asking = await nodes.first.services.clients.create(
    { client_name: 'Stock' },
    { actor: 'command-line' },
    machine,
  );

  async function app(kind: 'web' | 'device', name: string): Promise<Party> {
    apps += 1;
    const web = { redirect_uris: [`https://app${apps}.example.net/cb`], resources: [orders] };
    const registered = await nodes.client(kind, { client_name: name, ...(kind === 'web' && web) });

    return partyOf({ app: nodes, post }, registered);
  }

  return {
    nodes,

    async scene() {
      const ana = await nodes.account();

      return {
        nodes,
        ana,
        laptop: await signedIn(nodes.url, ana),
        phone: await signedIn(nodes.url, ana, { 'user-agent': iphone }),
        wiki: await app('web', 'Wiki'),
        board: await app('web', 'Board'),
        television: await app('device', 'Television'),
        stock: partyOf({ app: nodes, post }, valueOf(asking)),
      };
    },

    turnTo(node) {
      nodes.balancer.only = node === 'first' ? 0 : nodes.all.length - 1;
    },

    [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose](),
  };
}

export async function signedIn(
  url: string,
  { email, password }: { email: string; password: string },
  headers: Record<string, string> = {},
): Promise<Browser> {
  const browser = openBrowser(url, { headers });
  const page = await browser.submit(await browser.open('/account'), { email, password });
  if (!page.url.includes('/account/')) throw new Error(`not signed in: ${page.words}`);

  return browser;
}
