import { request } from 'node:http';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { accountApi, type AccountApiDeps } from '../../src/api/account.ts';
import { newApiKey } from '../../src/credentials/api-key.ts';
import { openBrowser, type Browser } from '../support/browser.ts';
import { enter, openDevice } from '../support/device.ts';
import { relyingParty, tickAll, type Person } from '../support/relying-party.ts';
import { openApiKeys, path, seeProfile, type ApiKeyRoom } from './api-key-room.ts';

const minute = 60_000;

interface Events {
  events: { id: string; kind: string }[];
  next?: string;
}

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
      else await room.app.services.locking.lock(account.id, { reason: 'Lost' }, by);

      expect(await late.sent()).toBe(401);
      expect((await room.app.services.accounts.get(account.id))?.displayName).toBe(account.displayName);
    },
  );

  test('S30: what a key did says so, and “This wasn’t me” on it deletes that key, however old it is', async () => {
    const { account, browser } = await ana();
    const stolen = await room.add(browser, { name: 'Stolen', may: ['Sign you out of browsers', seeProfile] });
    const other = await room.add(browser, { name: 'Other' });
    const [row] = (await rowsOf(account.id)).filter(({ name }) => name === 'Stolen');
    const works = async () =>
      Promise.all([stolen, other].map(async (key) => (await room.ask('/profile', { key })).status));
    room.app.clock.advance(2 * minute);
    const put = await room.signIn(account);
    const sessions = (await room.app.services.records.sessions.list('account', account.id)).rows;
    const [latest] = sessions.toSorted((a, b) => b.createdAt - a.createdAt);
    await room.ask(`/sessions/${latest?.id ?? ''}`, { key: stolen, method: 'DELETE' });
    expect((await put.get(path)).status).toBe(303);
    expect(await latelyEnded(browser)).toMatch(/A device was signed out/);

    const { events } = await room.app.services.activity.list(account);
    const event = events.find(({ kind }) => kind === 'session.ended');
    expect(event).toMatchObject({ by: 'key', byId: row?.id, from: { program: false } });
    const entry = `/account/activity/${event?.id ?? ''}`;
    expect((await browser.open('/account/activity')).words).toMatch(/By API key Stolen \(gthk_\w{6}…\)/);
    const page = await browser.open(entry);
    expect(page.words).toMatch(/The API key by which it was done is deleted: Stolen \(gthk_\w{6}…\)\./);
    expect(await works()).toEqual([200, 200]);

    const done = await browser.submit(page, {}, { form: entry });
    expect(await works()).toEqual([401, 200]);
    const [, receipt = ''] = /href="(\/account\/receipts\/[\w-]+)"/.exec(done.html) ?? [];
    expect((await browser.open(receipt)).words).toMatch(/Deleted API keys Stolen Key begins with gthk_/);
    expect((await browser.open('/account/activity')).words).toContain('By An API key that is deleted');
  });

  test('S113: what an app did stands there by its name, from its own server', async () => {
    const { account, browser } = await ana();
    const { party, key } = await wikiOf(account, 'profile:write activity:read');

    await room.ask('/profile', { key, method: 'PATCH', body: { displayName: 'Ana L' } });

    const done = { kind: 'account.updated', by: 'app', byId: party.clientId };
    const { events } = await room.app.services.activity.list(account);
    expect(events.find(({ kind }) => kind === 'account.updated')).toMatchObject({ ...done, from: { program: true } });
    const { body } = await room.ask('/activity?group=security', { key });
    expect(body['events']).toEqual(expect.arrayContaining([expect.objectContaining(done)]));
    const said = (await browser.open('/account/activity')).words;
    expect(said).toMatch(/By Wiki.*The app’s own server/);
    expect(said).toMatch(
      /App allowed.*Wiki.*Know who you are · Read what happened to your account · Change your names, task and language/,
    );
  });

  test('S22: what an app may do is taken back; what nobody was asked for stays', async () => {
    const { account, browser } = await ana();
    const { party, key: token } = await wikiOf(account, 'profile:read');
    const key = await room.add(browser, {
      may: ['Remove the access of applications', 'See what you allow which applications'],
    });
    const remove = async (id: string) => room.ask(`/grants/${id}`, { key, method: 'DELETE' });
    const granted = async () => JSON.stringify((await room.ask('/grants', { key })).body);
    expect(await granted()).toContain(`resource:${room.app.url}/api/account/v1 profile:read`);

    expect((await remove('nobody')).status).toBe(404);
    expect(await remove('account-console')).toMatchObject({ status: 409, body: { detail: expect.any(String) } });
    expect((await browser.get(path)).status).toBe(200);
    expect((await room.ask('/profile', { key: token })).status).toBe(200);

    expect((await remove(party.clientId)).status).toBe(204);
    expect((await room.ask('/profile', { key: token })).status).toBe(401);
    expect(await latelyEnded(browser)).toMatch(/The access of an application was removed\. .*Wiki/);
    expect(await granted()).not.toContain(party.clientId);
    expect((await remove(party.clientId)).status).toBe(404);
  });

  test('lists come in pages and by group, and what can’t be read is told so', async () => {
    const { account, browser } = await ana();
    const key = await room.add(browser, {
      may: [
        'Read what happened to your account',
        'See where you are signed in',
        'Change your names, task and language',
      ],
    });
    const by = { actor: account.id };
    for (let n = 0; n < 30; n += 1) await room.app.services.accounts.updateProfile(account.id, { task: `${n}` }, by);
    const ask = async (query: string) => (await room.ask(`/activity${query}`, { key })).body as unknown as Events;

    const first = await ask('?group=security&limit=25');
    const rest = await ask(`?group=security&limit=25&after=${encodeURIComponent(first.next ?? '')}`);
    expect([first.events.length, rest.next]).toEqual([25, undefined]);
    const ids = [...first.events, ...rest.events].map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([32, 32]);
    expect((await ask('?group=sign-ins')).events.map(({ kind }) => kind)).toContain('sign_in.succeeded');
    expect((await ask('?group=messages')).events).toEqual([]);

    for (const place of [
      '/activity?after=x',
      '/sessions?after=x',
      '/activity?group=all',
      '/sessions?limit=0',
      '/sessions?most=5',
    ]) {
      expect([place, (await room.ask(place, { key })).status]).toEqual([place, 400]);
    }

    const sent = { key, method: 'PATCH', body: '{"task":"x"}' };
    const asText = await room.ask('/profile', { ...sent, headers: { 'content-type': 'text/plain' } });
    expect(asText).toMatchObject({ status: 415, body: { detail: 'The body must be application/json.' } });
    expect((await room.ask('/profile', { ...sent, body: '{' })).status).toBe(400);
    const zipped = await room.ask('/profile', { ...sent, headers: { 'content-encoding': 'gzip' } });
    expect([zipped.status, zipped.headers.get('accept-encoding')]).toEqual([415, 'identity']);
    expect((await room.ask('/profile', { ...sent, headers: { 'content-encoding': 'identity' } })).status).toBe(200);
    const large = await room.ask('/profile', { ...sent, body: { task: 'x'.repeat(1_000_000) } });
    expect(large).toMatchObject({
      status: 413,
      body: { title: 'Payload Too Large', detail: 'A body may have 64000 bytes at most.' },
    });
  });

  test('S46: a slip in a key is told by itself: nothing is looked up', async () => {
    const { key } = newApiKey();
    const nobodyAsked = accountApi({ config: room.app.services.config as AccountApiDeps['config'] } as AccountApiDeps);
    const from = { ip: '127.0.0.1', userAgent: '', requestId: '' };

    for (const slip of ['gthk_', key.slice(0, -1), `${key}x`, key.toLowerCase(), key.replace(/.$/, '-')]) {
      expect([slip, await nobodyAsked.authorize(slip, from)]).toEqual([slip, { mistyped: expect.any(String) }]);
    }

    await expect(nobodyAsked.authorize(key, from)).rejects.toThrow(TypeError);
  });

  /** The words of the receipt of what was ended last. */
  async function latelyEnded(browser: Browser): Promise<string> {
    const { html } = await browser.open('/account/applications');
    const [, receipt = ''] = /href="(\/account\/receipts\/[\w-]+)"/.exec(html) ?? [];

    return (await browser.open(receipt)).words;
  }

  test('S36: a device asks for it in the same words, and may what was allowed', async () => {
    const { account, browser } = await ana();
    const resource = `${room.app.url}/api/account/v1`;
    const scope = 'openid profile:read sessions:read';
    const television = await openDevice(room.app, await room.app.client('device', { scope, resources: [resource] }));
    const asked = await television.ask({ scope, resource });

    const page = await enter(browser, asked.user_code);
    expect(page.words).toContain(`${seeProfile} At Gatehouse`);
    expect(page.words).toContain('See where you are signed in At Gatehouse');
    await browser.submit(page, { [`allow resource:${resource} sessions:read`]: undefined }, { button: 'Allow' });

    await room.add(browser, { name: 'Orders', may: ['Read your orders'] });
    const said = (await browser.open('/account/activity')).words;
    expect(said).toMatch(/API key added .*What Read your orders .*What [^.]*See your names, e-mail address/);
    const { events } = await room.app.services.activity.list(account);
    expect(events.find(({ kind }) => kind === 'device_code.allowed')?.details).toEqual({
      scopes: expect.arrayContaining(['openid', 'profile:read']),
      resources: [`resource:${resource} profile:read`],
    });

    const { body } = await television.poll(asked.device_code, { resource });
    const key = String(body['access_token']);
    expect(await room.ask('/profile', { key })).toMatchObject({ status: 200, body: { id: account.id } });
    expect((await room.ask('/sessions', { key })).status).toBe(403);
  });

  /** A token of an app for the account API. */
  async function wikiOf(account: Person, scopes: string) {
    const resource = `${room.app.url}/api/account/v1`;
    const metadata = { client_name: 'Wiki', redirect_uris: ['https://app.example/cb'] };
    const scope = `openid ${scopes}`;
    const party = await relyingParty(
      room.app,
      await room.app.client('web', { ...metadata, scope, resources: [resource] }),
    );
    const departure = await party.request({ scope, resource });
    const asking = openBrowser(room.app.url);
    const consent = await asking.submit(await asking.open(departure.url.href), {
      email: account.email,
      password: account.password,
    });
    const left = await asking.submit(consent, tickAll(consent), { button: 'Allow' });
    const tokens = await party.redeem(departure, left.location ?? '', { resource });

    return { party, key: tokens.access_token };
  }

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
