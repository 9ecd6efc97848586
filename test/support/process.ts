import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from './app.ts';

/**
 * Gatehouse as a process of its own, as an operator starts it: for what only a process has (signals, exit codes, a
 * second one beside it). Ends with the test.
 */
export interface Started extends AsyncDisposable {
  pid: number;
  url: string;
  demoUrl: string;
  setupUrl: string | undefined;
  /** Standard output: the log. */
  out(): string;
  err(): string;
  kill(signal: NodeJS.Signals): void;
  exit: Promise<number | null>;
}

/** A command that is still running. */
export interface Running extends AsyncDisposable {
  out(): string;
  err(): string;
  /** Settles when standard error is as it is waited for; throws when the command ends before. */
  says(wanted: (err: string) => boolean): Promise<void>;
  /** What kill -9 does; settles when the process is gone. */
  kill(): Promise<void>;
  exit: Promise<number | null>;
}

export interface Place extends AsyncDisposable {
  env: Record<string, string>;
  start(env?: Record<string, string>): Promise<Started>;
  /** Any command, not waited for. */
  begin(args: readonly string[], env?: Record<string, string>): Running;
  /** Any command beside it. */
  run(args: readonly string[], options?: { input?: string; env?: Record<string, string> }): Promise<Ended>;
}

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export async function openPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-process-'));
  const port = await freePort();
  const env = {
    GATEHOUSE_DATA: join(folder, 'data'),
    GATEHOUSE_ISSUER: `http://localhost:${port}`,
    GATEHOUSE_DEMO_PORT: '0',
    GATEHOUSE_PASSWORDS_ARGON2_MEMORY_KIB: '8',
    GATEHOUSE_PASSWORDS_ARGON2_ITERATIONS: '1',
  };
  const running: Started[] = [];

  return {
    env,
    async start(more = {}) {
      const child = launchGatehouse(['start'], { ...env, ...more });
      const started = describe(child, env.GATEHOUSE_ISSUER);
      running.push(started);

      await Promise.race([greeted(child), child.exit]);

      return started;
    },
    begin: (args, more = {}) => runningOf(launchGatehouse(args, { ...env, ...more })),
    async run(args, { input = '', env: more = {} } = {}) {
      const child = launchGatehouse(args, { ...env, ...more });
      child.process.stdin.end(input);

      return { code: await child.exit, out: child.out(), err: child.err() };
    },
    async [Symbol.asyncDispose]() {
      for (const one of running) await one[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** A program that was started, and what it has said so far. */
export interface Child extends Pick<Started, 'out' | 'err' | 'exit'> {
  process: ChildProcessWithoutNullStreams;
}

/** As `npm start`. */
const flags = ['--max-semi-space-size=8'];

function launchGatehouse(args: readonly string[], env: Record<string, string>): Child {
  return launch([process.execPath, ...flags, main, ...args], { env });
}

/** Starts any program; of the variables of this process it gets `PATH` alone. */
export function launch(
  [program = '', ...args]: readonly string[],
  { env, cwd }: { env: Record<string, string>; cwd?: string },
): Child {
  const child = spawn(program, args, { env: { PATH: process.env['PATH'], ...env }, ...(cwd !== undefined && { cwd }) });
  let out = '';
  let err = '';

  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));

  return {
    process: child,
    out: () => out,
    err: () => err,
    exit: new Promise((resolve) => child.once('close', (code) => resolve(code))),
  };
}

const watched = 'exec 3<&0 </dev/null; (cat <&3; kill $$) >/dev/null 2>&1 & exec 3<&-; exec "$@"';

/** As `launch`, and it ends with this process, however that ends: a watcher beside it sees its standard input close. */
export function launchServer(command: readonly string[], options: Parameters<typeof launch>[1]): Child {
  const child = launch(['sh', '-c', watched, 'sh', ...command], options);
  child.process.once('exit', () => child.process.stdin.destroy());

  return child;
}

/** The greeting is the last thing of a start. */
export function greeted(child: Child): Promise<void> {
  return new Promise((resolve) => {
    child.process.stderr.on('data', () => {
      if (child.err().includes('Gatehouse answers at')) resolve();
    });
  });
}

function describe({ process: child, out, err, exit }: Child, url: string): Started {
  return {
    pid: child.pid ?? 0,
    url,
    get demoUrl() {
      return /A sample app to sign in to: (\S+)/.exec(err())?.[1] ?? '';
    },
    get setupUrl() {
      return /open: (\S+)/.exec(err())?.[1];
    },
    out,
    err,
    exit,
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

function runningOf(child: Child): Running {
  const kill = async (): Promise<void> => {
    child.process.kill('SIGKILL');
    await child.exit;
  };

  return {
    out: child.out,
    err: child.err,
    exit: child.exit,
    kill,
    says: (wanted) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (wanted(child.err())) resolve();
        };

        child.process.stderr.on('data', look);
        void child.exit.then((code) => reject(new Error(`it ended with ${code} before: ${child.err()}`)));
        look();
      }),
    [Symbol.asyncDispose]: kill,
  };
}
