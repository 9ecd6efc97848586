import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { GuessingLimits } from '../../src/credentials/guessing.ts';
import { createHashing, type HashingOptions } from '../../src/credentials/hashing.ts';
import { createPasswordPolicy } from '../../src/credentials/password-policy.ts';
import { createPasswords } from '../../src/credentials/passwords.ts';
import type { Account } from '../../src/domain/account.ts';
import { newTimedId } from '../../src/domain/ids.ts';
import { createEvents } from '../../src/events/writer.ts';
import { createAccounts } from '../../src/operations/accounts.ts';
import { createClosing } from '../../src/operations/closing.ts';
import { createEndings } from '../../src/operations/endings.ts';
import { createLogoutNotices } from '../../src/operations/logout-notices.ts';
import type { Happening } from '../../src/operations/happenings.ts';
import { createLocking } from '../../src/operations/locking.ts';
import { createOldPassword } from '../../src/operations/old-password.ts';
import { openFactors } from '../../src/services-factors.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import type { Records, Write } from '../../src/storage/records.ts';
import { noReads } from '../../src/storage/reads.ts';
import { createSealing } from '../../src/storage/sealing.ts';
import { settableClock, type SettableClock } from '../support/clock.ts';

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

export const issuer = 'https://id.example.com';

/** Seconds; the defaults of the configuration. */
export const limits: GuessingLimits = {
  window: 900,
  failures_per_pair: 5,
  failures_per_account: 20,
  failures_per_address: 50,
  first_wait: 5,
  longest_wait: 300,
};

/** What stands on storage, as the server wires it, over the default store in a folder of its own. */
export async function openRoom() {
  const [backend] = recordsBackends;
  if (!backend) throw new Error('no backend keeps records');

  const data = await mkdtemp(join(tmpdir(), 'gatehouse-room-'));
  const clock = settableClock();
  const records = await backend.openRecords({}, { clock, data, server: true });
  const room = furnish(records, clock);

  return {
    ...room,
    async [Symbol.asyncDispose]() {
      await room[Symbol.asyncDispose]();
      await records[Symbol.asyncDispose]();
      await rm(data, { recursive: true });
    },
  };
}

/** The same over a store that is opened already; disposing leaves the store open. */
export function furnish(records: Records, clock: SettableClock) {
  const sealing = createSealing({
    encryptionKeys: [{ id: 'k1', key: Buffer.alloc(32, 7) }],
    hashKey: Buffer.alloc(32, 9),
  });
  const failures: unknown[] = [];
  /** What people were told, by kind: each one is a record, like a message that waits to be sent. */
  const told = async () =>
    (await records.settings.scan()).rows.flatMap(({ value }) => (typeof value === 'string' ? [value] : []));
  const tell = ({ kind, name }: Happening, { id }: Account): Write[] => [
    {
      in: 'settings',
      put: {
        id: `told ${newTimedId(clock.now())}`,
        value: [kind, name, id].filter(Boolean).join(' '),
        updatedAt: clock.now(),
      },
    },
  ];
  const hashing = createHashing(cheap);
  const passwords = createPasswords({ records, hashing, clock, onRehashFailure: (error) => failures.push(error) });
  const events = createEvents({ records, sealing, clock, onError: (error) => failures.push(error) });
  const endings = createEndings({ records, events, notices: createLogoutNotices({ records, clock }) });
  const policy = createPasswordPolicy(policyOptions);
  const factors = openFactors({
    reads: noReads,
    config: { issuer, branding: { name: policyOptions.productName }, limits: { sign_in: limits } },
    records,
    sealing,
    passwords,
    events,
    clock,
    tell: (what, { account }) => tell(what, account),
  });
  const oldPassword = createOldPassword({ records, ...factors });
  const closing = createClosing({ records, endings, events, messages: { compose: () => [] }, clock, grace: 0 });

  return {
    clock,
    records,
    reads: noReads,
    sealing,
    hashing,
    passwords,
    events,
    policy,
    endings,
    ...factors,
    oldPassword,
    accounts: createAccounts({
      records,
      passwords,
      policy,
      factors: factors.factors,
      oldPassword,
      closing,
      events,
      clock,
    }),
    closing,
    locking: createLocking({ records, endings, events, messages: { compose: () => [] }, clock }),
    told,
    /** What went wrong in the background. */
    failures,
    async [Symbol.asyncDispose]() {
      await passwords.settled();
      await events[Symbol.asyncDispose]();
    },
  };
}

export type Room = Awaited<ReturnType<typeof openRoom>>;

/** Runs `task` 50 times at once. */
export function fifty<T>(task: (index: number) => Promise<T>): Promise<PromiseSettledResult<T>[]> {
  return Promise.allSettled(Array.from({ length: 50 }, (_, index) => task(index)));
}

export const goodPassword = 'seven lamps over the harbour';
