import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';

import { freePort } from './app.ts';
import { askRedis, launchRedis, startRedis, type RedisServer } from './redis.ts';

/** Redis as operators run it on several machines, here on one. All of it ends with the test, or with this process. */

/** A master, its replica and three Sentinels, who agree after a second, or as told, that the master is gone. */
export interface SentinelSet extends AsyncDisposable {
  /** Their addresses, with the Sentinels' own password. */
  sentinels: readonly string[];
  /** Of the servers. */
  password: string;
  /** As they were at the beginning. */
  master: RedisServer;
  replica: RedisServer;
  /** Of the first so many, and of all that were stopped before. */
  stopSentinels(count: number): void;
}

/** Three masters with a third of the slots each. */
export interface Cluster extends AsyncDisposable {
  nodes: readonly string[];
  masters: readonly RedisServer[];
}

const passwords = { server: 'of-the-servers', sentinel: 'of-the-sentinels' } as const;

/** `downAfter`: in milliseconds. A replica that was cut off for ten times as long is not made the master any more. */
export async function startSentinelSet({ downAfter = 1000 } = {}): Promise<SentinelSet> {
  await using opened = new AsyncDisposableStack();
  const secret = ['--requirepass', passwords.server, '--masterauth', passwords.server];
  const settings = [...secret, '--appendonly', 'yes', '--repl-diskless-sync-delay', '0'];
  const { server: password } = passwords;

  const master = opened.use(await startRedis({ settings, password }));
  const follows = ['--replicaof', '127.0.0.1', `${master.port}`];
  const replica = opened.use(await startRedis({ settings: [...settings, ...follows], password }));
  await until(async () => (await replica.command('INFO', 'replication')).includes('master_link_status:up'));

  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-sentinels-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));

  const sentinels: ChildProcess[] = [];
  const ports = await Promise.all(
    [0, 1, 2].map(async (number) => {
      const port = await freePort();
      const file = join(folder, `${number}.conf`);
      await writeFile(file, sentinelConfiguration(port, { folder, master: master.port, downAfter }));

      const sentinel = await launchRedis([file, '--sentinel']);
      opened.defer(() => void sentinel.kill('SIGKILL'));
      sentinels[number] = sentinel;
      // They find each other sooner; how they fail over stays as it is.
      await askSentinel(port, 'DEBUG', 'publish-period', '200', 'info-period', '500');

      return port;
    }),
  );

  for (const port of ports) await until(() => knowsAll(port));

  const running = opened.move();

  return {
    master,
    replica,
    password,
    stopSentinels: (count) => sentinels.slice(0, count).forEach((sentinel) => void sentinel.kill('SIGKILL')),
    sentinels: ports.map((port) => `redis://:${passwords.sentinel}@127.0.0.1:${port}`),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function sentinelConfiguration(
  port: number,
  { folder, master, downAfter }: { folder: string; master: number; downAfter: number },
): string {
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `requirepass ${passwords.sentinel}`,
    `sentinel sentinel-pass ${passwords.sentinel}`,
    `sentinel monitor mymaster 127.0.0.1 ${master} 2`,
    `sentinel auth-pass mymaster ${passwords.server}`,
    `sentinel down-after-milliseconds mymaster ${downAfter}`,
    'sentinel failover-timeout mymaster 3000',
    '',
  ].join('\n');
}

function askSentinel(port: number, ...words: string[]): Promise<string> {
  return askRedis(port, ['SENTINEL', ...words], passwords.sentinel);
}

async function knowsAll(port: number): Promise<boolean> {
  const words = (await askSentinel(port, 'MASTER', 'mymaster')).split('\n');
  const fact = (name: string) => words[words.indexOf(name) + 1];

  return fact('num-slaves') === '1' && fact('num-other-sentinels') === '2';
}

export async function startCluster(): Promise<Cluster> {
  await using opened = new AsyncDisposableStack();
  const masters: RedisServer[] = [];
  const busPorts: number[] = [];

  for (const [first, last] of [
    ['0', '5460'],
    ['5461', '10922'],
    ['10923', '16383'],
  ] as const) {
    const busPort = await freePort();
    const settings = ['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`, '--cluster-node-timeout', '2000'];
    const master = opened.use(await startRedis({ settings }));
    await master.command('CLUSTER', 'ADDSLOTSRANGE', first, last);

    masters.push(master);
    busPorts.push(busPort);
  }

  const [one, ...others] = masters;

  for (const [at, other] of others.entries()) {
    await one?.command('CLUSTER', 'MEET', '127.0.0.1', `${other.port}`, `${busPorts[at + 1]}`);
  }

  for (const master of masters) {
    await until(async () => /cluster_state:ok[^]*cluster_known_nodes:3/.test(await master.command('CLUSTER', 'INFO')));
  }

  const running = opened.move();

  return { masters, nodes: masters.map(({ url }) => url), [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Asks again until it is so; a server's own affairs make no noise. Throws after 20 s. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await isSo()); await later(50)) {
    if (Date.now() > deadline) throw new Error('it did not happen within 20 s');
  }
}
