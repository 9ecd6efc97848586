import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runCommandLine } from '../../src/cli/run.ts';

/** The command line on a data folder of its own, in this process: what was printed and the exit code. */
export interface CommandLine extends AsyncDisposable {
  data: string;
  run(line: string | readonly string[], options?: { input?: string; env?: Record<string, string> }): Promise<Printed>;
}

export interface Printed {
  code: number;
  out: string;
  err: string;
  /** `out` as JSON. */
  json(): Record<string, unknown>;
}

export async function openCommandLine(): Promise<CommandLine> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-cli-'));
  const data = join(folder, 'data');
  const cheap = { GATEHOUSE_PASSWORDS_ARGON2_MEMORY_KIB: '8', GATEHOUSE_PASSWORDS_ARGON2_ITERATIONS: '1' };

  return {
    data,
    async run(line, { input = '', env = {} } = {}) {
      let out = '';
      let err = '';
      const code = await runCommandLine(typeof line === 'string' ? line.split(' ') : line, {
        out: (text) => void (out += text),
        err: (text) => void (err += text),
        drained: () => Promise.resolve(),
        input: () => Promise.resolve(input),
        env: { GATEHOUSE_DATA: data, ...cheap, ...env },
      });

      return { code, out, err, json: () => JSON.parse(out) as Record<string, unknown> };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
