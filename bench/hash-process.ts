import { hash, verify, type Options } from '@node-rs/argon2';

/**
 * Raw argon2id in a process of its own: nothing but checking a password, `concurrency` at once. Takes the parameters on
 * its command line and one order after another as messages.
 */
export interface HashOrder {
  concurrency: number;
  seconds: number;
}

export interface HashReport {
  hashes: number;
  seconds: number;
  /** Milliseconds, user and system, of the whole process. */
  cpu: number;
}

const password = 'correct horse battery staple';
const stored = await hash(password, JSON.parse(process.argv[2] ?? '{}') as Options);

process.on('message', (order: HashOrder) => {
  void obey(order).then((report) => process.send?.(report));
});
process.send?.('ready');

async function obey({ concurrency, seconds }: HashOrder): Promise<HashReport> {
  const before = process.cpuUsage();
  const began = performance.now();
  const until = began + seconds * 1000;
  let hashes = 0;

  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() < until) {
        if (!(await verify(stored, password))) throw new Error('the password is right');
        hashes += 1;
      }
    }),
  );

  const { user, system } = process.cpuUsage(before);

  return { hashes, seconds: (performance.now() - began) / 1000, cpu: (user + system) / 1000 };
}
