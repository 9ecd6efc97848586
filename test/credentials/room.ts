import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createHashing, type HashingOptions } from '../../src/credentials/hashing.ts';
import { createPasswordPolicy } from '../../src/credentials/password-policy.ts';
import { createPasswords } from '../../src/credentials/passwords.ts';
import { createEvents } from '../../src/events/writer.ts';
import { createAccounts } from '../../src/operations/accounts.ts';
import { createEndings } from '../../src/operations/endings.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import { createSealing } from '../../src/storage/sealing.ts';
import { settableClock } from '../support/clock.ts';

/** Costs next to nothing: what is tested is never how slow a hash is. */
export const cheap: HashingOptions = {
  memoryKib: 64,
  iterations: 1,
  parallelism: 1,
  concurrency: 2,
  waiting: 200,
  maximumLength: 256,
};

export const policyOptions = {
  minimumLength: 15,
  minimumLengthWithSecondFactor: 8,
  maximumLength: 256,
  productName: 'Gatehouse',
};

/** What stands on storage, as the server wires it, over the default store in a folder of its own. */
export async function openRoom() {
  const [backend] = recordsBackends;
  if (!backend) throw new Error('no backend keeps records');

  const data = await mkdtemp(join(tmpdir(), 'gatehouse-room-'));
  const clock = settableClock();
  const records = await backend.openRecords({}, { clock, data, server: true });
  const sealing = createSealing({
    encryptionKeys: [{ id: 'k1', key: Buffer.alloc(32, 7) }],
    hashKey: Buffer.alloc(32, 9),
  });
  const failures: unknown[] = [];
  const hashing = createHashing(cheap);
  const passwords = createPasswords({ records, hashing, clock, onRehashFailure: (error) => failures.push(error) });
  const events = createEvents({ records, sealing, clock, onError: (error) => failures.push(error) });
  const endings = createEndings({ records, events });
  const policy = createPasswordPolicy(policyOptions);

  return {
    clock,
    records,
    sealing,
    hashing,
    passwords,
    events,
    policy,
    endings,
    accounts: createAccounts({ records, passwords, policy, endings, events, clock }),
    /** What went wrong in the background. */
    failures,
    async [Symbol.asyncDispose]() {
      await passwords.settled();
      await events[Symbol.asyncDispose]();
      await records[Symbol.asyncDispose]();
      await rm(data, { recursive: true });
    },
  };
}

export type Room = Awaited<ReturnType<typeof openRoom>>;

/** Runs `task` 50 times at once. */
export function fifty<T>(task: (index: number) => Promise<T>): Promise<PromiseSettledResult<T>[]> {
  return Promise.allSettled(Array.from({ length: 50 }, (_, index) => task(index)));
}

export const goodPassword = 'seven lamps over the harbour';
