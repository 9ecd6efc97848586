import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { freePort } from './app.ts';

/**
 * A real Redis on a free port of this machine, with a data folder of its own. It ends with this process, however that
 * ends: a watcher beside it sees its standard input close.
 */
export interface RedisServer extends AsyncDisposable {
  port: number;
  url: string;
  /** What `redis-cli` prints for a command; throws what Redis answers as an error. */
  command(...words: string[]): Promise<string>;
  /** Settles when the process is gone. */
  kill(): Promise<void>;
  /** After `kill`: with the same port, settings and data. */
  start(): Promise<void>;
  /** It stands still, and the connections stay open. */
  freeze(): void;
  thaw(): void;
}

export interface RedisServerOptions {
  /** Further settings, as words of its command line. */
  settings?: readonly string[];
  port?: number;
  /** For `redis-cli`. */
  password?: string;
}

/** The server's program: Debian's, unless REDIS_SERVER names another. */
export function redisProgram(): string {
  return process.env['REDIS_SERVER'] ?? '/usr/bin/redis-server';
}

const watched = 'exec 3<&0 </dev/null; (cat <&3 >/dev/null 2>&1; kill -9 $$ 2>/dev/null) & exec 3<&-; exec "$@"';

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-redis-'));
  const port = options.port ?? (await freePort());
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = await launchRedis([...settings, ...(options.settings ?? [])]);
  }

  async function kill(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;

    const gone = once(child, 'exit');
    child.ref();
    child.kill('SIGKILL');
    await gone;
  }

  await start();

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    start,
    kill,
    command: (...words) => askRedis(port, words, options.password),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts `redis-server` with the words of its command line; settles once it can be asked. */
export async function launchRedis(words: readonly string[]): Promise<ChildProcess> {
  const child = spawn('sh', ['-c', watched, 'sh', redisProgram(), ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';

  child.once('exit', () => child.stdin.destroy());

  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`redis-server ended:\n${said}`)));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (/Ready to accept connections|Sentinel ID is/.test(said)) resolve();
    });
  });

  child.stdout.removeAllListeners('data').resume();
  // It must not keep a test process from ending.
  for (const one of [child, child.stdin, child.stdout]) (one as { unref?: () => void }).unref?.();

  return child;
}

/** What `redis-cli` prints; throws what Redis answers as an error. */
export async function askRedis(port: number, words: readonly string[], password?: string): Promise<string> {
  const credentials = password === undefined ? [] : ['--no-auth-warning', '-a', password];
  const { stdout } = await promisify(execFile)('redis-cli', ['-p', `${port}`, '-e', ...credentials, ...words]);

  return stdout.trimEnd();
}

let shared: Promise<RedisServer> | undefined;
let stores = 0;

/** The one that all suites of a process may share, each with a prefix of its own. */
export function sharedRedis(): Promise<RedisServer> {
  return (shared ??= startRedis());
}

/** A prefix that no store before had. */
export function newPrefix(): string {
  stores += 1;

  return `test-${process.pid}-${stores}:`;
}
