import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Guessing } from '../../../src/credentials/guessing.ts';
import type { Messages } from '../../../src/messages/messages.ts';
import { createRegistration, type Confirmed, type Registration } from '../../../src/operations/registration.ts';
import { recordsBackends } from '../../../src/storage/backends.ts';
import type { Records } from '../../../src/storage/records.ts';
import { furnish, goodPassword, type Room } from '../../credentials/room.ts';
import { failed, fifty, succeeded } from '../../storage/rows.ts';
import { describeStore, opened, recordsStore, type Opened } from '../../storage/stores.ts';
import { takeTime } from '../../support/pace.ts';

/** `npm run races` plays a thousand. */
const rounds = Number(process.env['GATEHOUSE_TEST_RACE_ROUNDS'] ?? 2);
const longest = 30_000 + rounds * 5_000;

/** Every one of the fifty is judged: what keeps a code from being used twice is not that guesses are counted. */
const unlimited: Pick<Guessing, 'admit' | 'succeeded' | 'failed' | 'withdrawn'> = {
  admit: async () => ({ allowed: true, ticket: { counted: [], known: false, deviceId: '', devices: 0 } }),
  succeeded: async () => undefined,
  failed: async () => undefined,
  withdrawn: async () => undefined,
};

const paces = ['answer at once', 'take their time'] as const;

const from = { ip: '192.0.2.1', userAgent: 'Firefox', requestId: 'r', deviceId: 'device-of-ada-0123456789' };

/** F12: fifty at once over two nodes that share a store. */
for (const backend of recordsBackends) {
  describeStore(backend.kind, () => {
    describe.each(paces)(`on ${backend.kind}, two nodes that %s, fifty at once`, (pace) => race(backend, pace));
  });
}

function race(backend: (typeof recordsBackends)[number], pace: (typeof paces)[number]): void {
  let store: Opened<Records>;
  let rooms: Room[];
  let nodes: Registration[];
  /** The codes that were sent, oldest first. */
  let sent: string[];

  beforeEach(async () => {
    store = await opened(recordsStore(backend));
    const records = [store.port, await store.another()];
    if (pace === 'take their time') for (const one of records) takeTime({ records: one });

    sent = [];
    rooms = records.map((one) => furnish(one, store.clock));
    nodes = rooms.map((room) =>
      createRegistration({
        ...room,
        settings: { allowed: true, perAddress: 1000 },
        ephemera: { increment: async () => 1 },
        codes: room.oneTimeCodes,
        guessing: unlimited,
        messages: { compose, wake: () => undefined },
      }),
    );
  });

  afterEach(async () => {
    for (const room of rooms) await room[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  const compose: Messages['compose'] = (_name, { data }) => {
    if ('code' in data && typeof data.code === 'string') sent.push(data.code);

    return [];
  };

  const on = (number: number): Registration => nodes[number % nodes.length] as Registration;
  const attemptOf = (binding: string) => ({ binding, from, locale: 'en' as const });

  async function begin(email: string, binding: string): Promise<string> {
    const begun = await on(0).begin({ email, displayName: 'Ada', password: goodPassword }, attemptOf(binding));
    if (!('ok' in begun) || !begun.ok) throw new Error(JSON.stringify(begun));

    return sent.at(-1) ?? '';
  }

  const isMade = (outcome: Confirmed) => typeof outcome === 'object' && 'account' in outcome;
  const passwordsKept = async () => (await store.port.passwords.scan({ limit: 1000 })).rows.length;

  test(
    `S89: uses of one code make one account, ${rounds} rounds`,
    async () => {
      for (let round = 1; round <= rounds; round += 1) {
        const code = await begin(`ada-${round}@example.com`, `sign-in ${round}`);
        const outcomes = await fifty((number) => on(number).confirm(code, attemptOf(`sign-in ${round}`)));

        expect(failed(outcomes)).toEqual([]);
        expect(succeeded(outcomes).filter(isMade)).toHaveLength(1);
        expect(succeeded(outcomes).filter((outcome) => outcome === 'ended')).toHaveLength(49);
        expect(await passwordsKept()).toBe(round);
      }
    },
    longest,
  );

  test(
    `F12: people who prove one mailbox at once make one account, ${rounds} rounds`,
    async () => {
      for (let round = 1; round <= rounds; round += 1) {
        const email = `ben-${round}@example.com`;
        const codes: string[] = [];
        for (let number = 0; number < 50; number += 1) codes.push(await begin(email, `sign-in ${round} ${number}`));

        const outcomes = await fifty((number) =>
          on(number).confirm(codes[number] ?? '', attemptOf(`sign-in ${round} ${number}`)),
        );

        expect(failed(outcomes)).toEqual([]);
        expect(succeeded(outcomes).filter(isMade)).toHaveLength(1);
        expect(succeeded(outcomes).filter((outcome) => outcome === 'taken')).toHaveLength(49);
        // Nobody else's password is left anywhere.
        expect(await passwordsKept()).toBe(round);
      }
    },
    longest,
  );
}
