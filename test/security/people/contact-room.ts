import type { Guessing } from '../../../src/credentials/guessing.ts';
import type { Account } from '../../../src/domain/account.ts';
import { newTimedId } from '../../../src/domain/ids.ts';
import type { Messages } from '../../../src/messages/messages.ts';
import { keepFormerAddresses } from '../../../src/operations/former-addresses.ts';
import { createProveCode } from '../../../src/operations/prove-code.ts';
import { openContact } from '../../../src/services-contact.ts';
import type { Records } from '../../../src/storage/records.ts';
import { furnish } from '../../credentials/room.ts';
import type { SettableClock } from '../../support/clock.ts';

/** Every one of the fifty is judged: what keeps a code from being used twice is not that guesses are counted. */
const unlimited: Pick<Guessing, 'admit' | 'succeeded' | 'failed' | 'withdrawn'> = {
  admit: async () => ({ allowed: true, ticket: { counted: [], known: false, deviceId: '', devices: 0 } }),
  succeeded: async () => undefined,
  failed: async () => undefined,
  withdrawn: async () => undefined,
};

export const from = { ip: '192.0.2.1', userAgent: 'Firefox', requestId: 'r', deviceId: 'device-of-ada-0123456789' };

/** How people are reached, over a store, with what they are sent at hand. */
export function furnishContact(store: Records, clock: SettableClock) {
  const records = keepFormerAddresses(store);
  const room = furnish(records, clock);
  /** What was composed last, by whom it is for: a loser of a race composes too, but what it composed is not written. */
  const codes = new Map<string, string>();
  const links = new Map<string, string>();

  const keep = (name: string, to: string) => [
    {
      in: 'settings' as const,
      put: { id: `mail ${newTimedId(clock.now())}`, value: `${name} to ${to}`, updatedAt: clock.now() },
    },
  ];
  const messages = {
    canSendEmail: true,
    canSendText: () => true,
    allowText: async ({ number }: { number: string }) => ({
      allowed: true,
      to: { number },
      giveBack: async () => undefined,
    }),
    compose(name: string, { to, data }: { to: string; data: { code?: string; undo?: { path: string } } }) {
      if (data.code !== undefined) codes.set(to, data.code);
      if (data.undo) links.set(to, new URL(data.undo.path, 'https://id.example.com').searchParams.get('code') ?? '');

      return keep(name, to);
    },
    composeText(name: string, { to, data }: { to: { number: string }; data: { code: string } }) {
      codes.set(to.number, data.code);

      return keep(name, to.number);
    },
  } as unknown as Messages;

  const proveCode = createProveCode({
    ...room,
    changes: room.factors,
    codes: room.oneTimeCodes,
    guessing: unlimited,
  });
  const secondFactorGuessing = { ...room.secondFactorGuessing, ...unlimited };

  return {
    ...room,
    ...openContact({ ...room, records, messages, proveCode, secondFactorGuessing }),
    codes,
    links,
    /** What was written to people, as `template to address`. */
    written: async () =>
      (await records.settings.scan({ limit: 1000 })).rows.flatMap(({ id, value }) =>
        id.startsWith('mail ') && typeof value === 'string' ? [value] : [],
      ),
  };
}

export type ContactRoom = ReturnType<typeof furnishContact>;

export const asking = (account: Account) => ({ binding: `account of ${account.id}`, from, locale: 'en' as const });
