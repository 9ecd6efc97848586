import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Child extends AsyncDisposable {
  /** Every line said so far. */
  lines: string[];
  /** Settles once so many lines were said; fails when it ends before. */
  said(count: number): Promise<void>;
  /** What kill -9 does; settles when the process is gone. */
  kill(): Promise<void>;
  /** Its exit code, once it has ended by itself. */
  ended: Promise<number | null>;
}

/** Starts test/storage/sqlite/child.ts on a data folder. */
export function startChild(work: 'serve' | 'open' | 'write' | 'sweep' | 'count', folder: string): Child {
  const script = fileURLToPath(new URL('child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, work, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  const closed = once(reader, 'close');
  const ended = once(child, 'exit').then(([code]) => code as number | null);

  reader.on('line', (line) => lines.push(line));

  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await closed;
  };

  return {
    lines,
    ended,
    kill,
    said: async (count) => {
      while (lines.length < count) {
        const [line] = (await Promise.race([once(reader, 'line'), closed])) as [string?];

        if (line === undefined && lines.length < count) throw new Error(`the child ended after ${lines.length} lines`);
      }
    },
    [Symbol.asyncDispose]: kill,
  };
}
