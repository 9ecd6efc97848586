import { afterAll, beforeAll, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import { shapes, type CollectionName } from '../../src/storage/records.ts';
import { openAdministration, type AdministrationRoom } from '../support/administration.ts';
import type { TestApp } from '../support/app.ts';
import { describeWith } from '../support/need.ts';
import { eachStore, needsOf } from '../support/storage.ts';
import { realWay, type RealWay, type Traveller } from './real-way.ts';
import { authorize, callback, cases, config, verifier } from './why-cases.ts';

for (const pair of eachStore) {
  describeWith(needsOf(pair), `Why? on ${pair}`, () => {
    let room: AdministrationRoom;
    let key: string;
    let auditor: Account;

    beforeAll(async () => {
      room = await openAdministration(pair, { config });
      auditor = (await room.somebody('auditor')).account;
      key = await room.key(auditor);
    });

    afterAll(async () => {
      await room[Symbol.asyncDispose]();
    });

    const why = (query: Record<string, string>, by = key) =>
      room.ask(`/why?${new URLSearchParams(query).toString()}`, { key: by });

    // What differs by store is only what is read: the whole table is walked on one.
    for (const each of pair === 'sqlite' ? cases : cases.slice(0, 2)) {
      test(`says what then happens: ${each.name}`, async () => {
        const { app } = room;
        const account = await app.account({ displayName: 'Zoë', ...each.person });
        const { client, secret } = await app.client(each.kind ?? 'web', { redirect_uris: [callback], ...each.client });
        const person: Traveller = { email: account.email, password: account.password };
        await each.before?.({ app, person, account, clientId: client.id });
        const request = authorize(client.id, each.request ?? {});

        const before = await everything(app);
        const { status, body } = await why({ account: account.id, request: app.url + request });
        expect({ status, body }).toMatchObject({ status: 200 });
        // S113: nothing was done, and nothing is written of it: not a row, not an event.
        expect(await everything(app)).toEqual(before);

        const way = await realWay(app, person, request);
        const real = await resultOf(app, way, { clientId: client.id, secret });
        const steps = body.steps.map(({ step }: { step: string }) => step);

        if (each.comes === 'locked') {
          expect(body.refusals).toMatchObject([{ by: 'account', why: 'locked', description: 'Left the company' }]);
          expect([way.page?.words, body.tokens]).toEqual([expect.stringContaining('Left the company'), undefined]);
          return;
        }

        if (each.comes !== 'code' && each.comes !== 'id_token') {
          const told = way.answer['error'] === undefined ? 'person' : 'app';
          expect(body.refusals.at(-1)).toMatchObject({ by: 'protocol', why: each.comes, told });
          const { why: error, description } = body.refusals.at(-1);
          expect((await app.logged('refused')).at(-1)).toMatchObject({ error, description });
          if (told === 'app') expect(way.answer['error']).toBe(each.comes);
          else expect(way.page?.status).toBeGreaterThanOrEqual(400);
          expect([body.steps, body.tokens]).toEqual([[], undefined]);
          return;
        }

        expect(body.refusals).toEqual([]);
        expect(way.answer).toHaveProperty(each.comes);
        expect([steps, way.steps]).toEqual([each.steps, each.steps]);
        const asked = (body.consent.items ?? []) as { id: string; required: boolean }[];
        const boxes = asked.filter(({ required }) => !required).map(({ id }) => id);
        expect([boxes.toSorted(), body.consent.kind === 'asked']).toEqual([
          way.asked.toSorted(),
          way.steps.includes('consent'),
        ]);
        expect(real.id).toEqual(lasting(body.tokens.id.claims));
        expect(real.userinfo).toEqual(body.tokens.userinfo && lasting(body.tokens.userinfo));
        expect(real.expiresIn).toBe(body.tokens.access?.lasts);
        expect(real.refreshes).toBe(body.tokens.refresh !== undefined);
        expect(real.audience).toBe(body.tokens.access?.format === 'jwt' ? body.tokens.access.audience : undefined);
      });
    }

    if (pair !== 'sqlite') return;

    test('a person who is signed in already, and for how long', async () => {
      const { app } = room;
      const { id: account } = await app.account();
      const { client } = await app.client('web', { redirect_uris: [callback], first_party: true });
      const asked = { account, client: client.id };
      const stepsOf = async (more: Record<string, string>) => {
        const { body } = await why({ ...asked, ...more });

        return body.steps.map(({ step, reasons }: { step: string; reasons?: string[] }) => [step, ...(reasons ?? [])]);
      };

      expect(await stepsOf({})).toEqual([['sign-in', 'no_session']]);
      expect(await stepsOf({ signed_in: 'one-factor' })).toEqual([]);
      expect(await stepsOf({ signed_in: 'one-factor', signed_in_ago: '50', max_age: '60' })).toEqual([]);
      expect(await stepsOf({ signed_in: 'one-factor', signed_in_ago: '70', max_age: '60' })).toEqual([
        ['sign-in', 'max_age'],
      ]);
      expect(await stepsOf({ signed_in: 'two-factors', prompt: 'select_account' })).toEqual([['choose-account']]);
      expect((await why({ ...asked, signed_in: 'two-factors', acr_values: 'urn:gatehouse:acr:2' })).body).toMatchObject(
        {
          steps: [],
          tokens: { id: { claims: { acr: 'urn:gatehouse:acr:2' } } },
        },
      );
    });

    test('S36, S53: it is about both, so it takes both scopes; what is wrong is told beside its field', async () => {
      const { app } = room;
      const { id: account } = await app.account();
      const { client } = await app.client('web', { redirect_uris: [callback] });
      const fieldOf = async (query: Record<string, string>, by?: string) => {
        const { status, body } = await why(query, by);

        return [status, body.errors?.[0]?.field];
      };

      const half = await room.key(auditor, ['accounts:read']);
      expect(await fieldOf({ account, client: client.id }, half)).toEqual([403, undefined]);
      expect(await fieldOf({ account: 'nobody', client: client.id })).toEqual([400, 'account']);
      expect(await fieldOf({ account })).toEqual([400, 'client']);
      expect(await fieldOf({ account, client: 'none' })).toEqual([400, 'client']);
      expect(await fieldOf({ account, request: 'https://id.example.com/oauth/authorize' })).toEqual([400, 'request']);
      expect(await fieldOf({ account, client: 'other', request: authorize(client.id, {}) })).toEqual([400, 'request']);
      expect(await fieldOf({ account, client: client.id, signed_in_ago: 'x' })).toEqual([400, 'signed_in_ago']);
    });

    test('an auditor asks on the page, and chooses where several may be meant', async () => {
      const { app } = room;
      const { browser } = await room.somebody('auditor');
      const [first, second] = [
        await app.account({ displayName: 'Quill A' }),
        await app.account({ displayName: 'Quill B' }),
      ];
      const { client } = await app.client('web', { redirect_uris: [callback], client_name: 'Quarry' });

      const page = await browser.open('/admin/why');
      const form = { form: '/admin/why' };
      const nobody = await browser.submit(page, { person: 'zzz', app: 'Quarry' }, form);
      expect([nobody.status, nobody.words]).toEqual([422, expect.stringContaining('Nobody was found by this.')]);

      const several = await browser.submit(page, { person: 'quill', app: 'quarry' }, form);
      expect(several.words).toContain('Who is meant?');
      const shown = await browser.submit(several, {}, { ...form, button: second.email });
      expect(shown.words).toContain('Quarry would get its answer.');
      expect(shown.words).toContain('Quill B');
      expect(shown.html).not.toContain(first.email);

      // What is pasted is text.
      const request = authorize(client.id, { redirect_uri: 'https://evil.example/<script>alert(1)</script>' });
      const refused = await browser.submit(page, { person: second.email, request }, form);
      expect(refused.words).toContain('The request is refused: invalid_redirect_uri');
      expect(refused.html).not.toContain('<script>alert');

      const account = await browser.open(`/admin/accounts/${second.id}`);
      expect(account.html).toContain(`/admin/why?account=${second.id}`);
      expect((await browser.open(`/admin/clients/${client.id}`)).html).toContain(`/admin/why?client=${client.id}`);
      const linked = await browser.open(`/admin/why?account=${second.id}&client=${client.id}`);
      expect(linked.words).toContain('Quarry would get its answer.');
      expect((await browser.get('/admin/why?account=nobody')).status).toBe(404);
    });
  });

  /** Every row of every collection, but for what counts requests and says that a key was used. */
  async function everything({ services }: TestApp): Promise<Record<string, unknown>> {
    const found: Record<string, unknown> = {};

    for (const name of Object.keys(shapes) as CollectionName[]) {
      if (name === 'apiKeys') continue;
      found[name] = (await services.records[name].scan({ limit: 1000 })).rows;
    }

    return found;
  }
}

async function resultOf(
  app: TestApp,
  { answer }: RealWay,
  { clientId, secret }: { clientId: string; secret: string | undefined },
): Promise<{
  id?: unknown;
  userinfo?: unknown;
  expiresIn?: unknown;
  refreshes: boolean;
  audience?: unknown;
}> {
  const { code, id_token: alone } = answer;
  if (alone !== undefined) return { id: lasting(payloadOf(alone)), refreshes: false };
  if (code === undefined) return { refreshes: false };

  const response = await fetch(`${app.url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: callback,
      code_verifier: verifier,
    }),
  });
  const body = (await response.json()) as Record<string, string>;
  const { access_token: access = '', id_token: id = '' } = body;
  const userinfo = await fetch(`${app.url}/oauth/userinfo`, { headers: { authorization: `Bearer ${access}` } });
  const isJwt = access.split('.').length === 3;

  return {
    id: lasting(payloadOf(id)),
    ...(userinfo.status === 200 && { userinfo: lasting((await userinfo.json()) as Record<string, unknown>) }),
    expiresIn: body['expires_in'],
    refreshes: body['refresh_token'] !== undefined,
    ...(isJwt && { audience: payloadOf(access)['aud'] }),
  };
}

function payloadOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

/** Without what is another one each time. */
function lasting(claims: Record<string, unknown>): Record<string, unknown> {
  const passing = ['iat', 'exp', 'auth_time', 'at_hash', 'sid', 'updated_at'];

  return Object.fromEntries(Object.entries(claims).filter(([name]) => !passing.includes(name)));
}
