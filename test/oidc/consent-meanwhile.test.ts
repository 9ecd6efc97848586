import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import { createConsents, type Consents } from '../../src/operations/consents.ts';
import type { Records, Write } from '../../src/storage/records.ts';
import { allow, arrive, codeRequest, redeem, refresh, userinfo, type Tokens } from './requests.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

const scope = 'openid profile email offline_access';
const boxes = ['scope:profile', 'scope:email', 'scope:offline_access'];

/** What is taken back between the moment at which a request has read the consent and the one at which its grant is written. */
describe('a consent that is taken back while a grant is on its way', () => {
  let world: World;
  let consents: Consents;
  let ana: Account;
  let wiki = '';
  let meanwhile: (() => Promise<unknown>) | undefined;
  let count = 0;

  beforeAll(async () => {
    world = await openWorld({}, between);
    const { records, clock } = world;
    consents = createConsents({ records, clock, events: { write: async () => undefined } });
    ana = (await world.records.accounts.get('ana')) as Account;
  });

  beforeEach(async () => {
    wiki = `wiki${(count += 1)}`;
    await world.addClient(wiki, { grant_types: ['authorization_code', 'refresh_token'] });
    const first = world.browser();
    await allow(first, await arrive(first, codeRequest(wiki, { scope })), ...boxes);
  });

  afterAll(() => world[Symbol.asyncDispose]());

  function between<T extends object>(store: T): T {
    const write = async (writes: readonly Write[], how?: object) => {
      const first = writes.some((one) => one.in === 'grants' && !('remove' in one)) ? meanwhile : undefined;
      if (first) meanwhile = undefined;
      await first?.();

      return (store as unknown as Records).write(writes, how);
    };

    return new Proxy(store, {
      get: (target, name) => (name === 'write' && 'accounts' in target ? write : Reflect.get(target, name)),
    });
  }

  /** Signs in elsewhere, where there is no grant yet, and redeems the code; `then` happens right before it is written. */
  async function signInWhile(then: () => Promise<unknown>): Promise<Tokens> {
    meanwhile = then;
    const arrived = await arrive(world.browser(), codeRequest(wiki, { scope }));
    expect(meanwhile).toBeUndefined();

    return redeem(world, wiki, arrived);
  }

  test('S22: removed, the code is worth nothing', async () => {
    const { error, access_token } = await signInWhile(() => world.endings.application('ana', wiki));

    expect([error, access_token]).toEqual(['invalid_grant', undefined]);
    expect(await world.records.grants.count('client', wiki)).toBe(0);
  });

  test('S22: narrowed, the tokens are as narrow, and so are those that come of them', async () => {
    const tokens = await signInWhile(() =>
      consents.narrow(ana, { clientId: wiki, taken: ['scope:email'] }, { actor: 'ana' }),
    );

    expect(await userinfo(world, tokens.access_token)).not.toHaveProperty('email');
    expect((await refresh(world, wiki, tokens.refresh_token)).scope.split(' ')).not.toContain('email');
  });

  test('nothing taken back: everything goes on', async () => {
    const tokens = await signInWhile(async () => undefined);

    expect(await userinfo(world, tokens.access_token)).toHaveProperty('email');
  });
});
