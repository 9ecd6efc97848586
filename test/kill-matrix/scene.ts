import type { Account } from '../../src/domain/account.ts';
import { partyOf, postForm, type Party } from '../security/protocol/ground.ts';
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
}

/** An API whose tokens are signed. */
export const orders = 'https://orders.example.com';

/** Seconds. */
export const ordersTokenLife = 300;

const resources = [
  { identifier: orders, name: 'Orders', scopes: [{ name: 'orders:read' }], access_token: `${ordersTokenLife}s` },
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

  async function app(kind: 'web' | 'device', name: string): Promise<Party> {
    apps += 1;
    const web = { redirect_uris: [`https://app${apps}.example.net/cb`], resources: [orders] };
    const registered = await nodes.client(kind, { client_name: name, ...(kind === 'web' && web) });

    return partyOf(
      { app: nodes, post: (path, fields, headers) => postForm(new URL(path, nodes.url), fields, headers) },
      registered,
    );
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
