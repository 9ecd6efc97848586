import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Account } from '../../../src/domain/account.ts';
import { recordsBackends } from '../../../src/storage/backends.ts';
import type { Records } from '../../../src/storage/records.ts';
import { goodPassword } from '../../credentials/room.ts';
import { failed, fifty, succeeded } from '../../storage/rows.ts';
import { describeStore, opened, recordsStore, type Opened } from '../../storage/stores.ts';
import { takeTime } from '../../support/pace.ts';
import { asking, from, furnishContact, type ContactRoom } from './contact-room.ts';

/** `npm run races` plays a thousand. */
const rounds = Number(process.env['GATEHOUSE_TEST_RACE_ROUNDS'] ?? 2);
const longest = 30_000 + rounds * 4_000;

for (const backend of recordsBackends) {
  describeStore(backend.kind, () => {
    /** F11, F12: fifty at once over two nodes that share a store. */
    describe.each(['answer at once', 'take their time'] as const)('two nodes that %s, fifty at once', (pace) => {
      let store: Opened<Records>;
      let nodes: [ContactRoom, ContactRoom];
      let people = 0;

      beforeEach(async () => {
        store = await opened(recordsStore(backend));
        const records = [store.port, await store.another()] as const;
        if (pace === 'take their time') for (const one of records) takeTime({ records: one });

        nodes = [furnishContact(records[0], store.clock), furnishContact(records[1], store.clock)];
      });

      afterEach(async () => {
        for (const node of nodes) await node[Symbol.asyncDispose]();
        await store[Symbol.asyncDispose]();
      });

      const on = (number: number): ContactRoom => nodes[number % 2 === 0 ? 0 : 1];

      async function person(email = `person${(people += 1)}@example.com`): Promise<Account> {
        const input = { email, emailVerified: true, displayName: 'Ada', password: goodPassword };
        const made = await nodes[0].accounts.create(input, { actor: 'command-line' });
        if (!made.ok) throw new Error(JSON.stringify(made.problems));

        return made.value;
      }

      async function askFor(account: Account, email: string): Promise<string> {
        expect(await nodes[0].emailChange.ask(account, email, asking(account))).toBe('sent');

        return nodes[0].codes.get(email) ?? '';
      }

      const confirmOn = (number: number, account: Account, code: string) =>
        on(number).emailChange.confirm(account, { code, binding: asking(account).binding, from });

      async function changed(account: Account, email: string): Promise<string> {
        const code = await askFor(account, email);
        expect(await confirmOn(0, account, code)).toMatchObject({ ok: true });

        return nodes[0].links.get(account.email) ?? '';
      }

      const isDone = (outcome: unknown) =>
        typeof outcome === 'object' && outcome !== null && 'ok' in outcome && outcome.ok === true;

      async function play(round: (number: number) => Promise<void>): Promise<void> {
        for (let number = 1; number <= rounds; number += 1) await round(number);
      }

      test(
        'S82: confirmations of one new address',
        () =>
          play(async (round) => {
            const ada = await person();
            const email = `ada${round}@new.example`;
            const code = await askFor(ada, email);

            const outcomes = await fifty((number) => confirmOn(number, ada, code));

            expect(failed(outcomes)).toEqual([]);
            expect(succeeded(outcomes).filter(isDone)).toHaveLength(1);
            expect(await nodes[1].accounts.get(ada.id)).toMatchObject({ email, emailVerified: true });
            const written = await nodes[1].written();
            expect(written.filter((one) => one === `email-changed to ${ada.email}`)).toHaveLength(1);
          }),
        longest,
      );

      test(
        'two accounts that both have the code of one address: one wins, the other keeps its own',
        () =>
          play(async (round) => {
            const [ada, ben] = [await person(), await person()];
            const email = `both${round}@new.example`;
            const codes = [await askFor(ada, email), await askFor(ben, email)];

            // Two bits of the number: each of the two comes in at both nodes.
            const outcomes = await fifty((number) => {
              const who = (number >> 1) % 2;

              return confirmOn(number, who === 0 ? ada : ben, codes[who] ?? '');
            });

            expect(failed(outcomes)).toEqual([]);
            expect(succeeded(outcomes).filter(isDone)).toHaveLength(1);
            const now = await Promise.all([ada, ben].map(async ({ id }) => (await nodes[1].accounts.get(id))?.email));
            expect(now.filter((one) => one === email)).toHaveLength(1);
            expect(now.filter((one) => one === ada.email || one === ben.email)).toHaveLength(1);
          }),
        longest,
      );

      test(
        'a change is taken back once',
        () =>
          play(async (round) => {
            const ada = await person();
            const link = await changed(ada, `gone${round}@new.example`);

            const outcomes = await fifty((number) =>
              on(number).emailUndo.undo(link, { by: 'password', text: goodPassword, from }),
            );

            expect(failed(outcomes)).toEqual([]);
            const done = succeeded(outcomes).filter((one) => typeof one === 'object' && 'id' in one);
            expect(done).toHaveLength(1);
            expect(succeeded(outcomes).filter((one) => one === 'ended')).toHaveLength(49);
            expect(await nodes[1].accounts.get(ada.id)).toMatchObject({ email: ada.email, formerEmails: [] });
            const written = await nodes[1].written();
            expect(written.filter((one) => one === `email-undone to gone${round}@new.example`)).toHaveLength(1);
          }),
        longest,
      );

      test(
        'an address that is just given up goes to nobody, however many want it',
        () =>
          play(async (round) => {
            const ada = await person();
            const code = await askFor(ada, `left${round}@new.example`);
            const input = { email: ada.email, emailVerified: true, displayName: 'Eve', password: goodPassword };

            let isGivenUp = false;
            const change = confirmOn(0, ada, code).finally(() => (isGivenUp = true));
            // Over and over, until it is: one of the tries comes right behind.
            const outcomes = await fifty(async (number) => {
              for (;;) {
                const isLast = isGivenUp;
                const made = await on(number).accounts.create(input, { actor: 'command-line' });
                if (made.ok || isLast) return made;
              }
            });

            expect(failed(outcomes)).toEqual([]);
            expect(succeeded(outcomes).filter(isDone)).toEqual([]);
            expect(await change).toMatchObject({ ok: true });
            expect(await nodes[1].accounts.findByEmail(ada.email)).toBeUndefined();
            const link = nodes[0].links.get(ada.email) ?? '';
            const undone = await nodes[0].emailUndo.undo(link, { by: 'password', text: goodPassword, from });
            expect(undone).toMatchObject({ id: ada.id, email: ada.email });
          }),
        longest,
      );

      test(
        'nor to whoever had its code since before',
        () =>
          play(async (round) => {
            const email = `wanted${round}@new.example`;
            const others = await Promise.all(Array.from({ length: 49 }, () => person()));
            const codes: string[] = [];
            for (const one of others) codes.push(await askFor(one, email));

            const ada = await person();
            await changed(ada, email);
            const now = (await nodes[0].accounts.get(ada.id)) ?? ada;
            const code = await askFor(now, `left-again${round}@new.example`);
            let started = 0;
            const outcomes = await fifty(async (number) => {
              if (number === 0) return confirmOn(0, now, code);
              // One after the other, so that some come before it, some behind it and some with it.
              while (started < number * 3) {
                started += 1;
                await nodes[1].accounts.get(ada.id);
              }

              return confirmOn(number, others[number - 1] ?? ada, codes[number - 1] ?? '');
            });

            expect(failed(outcomes)).toEqual([]);
            expect(succeeded(outcomes).filter(isDone)).toHaveLength(1);
            expect(await nodes[1].accounts.findByEmail(email)).toBeUndefined();
            const link = nodes[0].links.get(email) ?? '';
            const undone = await nodes[0].emailUndo.undo(link, { by: 'password', text: goodPassword, from });
            expect(undone).toMatchObject({ id: ada.id, email });
          }),
        longest,
      );

      test(
        'S85: confirmations of one phone number',
        () =>
          play(async (round) => {
            const ada = await person();
            const number = `+4915112345${String(round % 1000).padStart(3, '0')}`;
            expect(await nodes[0].phoneChange.ask(ada, { number }, asking(ada))).toBe('sent');
            const code = nodes[0].codes.get(number) ?? '';

            const outcomes = await fifty((at) =>
              on(at).phoneChange.confirm(ada, { code, binding: asking(ada).binding, from }),
            );

            expect(failed(outcomes)).toEqual([]);
            expect(succeeded(outcomes).filter(isDone)).toHaveLength(1);
            expect((await nodes[1].accounts.get(ada.id))?.phone).toEqual({ number, verified: true });
          }),
        longest,
      );
    });
  });
}
