import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { accountEndpoints } from '../../src/api/account.ts';
import { adminEndpoints } from '../../src/api/admin.ts';
import type { DescribedEndpoint } from '../../src/api/endpoint.ts';
import { pathOf, type DescribedApi } from '../../src/api/openapi.ts';
import { isReading } from '../../src/domain/admin-api.ts';
import { enter } from '../security/web/visits.ts';
import { openBrowser } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { eachStore, needsOf, type Pair } from '../support/storage.ts';
import { openCallers, ordersApi, type Callers } from './callers.ts';
import { accountOperations, adminOperations } from './operations.ts';

/** Who comes how far: 401 nobody that is known here, 403 not for this, in: to what is asked for. */
type Far = 401 | 403 | 'in';

/** By the scope of an operation. `shown`: the key or token. */
interface Caller {
  name: string;
  shown(scope: string): string | undefined;
  account: (scope: string) => Far;
  admin: (scope: string) => Far;
}

const never = (far: Far) => () => far;

/** Every operation of both lists, by everybody: the rows come from the lists, the columns stand below. */
for (const pair of eachStore) describeWith(needsOf(pair), `who may what at the APIs on ${pair}`, () => matrix(pair));

/** What each operation is called, and with it its method and its scope: a change of any of them is a decision. */
describe('the operations', () => {
  const listed = (endpoints: readonly DescribedEndpoint[]) =>
    endpoints.map(({ name, method, scope }) => `${name} ${method} ${scope}`).toSorted();

  test('S53, S98: are these, each with this method and this scope', () => {
    expect(listed(accountEndpoints({} as Parameters<typeof accountEndpoints>[0]))).toEqual(
      accountOperations.toSorted(),
    );
    expect(listed(adminEndpoints({} as Parameters<typeof adminEndpoints>[0]))).toEqual(adminOperations.toSorted());
  });

  test('S53: what changes nothing is a GET and takes the scope to read, and everything else does not', () => {
    for (const line of [...accountOperations, ...adminOperations]) {
      const [name = '', method, scope = ''] = line.split(' ');

      expect([line, method === 'GET']).toEqual([line, isReading(scope)]);
      // An area, what of it, and a verb: the words of the command line.
      expect(name).toMatch(/^[a-z]+(?:\.[a-z]+(?:-[a-z]+)*){1,2}$/);
    }
  });
});

function matrix(pair: Pair): void {
  let room: Callers;
  let callers: Caller[];

  beforeAll(async () => {
    room = await openCallers(pair);
    callers = await everybody();
  }, 120_000);

  afterAll(async () => {
    await room[Symbol.asyncDispose]();
  });

  test('S36, S53, S96, S97, S98, S113: every operation lets in whom its scope says, and nobody else', async () => {
    const wrong: unknown[] = [];

    for (const api of Object.values(room.apis)) {
      for (const endpoint of api.endpoints) {
        const all = callers.map(async (caller) => {
          const far = await howFar(api, endpoint, caller.shown(endpoint.scope));
          const expected = caller[api.realm as 'account' | 'admin'](endpoint.scope);

          if (far !== expected) wrong.push([api.realm, endpoint.name, caller.name, far, expected]);
        });
        await Promise.all(all);
      }
    }

    expect(wrong).toEqual([]);
  }, 120_000);

  /**
   * Asked for with a query that nothing takes: whoever is let in is told of it (400, or of a missing body or version
   * before) and nothing is done. Ids are made up: 401 and 403 come before it is looked whether there is such a thing.
   */
  async function howFar(
    api: DescribedApi,
    endpoint: DescribedEndpoint,
    shown: string | undefined,
    tries = 3,
  ): Promise<unknown> {
    const path = pathOf(api, endpoint).replaceAll(/\{\w+\}/g, 'made-up');
    const answer = await fetch(`${room.app.url}${path}?made=up`, {
      method: endpoint.method,
      headers: shown === undefined ? {} : { authorization: `Bearer ${shown}` },
    });
    const text = await answer.text();

    expect([text, answer.headers.get('content-type')]).toEqual([
      expect.not.stringMatching(/\n\s+at |\.ts:/),
      'application/problem+json',
    ]);
    if (answer.status === 401) expect(answer.headers.get('www-authenticate')).toContain(`realm="${api.realm}"`);

    // A store on a busy machine may not answer in time, which lets nobody in.
    if (answer.status === 503 && tries > 1) return howFar(api, endpoint, shown, tries - 1);

    return [400, 415, 428].includes(answer.status) ? 'in' : answer.status;
  }

  async function everybody(): Promise<Caller[]> {
    const { account, admin } = room.apis;
    const run = await room.somebody('admin');
    const watch = await room.somebody('auditor');
    const person = await room.app.account();
    const { accounts } = room.app.services.records;
    const withoutFactor = async () => {
      const { id } = await room.app.account();
      const row = await accounts.update(id, (old) => ({ ...old, roles: ['admin'] }));
      if (!row) throw new Error('no account');

      return row;
    };
    const gone = await withoutFactor();
    const browser = openBrowser(room.app.url);
    await enter(browser, person);

    const scopes = new Set(Object.values(room.apis).flatMap(({ words }) => words.scopes.map(({ name }) => name)));
    const byScope = async (api: DescribedApi, may: (scope: string, own: string) => boolean) => {
      const names = [...scopes].filter((one) => api.words.scopes.some(({ name }) => name === one));
      const made = names.map(
        async (own) => [own, await room.keyFor(run.account, api, (one) => may(one, own))] as const,
      );
      const keys = new Map(await Promise.all(made));

      return (scope: string) => keys.get(scope) ?? 'x';
    };
    const is = (one: string, own: string) => one === own;
    const isNot = (one: string, own: string) => one !== own;
    const key = async (...[of, api]: Parameters<Callers['keyFor']>) => {
      const shown = await room.keyFor(of, api);

      return () => shown;
    };
    const token = async (made: Promise<string>) => {
      const shown = await made;

      return () => shown;
    };
    const machine = async (of: Parameters<Callers['machine']>[0]) => (await room.machine(of)).token;
    const disabled = await room.machine({ resource: admin.words.identifier });
    const weakKey = await key(await withoutFactor(), admin);
    const goneKey = await key(gone, admin);
    const forPerson = await token(room.allowed(browser, admin));
    const forAuditor = await token(room.allowed(watch.browser, admin));

    const found: Caller[] = [
      { name: 'nobody', shown: () => undefined, account: never(401), admin: never(401) },
      { name: 'a guess', shown: () => 'x'.repeat(43), account: never(401), admin: never(401) },
      { name: 'an account holder', shown: await key(person, account), account: never('in'), admin: never(401) },
      {
        name: 'their key with the scope alone',
        shown: await byScope(account, is),
        account: never('in'),
        admin: never(401),
      },
      {
        name: 'their key without the scope',
        shown: await byScope(account, isNot),
        account: never(403),
        admin: never(401),
      },
      { name: 'an auditor', shown: await key(watch.account, admin), account: never(401), admin: readingAlone },
      { name: 'an app that an auditor allowed', shown: forAuditor, account: never(401), admin: readingAlone },
      { name: 'an admin', shown: await key(run.account, admin), account: never(401), admin: never('in') },
      {
        name: 'a key with the scope alone',
        shown: await byScope(admin, is),
        account: never(401),
        admin: never('in'),
      },
      { name: 'a key without the scope', shown: await byScope(admin, isNot), account: never(401), admin: never(403) },
      { name: 'an admin without a second factor', shown: weakKey, account: never(401), admin: never(403) },
      { name: 'an admin whose account is disabled', shown: goneKey, account: never(401), admin: never(401) },
      {
        name: 'an app that an admin allowed',
        shown: await token(room.allowed(run.browser, admin)),
        account: never(401),
        admin: never('in'),
      },
      {
        name: 'the same for the account API',
        shown: await token(room.allowed(run.browser, account)),
        account: never('in'),
        admin: never(401),
      },
      { name: 'an app that an account holder allowed', shown: forPerson, account: never(401), admin: never(403) },
      {
        name: 'an app for itself',
        shown: await token(machine({ resource: admin.words.identifier })),
        account: never(401),
        admin: never('in'),
      },
      {
        name: 'one at the account API',
        shown: await token(machine({ resource: account.words.identifier })),
        account: never(401),
        admin: never(401),
      },
      {
        name: 'one of another audience',
        shown: await token(machine({ resource: ordersApi })),
        account: never(401),
        admin: never(401),
      },
      { name: 'one of no audience', shown: await token(machine({})), account: never(401), admin: never(401) },
      { name: 'one that is disabled', shown: () => disabled.token, account: never(401), admin: never(401) },
    ];

    await expect(machine({ resource: admin.words.identifier, allowed: ordersApi })).rejects.toMatchObject({
      error: 'invalid_target',
    });
    await disabled.disable();
    await accounts.update(gone.id, (old) => ({ ...old, status: 'disabled' }));

    return found;
  }
}

/** An auditor sees everything and changes nothing. */
function readingAlone(scope: string): Far {
  return isReading(scope) ? 'in' : 403;
}
