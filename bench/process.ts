import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A server under test as a process of its own, with its CPU time and memory as Linux counts them. */
export interface Server extends AsyncDisposable {
  pid: number;
  /** Milliseconds from exec to the first 200 at `readyAt`. */
  startedIn: number;
  /** User and system time of the process and its threads so far, in milliseconds. */
  cpu(): number;
  /** Proportional set size in MB. */
  memory(): number;
}

const tick = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** As a deployment would set it: huge pages double the argon2id throughput of two cores. */
export const productionEnvironment = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };

export interface Start {
  args: readonly string[];
  env?: Record<string, string>;
  readyAt: string;
}

export async function start({ args, env = {}, readyAt }: Start): Promise<Server> {
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...productionEnvironment, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  child.once('exit', () => process.off('exit', endWithUs));

  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaint = (complaint + chunk).slice(-4000)));

  for (;;) {
    if (child.exitCode !== null) {
      throw new Error(`the server ended with ${child.exitCode}: ${complaint}`);
    }

    if (await answers(readyAt)) {
      break;
    }
  }

  const startedIn = performance.now() - began;
  const { pid } = child;

  if (pid === undefined) {
    throw new Error('the server has no process id');
  }

  return {
    pid,
    startedIn,
    cpu: () => cpuTime(pid),
    memory: () => Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) / 1024,
    [Symbol.asyncDispose]: () => stop(child),
  };
}

/** proc(5): fields 14 and 15 after the command name, which may hold spaces. */
function cpuTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');

  return (Number(fields[11]) + Number(fields[12])) * tick;
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    await response.arrayBuffer();

    return response.ok;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 5));

    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
