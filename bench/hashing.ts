import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { HashOrder, HashReport } from './hash-process.ts';
import { productionEnvironment } from './process.ts';

/** The other yardstick: argon2id alone; see `hash-process.ts`. */
export interface Hasher extends AsyncDisposable {
  run(order: HashOrder): Promise<HashReport>;
}

export interface Argon2 {
  memory_kib: number;
  iterations: number;
  parallelism: number;
}

export async function startHasher({ memory_kib, iterations, parallelism }: Argon2): Promise<Hasher> {
  const parameters = { memoryCost: memory_kib, timeCost: iterations, parallelism, outputLen: 32 };
  const child = fork(fileURLToPath(new URL('hash-process.ts', import.meta.url)), [JSON.stringify(parameters)], {
    env: { ...process.env, ...productionEnvironment },
    execArgv: [],
  });
  await once(child, 'message');

  return {
    async run(order) {
      const answer = once(child, 'message');
      child.send(order);
      const [report] = (await answer) as [HashReport];

      return report;
    },

    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
