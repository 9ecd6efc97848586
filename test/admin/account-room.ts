import { expect } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import type { EventView } from '../../src/events/writer.ts';
import {
  openAdministration,
  type AdministrationRoom,
  type Administrator,
  type Answer,
} from '../support/administration.ts';
import type { Pair } from '../support/storage.ts';

export const reason = 'Your laptop was reported stolen.';

/** An administrator with a key for the admin API, and people to look after. */
export interface AccountRoom {
  room: AdministrationRoom;
  admin: Administrator;
  /** `path` below `/accounts`, with the administrator's key. */
  ask(path: string, method?: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** The same for a change of the whole account, with the version that it has now. */
  change(id: string, path: string, method: string, body?: unknown): Promise<Answer>;
  /** Newest first. */
  eventsOf(id: string): Promise<EventView[]>;
  /** Somebody else each time. */
  person(): Promise<Account & { password: string }>;
  /** The templates of the mails to an address. */
  mailsTo(email: string): Promise<string[]>;
  /** Made over the API, and invited. */
  newcomer(): Promise<{ id: string; email: string; code: string; /** Of the link. */ path: string }>;
}

export async function openAccountRoom(pair: Pair): Promise<AccountRoom> {
  const room = await openAdministration(pair);
  const { app } = room;
  const admin = await room.somebody('admin', { email: 'root@example.com', displayName: 'Root', lastName: 'Root' });
  const key = await room.key(admin.account);
  let count = 0;

  const ask: AccountRoom['ask'] = (path, method = 'GET', body, headers = {}) =>
    room.ask(`/accounts${path}`, { key, method, body, headers });

  return {
    room,
    admin,
    ask,

    async change(id, path, method, body) {
      const { headers } = await ask(`/${id}`);

      return ask(`/${id}${path}`, method, body, { 'if-match': headers.get('etag') ?? '' });
    },

    async eventsOf(id) {
      const account = await app.services.accounts.get(id);
      if (!account) throw new Error('no account');

      return (await app.services.events.read(account)).events;
    },

    person: () => app.account({ email: `someone${(count += 1)}@example.org` }),
    mailsTo: async (email) => (await app.mail.allTo(email)).map(({ template }) => template),

    async newcomer() {
      const email = `new${(count += 1)}@example.org`;
      const headers = { 'idempotency-key': `n${count}` };
      const made = await ask('', 'POST', { email, displayName: 'Newcomer', invite: true }, headers);
      expect(made.status).toBe(201);
      const { link, code } = await app.mail.to(email, 'invitation');

      return { id: made.body.id as string, email, code, path: link.slice(app.url.length) };
    },
  };
}
