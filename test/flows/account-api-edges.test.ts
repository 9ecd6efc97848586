import { request } from 'node:http';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openApiKeys, type ApiKeyRoom } from './api-key-room.ts';

/** What does not depend on where it is stored. */
describe('the account API, at its edges', () => {
  let room: ApiKeyRoom;
  let person = 0;

  beforeAll(async () => {
    room = await openApiKeys('sqlite');
  }, 60_000);

  afterAll(async () => {
    await room[Symbol.asyncDispose]();
  });

  async function ana() {
    const account = await room.app.account({ email: `ana${(person += 1)}@example.com` });

    return { account, browser: await room.signIn(account) };
  }

  const rowsOf = async (accountId: string) => (await room.app.services.records.apiKeys.list('account', accountId)).rows;

  test.each(['its key is deleted', 'its account is disabled'])(
    'S30: a change that is held open until %s changes nothing',
    async (ends) => {
      const { account, browser } = await ana();
      const other = await room.add((await ana()).browser);
      const key = await room.add(browser, { may: ['Change your names, task and language'] });
      const [row] = await rowsOf(account.id);
      const late = change(key, { displayName: 'Late' });
      await late.begun;
      // Long enough for whoever looks at the key before the body is there.
      for (let n = 0; n < 5; n += 1) expect((await room.ask('/profile', { key: other })).status).toBe(200);

      const by = { actor: account.id };
      if (ends === 'its key is deleted') await room.app.services.apiKeys.remove(account, row?.id ?? '', by);
      else await room.app.services.accounts.disable(account.id, by);

      expect(await late.sent()).toBe(401);
      expect((await room.app.services.accounts.get(account.id))?.displayName).toBe(account.displayName);
    },
  );

  /** A change whose body comes later than its headers. */
  function change(key: string, body: object) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', expect: '100-continue' };
    const asking = request(`${room.app.url}/api/account/v1/profile`, { method: 'PATCH', headers });
    const begun = new Promise((resolve) => asking.once('continue', resolve));
    asking.flushHeaders();

    return {
      begun,
      sent: () =>
        new Promise((resolve, reject) => {
          asking.once('error', reject).once('response', (answer) => resolve(answer.resume().statusCode));
          asking.end(JSON.stringify(body));
        }),
    };
  }
});
