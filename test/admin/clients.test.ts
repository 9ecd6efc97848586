import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { answer } from '../support/device.ts';
import { openAdministration, type AdministrationRoom, type Administrator } from '../support/administration.ts';
import { openBrowser } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { eachStore, needsOf } from '../support/storage.ts';
import { enter } from '../security/web/visits.ts';
import { appFrom, boxOf, files, pastedFrom, register, resources } from './client-desk.ts';

const path = '/admin/clients';

/** Apps in the admin console, with apps that were told what stands there to be pasted. */
for (const pair of eachStore) {
  describeWith(needsOf(pair), `apps in the admin console on ${pair}`, () => {
    let room: AdministrationRoom;
    let root: Administrator;

    beforeAll(async () => {
      room = await openAdministration(pair, {
        config: JSON.stringify({ resources }),
      });
      root = await room.somebody('admin', { email: 'root@example.com' });
    });

    afterAll(async () => {
      await room[Symbol.asyncDispose]();
    });

    const events = async (clientId: string) =>
      (await room.app.services.records.events.list('time', 'all', { limit: 1000 })).rows.filter(
        (event) => event.clientId === clientId && event.kind.startsWith('client.'),
      );
    const userinfo = async (token: string) =>
      (await fetch(`${room.app.url}/oauth/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status;

    test.each([
      ['web', { redirect_uris: 'https://wiki.example.net/cb' }],
      ['spa', { redirect_uris: 'https://board.example.net/' }],
      ['native', { redirect_uris: 'net.example.notes:/back\r\nhttp://127.0.0.1/back' }],
    ])('a %s app is registered with what it needs, and signs people in with what was pasted', async (kind, fields) => {
      const { browser } = root;
      const pasted = await register(browser, kind, { client_name: `The ${kind}`, ...fields });

      expect(pasted).toMatchObject({
        OIDC_ISSUER: room.app.url,
        OIDC_DISCOVERY: `${room.app.url}/.well-known/openid-configuration`,
        OIDC_REDIRECT_URI: fields.redirect_uris.split('\r\n')[0],
        OIDC_SCOPE: 'openid profile email',
      });
      expect(pasted.OIDC_CLIENT_SECRET === undefined).toBe(kind !== 'web');

      const ana = await room.app.account();
      const party = await appFrom(room.app, pasted);
      const { tokens } = await party.signIn(ana, { request: { scope: pasted.OIDC_SCOPE } });
      expect(await oidc.fetchUserInfo(party.config, tokens.access_token, ana.id)).toMatchObject({ email: ana.email });

      // What was not ticked it never gets.
      const { url } = await party.request({ scope: 'openid phone' });
      const back = await openBrowser(room.app.url).get(url.href);
      expect(`${back.location} ${back.words}`).toContain('invalid_scope');
    });

    test('a machine, an API and a device work with what was pasted; S40: the API asks about its own tokens alone', async () => {
      const { browser } = root;
      const form = await browser.open(`${path}/new/machine`);
      const job = await register(browser, 'machine', {
        client_name: 'Nightly job',
        [boxOf(form, 'Read your files')]: 'on',
      });
      expect(job).toMatchObject({
        OIDC_SCOPE: 'files:read',
        OIDC_RESOURCE: files,
        OIDC_GRANT_TYPE: 'client_credentials',
      });
      const machine = await appFrom(room.app, job);
      const own = await oidc.clientCredentialsGrant(machine.config, { resource: files, scope: 'files:read' });

      const apiForm = await browser.open(`${path}/new/api`);
      const api = await register(browser, 'api', { client_name: 'Files', [boxOf(apiForm, files)]: 'on' });
      expect(api.OIDC_AUDIENCE).toBe(files);
      const server = await appFrom(room.app, api);
      expect(await oidc.tokenIntrospection(server.config, own.access_token)).toMatchObject({
        active: true,
        aud: files,
      });

      const stranger = await appFrom(room.app, await register(browser, 'api', { client_name: 'Nobody' }));
      expect(await oidc.tokenIntrospection(stranger.config, own.access_token)).toEqual({ active: false });

      const tv = await register(browser, 'device', { client_name: 'Television' });
      expect(tv).toMatchObject({ OIDC_GRANT_TYPE: 'urn:ietf:params:oauth:grant-type:device_code' });
      const television = await appFrom(room.app, tv);
      const asked = await oidc.initiateDeviceAuthorization(television.config, { scope: tv.OIDC_SCOPE ?? '' });
      const ana = await room.app.account();
      const anas = openBrowser(room.app.url);
      await enter(anas, ana);
      await answer(anas, asked.user_code);
      const tokens = await oidc.pollDeviceAuthorizationGrant(television.config, { ...asked, interval: 0 });
      expect(await userinfo(tokens.access_token)).toBe(200);
    });

    test('S21, S52, S54: what is wrong stands beside its field, with its line; sent twice, a form makes one app', async () => {
      const { browser } = root;
      const page = await browser.open(`${path}/new/web`);
      const send = (fields: Record<string, string>) =>
        browser.submit(page, fields, { form: '/new/web', follow: false });

      const wrong = await send({
        client_name: 'Wiki\u202egnp.exe',
        redirect_uris: 'https://wiki.example.net/cb\r\nhttp://wiki.example.net/cb\r\njavascript:alert(1)',
      });
      expect(wrong.status).toBe(422);
      expect(wrong.html).toMatch(/id="field-redirect_uris-problem">.*Line 2: /s);
      expect(wrong.html).toMatch(/id="field-client_name-problem"/);
      expect(wrong.html).toContain('https://wiki.example.net/cb\r\nhttp://wiki.example.net/cb');
      expect((await send({ client_name: '\u200b', redirect_uris: 'https://wiki.example.net/cb' })).status).toBe(422);
      expect((await send({ client_name: 'Wiki', redirect_uris: '' })).html).toContain(
        'id="field-redirect_uris-problem"',
      );

      const right = { client_name: 'Once', redirect_uris: 'https://once.example.net/cb' };
      const { OIDC_CLIENT_ID: id = '' } = pastedFrom(await send(right));
      const again = await browser.follow(await send(right));
      expect(new URL(again.url).pathname).toBe(`${path}/${id}`);
      expect(again.words).toContain('This app is registered already.');
      expect((await browser.open(`${path}?search=onc`)).words.match(/Once/g)).toHaveLength(1);
    });

    test('the list is searched by how a name begins and by id, and says who uses an app', async () => {
      const { browser } = root;
      const names = Array.from({ length: 21 }, (_, at) => `Ünter ${String(at).padStart(2, '0')}`);
      for (const name of names) await room.app.client('machine', { client_name: name });

      const first = await browser.open(`${path}?search=${encodeURIComponent('ÜNTER')}`);
      expect([first.words.includes('Ünter 19'), first.words.includes('Ünter 20')]).toEqual([true, false]);
      const next = /href="(\/admin\/clients\?search=[^"]+)"/.exec(first.html)?.[1]?.replaceAll('&amp;', '&') ?? '';
      const second = await browser.open(next);
      expect([second.words.includes('Ünter 19'), second.words.includes('Ünter 20')]).toEqual([false, true]);

      const { client } = await room.app.client('web', {
        client_name: 'Zoo',
        redirect_uris: ['https://zoo.example/cb'],
      });
      expect((await browser.open(`${path}?search=${client.id}`)).words).toContain('Zoo Enabled Web app');
      expect((await browser.open(`${path}?search=${client.id}x`)).words).toContain(
        'No app has a name that begins with',
      );
      expect((await browser.get(`${path}?after=x`)).status).toBe(400);
      expect((await browser.open(path)).words).toContain('Account console Enabled Part of this service');
    });

    test('settings are changed on a page; somebody else’s change in between is never lost unseen', async () => {
      const { browser } = root;
      const { client } = await room.app.client('web', {
        client_name: 'Edited',
        redirect_uris: ['https://edited.example/cb'],
        contacts: ['ops@edited.example'],
      });
      const place = `${path}/${client.id}`;
      const page = await browser.open(`${place}/edit`);
      await room.app.services.clients.update(
        client.id,
        { ...client.metadata, client_name: 'Meanwhile' },
        { actor: 'command-line' },
      );

      const fields = { client_name: 'Edited 2', first_party: 'on' };
      const late = await browser.submit(page, fields, { form: '/edit' });
      expect([late.status, late.words.includes('Somebody else has changed this app')]).toEqual([409, true]);
      expect((await room.app.services.clients.show(client.id))?.metadata.client_name).toBe('Meanwhile');

      const saved = await browser.submit(late, {}, { form: '/edit' });
      expect(saved.words).toContain('The app is changed.');
      const after = await room.app.services.clients.show(client.id);
      // May still ask for everything: no box was touched. What has no field stays.
      expect(after?.metadata).toEqual({ ...client.metadata, client_name: 'Edited 2', first_party: true });

      const [, , last] = await events(client.id);
      expect(last).toMatchObject({
        kind: 'client.updated',
        actor: root.account.id,
        details: {
          changes: {
            client_name: { before: 'Meanwhile', after: 'Edited 2' },
            first_party: { before: null, after: true },
          },
        },
      });
    });

    test('the API does all of it: registering once, a change of the version that was read, secrets, what is unknown', async () => {
      const key = await room.key(root.account);
      const ask = (place: string, method: string, body?: object, headers: Record<string, string> = {}) =>
        room.ask(place, { key, method, ...(body && { body }), headers });
      const some = { 'if-match': '"1"' };
      const metadata = { client_name: 'By program', redirect_uris: ['https://program.example/cb'] };
      const create = (body: object) => ask('/clients', 'POST', body, { 'idempotency-key': 'k1' });

      const made = await create({ kind: 'web', metadata });
      expect(made).toMatchObject({ status: 201, body: { id: expect.any(String), secret: expect.any(String) } });
      expect((await create({ kind: 'web', metadata })).body).toEqual(made.body);
      const { id } = made.body;

      const read = await ask(`/clients/${id}`, 'GET');
      expect(read.body).toMatchObject({
        metadata: { ...metadata, grant_types: ['authorization_code', 'refresh_token'] },
      });
      const etag = read.headers.get('etag') ?? '';
      const change = (tag: string | undefined, name: string) =>
        ask(
          `/clients/${id}`,
          'PUT',
          { metadata: { ...metadata, client_name: name } },
          tag === undefined ? {} : { 'if-match': tag },
        );
      expect((await change(undefined, 'A')).status).toBe(428);
      const changed = await change(etag, 'B');
      expect(changed.status).toBe(200);
      expect((await change(etag, 'C')).status).toBe(412);
      expect((await change(changed.headers.get('etag') ?? '', 'D')).status).toBe(200);

      const wrong = await ask('/clients', 'POST', {
        metadata: { ...metadata, redirect_uris: ['http://program.example/cb'] },
      });
      expect(wrong).toMatchObject({ status: 422, body: { errors: [{ field: 'metadata.redirect_uris[0]' }] } });
      const massive = await ask('/clients', 'POST', { metadata: { ...metadata, isAdmin: true, client_id: 'x' } });
      expect(massive).toMatchObject({
        status: 422,
        body: { errors: [{ field: 'metadata.isAdmin' }, { field: 'metadata.client_id' }] },
      });
      const ours = await ask('/clients', 'POST', {
        metadata: { ...metadata, introspects: [`${room.app.url}/api/account/v1`] },
      });
      expect(ours).toMatchObject({ status: 422, body: { errors: [{ field: 'metadata.introspects[0]' }] } });

      let tag = (await ask(`/clients/${id}`, 'GET')).headers.get('etag') ?? '';
      const rotate = (overlap: number, headers: Record<string, string> = {}) =>
        ask(`/clients/${id}/secrets`, 'POST', { overlap }, { 'if-match': tag, ...headers });
      const named = { 'idempotency-key': 'secret' };
      const first = await rotate(3600, named);
      // Sent again it is answered as before; another request must have seen what this one did.
      expect((await rotate(3600, named)).body).toEqual(first.body);
      expect((await rotate(3600)).status).toBe(412);
      for (let more = 0; more < 8; more += 1) {
        tag = (await ask(`/clients/${id}`, 'GET')).headers.get('etag') ?? '';
        expect((await rotate(3600)).status).toBe(201);
      }
      tag = (await ask(`/clients/${id}`, 'GET')).headers.get('etag') ?? '';
      expect((await rotate(3600)).status).toBe(409);
      const last = await rotate(0);
      expect(last.status).toBe(201);
      tag = last.headers.get('etag') ?? '';
      expect((await ask(`/clients/${id}`, 'GET')).body.secrets).toHaveLength(1);

      expect((await ask(`/clients/${id}/impact`, 'GET')).body).toEqual({
        people: 0,
        sessions: 0,
        grants: 0,
        refreshTokens: 0,
        whole: true,
      });
      const { body: ended } = await ask(`/clients/${id}/revoke`, 'POST');
      expect((await ask(`/clients/${id}/receipts`, 'GET')).body.receipts).toMatchObject([
        { id: ended.receipt, people: 0 },
      ]);
      expect((await ask(`/clients/${id}/receipts/${ended.receipt}`, 'GET')).body.progress).toEqual({
        queued: 0,
        delivered: 0,
        failed: 0,
        dropped: 0,
      });
      expect((await ask('/clients?search=by%20pro', 'GET')).body.clients).toEqual([]);
      const two = await ask('/clients?limit=2', 'GET');
      expect(two.body.clients).toHaveLength(2);
      expect((await ask(`/clients?limit=1&after=${two.body.next}`, 'GET')).body.clients).toHaveLength(1);
      expect((await ask('/clients?limit=201', 'GET')).status).toBe(400);
      expect((await ask('/clients?search=d', 'GET')).body.clients).toMatchObject([{ id }]);

      expect((await ask(`/clients/${id}`, 'DELETE')).status).toBe(204);
      for (const [place, method] of [
        ['', 'GET'],
        ['', 'DELETE'],
        ['/disable', 'POST'],
        ['/revoke', 'POST'],
        ['/impact', 'GET'],
        ['/receipts/none', 'GET'],
      ] as const) {
        expect([place, (await ask(`/clients/${id}${place}`, method, undefined, some)).status]).toEqual([place, 404]);
      }
    });
  });
}
