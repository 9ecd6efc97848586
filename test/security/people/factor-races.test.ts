import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Guessing } from '../../../src/credentials/guessing.ts';
import { createProveCode } from '../../../src/operations/prove-code.ts';
import { recordsBackends } from '../../../src/storage/backends.ts';
import { furnish, type Room } from '../../credentials/room.ts';
import { openPerson, type Person } from '../../operations/person.ts';
import { failed, fifty, succeeded } from '../../storage/rows.ts';
import { opened, recordsStore, type Opened } from '../../storage/stores.ts';
import type { Records } from '../../../src/storage/records.ts';
import { softwareAuthenticator } from '../../support/authenticator.ts';
import { takeTime } from '../../support/pace.ts';

const unlimited: Pick<Guessing, 'admit' | 'succeeded' | 'failed' | 'withdrawn'> = {
  admit: async () => ({ allowed: true, ticket: { counted: [], known: false, deviceId: '', devices: 0 } }),
  succeeded: async () => undefined,
  failed: async () => undefined,
  withdrawn: async () => undefined,
};

/** `npm run races` plays a thousand. */
const rounds = Number(process.env['GATEHOUSE_TEST_RACE_ROUNDS'] ?? 2);
const longest = 30_000 + rounds * 3_000;
const hour = 3_600_000;

const settings = recordsBackends.flatMap((backend) =>
  (['answer at once', 'take their time'] as const).map((pace) => ({ backend, kind: backend.kind, pace })),
);

/** F11, F12: fifty at once over two nodes that share a store, each round with something new to race for. */
describe.each(settings)('on $kind, two nodes that $pace, fifty at once', ({ backend, pace }) => {
  let store: Opened<Records>;
  let nodes: [Room, Room];
  let ada: Person;

  beforeEach(async () => {
    store = await opened(recordsStore(backend));
    const records = [store.port, await store.another()] as const;
    if (pace === 'take their time') for (const one of records) takeTime({ records: one });

    nodes = [furnish(records[0], store.clock), furnish(records[1], store.clock)];
    ada = await openPerson(nodes[0]);
  });

  afterEach(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  const on = (number: number): Room => nodes[number % 2 === 0 ? 0 : 1];

  /** Every one of the fifty is judged: what keeps a code from being used twice is not that guesses are counted. */
  const proveOn = (number: number) => {
    const room = on(number);

    return createProveCode({ ...room, changes: room.factors, codes: room.oneTimeCodes, guessing: unlimited });
  };

  /** Each round is another hour: five codes an hour are sent. */
  async function play(round: (number: number) => Promise<void>): Promise<void> {
    for (let number = 1; number <= rounds; number += 1) {
      await round(number);
      store.clock.advance(2 * hour);
    }
  }

  async function expectOne<T>(race: (number: number) => Promise<T>, wins: (outcome: T) => boolean): Promise<void> {
    const outcomes = await fifty(race);

    expect(failed(outcomes)).toEqual([]);
    expect(succeeded(outcomes).filter(wins)).toHaveLength(1);
  }

  const isRight = (outcome: unknown) => typeof outcome === 'object' && outcome !== null && 'right' in outcome;
  const binding = 'sign-in-1';

  test(
    `S89: uses of one authenticator code, ${rounds} rounds`,
    async () => {
      const { secret } = await ada.authenticator();

      await play(async () => {
        const code = ada.codeOf(secret);

        await expectOne(
          (number) => proveOn(number).secondFactor(ada.account, { by: 'authenticator', code, binding, from: ada.from }),
          isRight,
        );
      });
    },
    longest,
  );

  test(
    `S95: uses of one recovery code, ${rounds} rounds`,
    async () => {
      await ada.authenticator();

      await play(async () => {
        const renewed = await nodes[0].twoFactor.renewRecoveryCodes(ada.account, ada.by);
        const code = renewed.ok ? (renewed.value.recoveryCodes[0] ?? '') : '';

        await expectOne(
          (number) => proveOn(number).secondFactor(ada.account, { by: 'recovery-code', code, binding, from: ada.from }),
          isRight,
        );
        expect((await ada.factors()).recovery?.hashes).toHaveLength(9);
      });
    },
    longest,
  );

  test(
    `S85: uses of one code by e-mail, ${rounds} rounds`,
    async () => {
      await nodes[0].twoFactor.add(ada.account, 'email', ada.by);

      await play(async () => {
        let code = '';
        await nodes[0].secondFactor.send(ada.account, { method: 'email', binding }, (issued) => {
          code = issued.code;
          return [];
        });

        await expectOne(
          (number) => proveOn(number).secondFactor(ada.account, { by: 'email', code, binding, from: ada.from }),
          isRight,
        );
      });
    },
    longest,
  );

  test(
    `S73: uses of one link to reset a password, ${rounds} rounds`,
    () =>
      play(async () => {
        const { secret } = await nodes[0].oneTimeSecrets.issue({
          purpose: 'password-reset',
          accountId: ada.account.id,
        });

        await expectOne(
          (number) => on(number).oneTimeSecrets.take('password-reset', secret),
          (row) => row !== undefined,
        );
      }),
    longest,
  );

  test(
    `S100: uses of one passkey challenge, ${rounds} rounds`,
    async () => {
      const device = softwareAuthenticator({ synced: true });
      const response = device.create(await nodes[0].passkeys.creationOptions(ada.account, binding));
      await nodes[0].passkeys.add(ada.account, { response, name: 'Phone', binding }, ada.by);

      await play(async () => {
        // Signed anew for each: it is the challenge that works once.
        const options = await nodes[0].provePasskey.requestOptions({ binding });
        const answers = Array.from({ length: 50 }, () => device.get(options));

        await expectOne(
          (number) => on(number).provePasskey.prove({ response: answers[number] ?? '', binding, from: ada.from }),
          (outcome) => 'account' in outcome,
        );
      });
    },
    longest,
  );

  test(
    `F12: removals of an administrator’s factors leave a strong one, ${rounds} rounds`,
    () =>
      play(async (round) => {
        const root = await openPerson(nodes[0], { admin: true, email: `root-${round}@example.com` });
        const device = softwareAuthenticator();
        const response = device.create(await nodes[0].passkeys.creationOptions(root.account, binding));
        const added = await nodes[0].passkeys.add(root.account, { response, name: 'Key', binding }, root.by);
        if (!added.ok) throw new Error('no passkey');
        await nodes[0].twoFactor.add(root.account, 'text', root.by);
        await root.authenticator();
        const [{ id } = { id: '' }] = (await root.factors()).authenticators;

        const outcomes = await fifty((number) => {
          const { twoFactor, passkeys } = on(number);
          if (number % 3 === 0) return twoFactor.remove(root.account, 'text', root.by);
          if (number % 3 === 1) return twoFactor.remove(root.account, { authenticator: id }, root.by);

          return passkeys.remove(root.account, added.value.passkey.id, root.by);
        });

        expect(failed(outcomes)).toEqual([]);
        expect(succeeded(outcomes).filter(({ ok }) => ok)).toHaveLength(2);
        expect((await nodes[1].twoFactor.show(root.account)).methods).toHaveLength(1);
        expect((await root.kinds()).filter((kind) => kind.endsWith('removed'))).toHaveLength(2);
      }),
    longest,
  );

  test(
    `F12: first factors at once show one set of recovery codes, ${rounds} rounds`,
    () =>
      play(async (round) => {
        const ben = await openPerson(nodes[0], { email: `ben-${round}@example.com` });
        const outcomes = await fifty((number) =>
          on(number).twoFactor.add(ben.account, number % 3 === 0 ? 'email' : 'text', ben.by),
        );

        expect(failed(outcomes)).toEqual([]);
        expect(succeeded(outcomes).every(({ ok }) => ok)).toBe(true);
        expect(succeeded(outcomes).filter((one) => one.ok && one.value.recoveryCodes)).toHaveLength(1);
        expect(await nodes[1].twoFactor.show(ben.account)).toMatchObject({ methods: ['text', 'email'] });
        expect((await ben.kinds()).filter((kind) => kind === 'two_factor.method_added')).toHaveLength(2);
      }),
    longest,
  );
});
