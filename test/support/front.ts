import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Agent, fetch, type RequestInit } from 'undici';

import type { Services } from '../../src/services.ts';
import { freePort, peopleIn, type TestApp } from './app.ts';
import { openBrowser, type Browser } from './browser.ts';
import { emptyDatabase } from './mongo.ts';
import { greeted, launchServer, type Child } from './process.ts';
import { openProxySite, startNginx, type Proxy, type ProxySite, type StartProxy } from './proxy.ts';
import { startRedis } from './redis.ts';
import { servicesOn } from './services.ts';

/**
 * Gatehouse as a company runs it: nodes as processes of their own, in production mode, on MongoDB and Redis, behind a real
 * proxy that ends TLS and gives each request to the next of them. In suites, inside
 * `describeWith(['mongo', 'redis', 'nginx'], …)`.
 *
 *     await using front = await startFront();
 *     const ana = await front.account();              // as a command beside the nodes makes it
 *     const browser = front.browser();                // every request goes to the next node
 *     front.nodes[0].kill('SIGKILL');
 */
export interface Front extends AsyncDisposable, Pick<TestApp, 'account' | 'client'> {
  url: string;
  proxy: Proxy;
  nodes: readonly [FrontNode, FrontNode];
  /** On the same stores, in this process. */
  services: Services;
  /** A new person's browser, in front of the proxy. */
  browser(): Browser;
  /** What apps ask with, over TLS through the proxy. */
  fetch: typeof globalThis.fetch;
}

export interface FrontNode {
  port: number;
  setupUrl: string | undefined;
  /** What it has logged since its last start. */
  log(): string;
  kill(signal: NodeJS.Signals): void;
  /** Settles with the exit code when the process is gone. */
  exited(): Promise<number | null>;
  /** Settles once it is ready. */
  start(): Promise<void>;
}

export interface FrontOptions {
  env?: Record<string, string>;
  proxy?: StartProxy;
}

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export async function startFront({
  env: more = {},
  proxy: startProxy = startNginx,
}: FrontOptions = {}): Promise<Front> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-front-'));
  opened.defer(() => rm(folder, { recursive: true }));

  const site = await openProxySite();
  const mongo = opened.use(await emptyDatabase());
  const redis = opened.use(await startRedis());
  const env = {
    GATEHOUSE_ISSUER: site.issuer,
    GATEHOUSE_DATA: join(folder, 'data'),
    GATEHOUSE_PROXY_TRUSTED: '127.0.0.1',
    GATEHOUSE_SECRETS_ENCRYPTION_KEY: randomBytes(32).toString('base64url'),
    GATEHOUSE_STORAGE_RECORDS_KIND: 'mongo',
    GATEHOUSE_STORAGE_RECORDS_URL: mongo.url,
    GATEHOUSE_STORAGE_RECORDS_DATABASE: mongo.database,
    GATEHOUSE_STORAGE_EPHEMERA_KIND: 'redis',
    GATEHOUSE_STORAGE_EPHEMERA_URL: redis.url,
    ...more,
  };

  const nodes = [await nodeOn(env), await nodeOn(env)] as const;
  for (const node of nodes) opened.defer(() => end(node));
  await Promise.all(nodes.map((node) => node.start()));

  const services = opened.use(await servicesOn(env));
  const ports = nodes.map(({ port }) => port);
  const proxy = opened.use(await startProxy(site, ports));
  const agent = agentOf(site, proxy);
  opened.defer(() => agent.destroy());
  const running = opened.move();

  return {
    url: site.issuer,
    proxy,
    nodes,
    services,
    ...peopleIn(() => services),
    browser: () => openBrowser(site.issuer, { connect: proxy.connect }),
    fetch: ((input: string, init: RequestInit) => fetch(input, { ...init, dispatcher: agent })) as never,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function nodeOn(env: Record<string, string>): Promise<FrontNode> {
  const port = await freePort();
  let child: Child | undefined;

  return {
    port,
    get setupUrl() {
      return /open: (\S+)/.exec(child?.err() ?? '')?.[1];
    },
    log: () => child?.out() ?? '',
    kill: (signal) => void child?.process.kill(signal),
    exited: () => child?.exit ?? Promise.resolve(null),
    async start() {
      child = launchServer([process.execPath, main, 'start'], { env: { ...env, GATEHOUSE_PORT: String(port) } });
      await Promise.race([greeted(child), child.exit]);

      if (child.process.exitCode !== null) throw new Error(child.err());
    },
  };
}

async function end(node: FrontNode): Promise<void> {
  node.kill('SIGKILL');
  await node.exited();
}

/** The proxy's name leads to this machine. */
function agentOf({ port }: ProxySite, { connect: { ca } }: Proxy): Agent {
  return new Agent({
    connect: { ca, port, lookup: (_host, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]) },
  });
}
