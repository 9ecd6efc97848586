import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { openAdministration, type AdministrationRoom, type Administrator } from '../support/administration.ts';
import type { Page } from '../support/browser.ts';
import { unescapeHtml } from '../support/html.ts';
import { describeWith } from '../support/need.ts';
import { eachStore, needsOf } from '../support/storage.ts';
import { startWebhookReceiver, verified, type WebhookReceiver } from '../support/webhook-receiver.ts';

const path = '/admin/webhooks';
const env = { GATEHOUSE_OUTBOUND_ALLOW_PRIVATE: 'true' };

/** Webhooks in the console and at the API, with a program that checks what it is sent with the library of the standard. */
for (const pair of eachStore) {
  describeWith(needsOf(pair), `webhooks in the admin console on ${pair}`, () => {
    const running = new AsyncDisposableStack();
    let room: AdministrationRoom;
    let receiver: WebhookReceiver;
    let root: Administrator;
    let key: string;

    beforeAll(async () => {
      receiver = running.use(await startWebhookReceiver());
      room = running.use(await openAdministration(pair, { env }));
      root = await room.somebody('admin', { email: 'root@example.com' });
      key = await room.key(root.account);
    });

    afterAll(async () => {
      await running.disposeAsync();
    });

    const secretOn = ({ html, words, status }: Page) => {
      const [, secret] = /<code class="secret" id="secret">([^<]*)</.exec(html) ?? [];
      if (secret === undefined) throw new Error(`no secret (${status}): ${words}`);

      return unescapeHtml(secret);
    };
    const idOn = ({ html }: Page) => /href="\/admin\/webhooks\/([\w-]+)"/.exec(html)?.[1] ?? '';
    const make = async (fields: Record<string, string>) => {
      const page = await root.browser.open(`${path}/new`);
      const made = await root.browser.submit(page, { url: receiver.url, ...fields }, { form: `${path}/new` });

      return { id: idOn(made), secret: secretOn(made), page };
    };
    const press = async (id: string, doing: string, fields: Record<string, string> = {}) => {
      const place = `${path}/${id}/${doing}`;

      return root.browser.submit(await root.browser.open(place), fields, { form: place });
    };
    const events = async () =>
      (await room.app.services.records.events.list('time', 'all', { limit: 1000 })).rows.filter(({ kind }) =>
        kind.startsWith('webhook.'),
      );
    const settled = async (id: string) => {
      const { records } = room.app.services;
      while ((await records.webhookDeliveries.count('state', `queued ${id}`)) > 0) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    };

    test('S44, S113: one is added, tested and told of what it wants; its secret is shown once and is nowhere else', async () => {
      const { id, secret, page } = await make({
        description: 'Alerts',
        'kind-client.created': 'on',
        'kind-webhook.tested': 'on',
      });
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);

      // The same form again, as a browser sends it that was asked to reload.
      const again = await root.browser.submit(page, { url: receiver.url, every: 'on' }, { form: `${path}/new` });
      expect(again.words).toContain('This webhook is there already.');
      expect((await room.ask('/webhooks', { key })).body.webhooks).toHaveLength(1);

      expect((await press(id, 'test')).words).toContain('A test is on its way.');
      await room.app.client('web', { redirect_uris: ['https://wiki.example.net/cb'], client_name: 'Wiki' });
      await receiver.heard(2);
      const told = receiver.came.map((one) => verified(one, secret));
      expect(told.map(({ type }) => type)).toEqual(expect.arrayContaining(['webhook.tested', 'client.created']));
      const tested = told.find(({ type }) => type === 'webhook.tested');
      expect(tested).toEqual({
        type: 'webhook.tested',
        timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
        data: expect.objectContaining({ actor: root.account.id, details: { webhook: id } }),
      });
      // What is personal stays: it rests under a key that goes with the account.
      expect(receiver.came.map(({ body }) => body).join()).not.toMatch(/127\.0\.0\.1|userAgent|example\.com|"ip"/);

      await settled(id);
      const shown = await root.browser.open(`${path}/${id}`);
      expect(shown.words).toContain('webhook.tested Taken');
      const listed = await room.ask(`/webhooks/${id}/deliveries`, { key });
      expect(listed.body.deliveries).toHaveLength(2);
      expect(listed.body.deliveries[0]).toMatchObject({ state: 'delivered', tries: 1, status: 200 });

      const seen = await room.ask(`/webhooks/${id}`, { key });
      const everything = [
        shown.html,
        JSON.stringify([seen.body, listed.body, await events()]),
        JSON.stringify(await room.app.services.records.webhooks.get(id)),
        room.app.log.join('\n'),
      ].join('\n');
      expect(everything).not.toContain(secret.slice(6));
      expect(everything).not.toContain('nobodys-business');
      // The address may be as good as a password: neither the audit log nor the log has more than its origin.
      expect(`${JSON.stringify(await events())}${room.app.log.join('\n')}`).not.toContain('of-the-operator');
      expect(await events()).toEqual([
        expect.objectContaining({
          kind: 'webhook.created',
          actor: root.account.id,
          details: { webhook: id, origin: new URL(receiver.url).origin, kinds: ['client.created', 'webhook.tested'] },
        }),
        expect.objectContaining({ kind: 'webhook.tested', details: { webhook: id } }),
      ]);
      await press(id, 'delete');
    });

    test('a body, a time or an id that was changed is not believed, and neither is an old message', async () => {
      const { id, secret } = await make({ 'kind-client.created': 'on' });
      const before = receiver.came.length;
      await press(id, 'test');
      await receiver.heard(before + 1);
      const one = receiver.came.at(-1) ?? { headers: {}, body: '' };
      const changed = (name: string, value: string) => ({ ...one, headers: { ...one.headers, [name]: value } });

      expect(verified(one, secret).type).toBe('webhook.tested');
      expect(() => verified({ ...one, body: one.body.replace('tested', 'teased') }, secret)).toThrow('signature');
      expect(() => verified(changed('webhook-id', 'another'), secret)).toThrow('signature');
      const later = Number(one.headers['webhook-timestamp']) + 60;
      expect(() => verified(changed('webhook-timestamp', String(later)), secret)).toThrow('signature');
      const old = String(later - 3600);
      expect(() => verified(changed('webhook-timestamp', old), secret)).toThrow('too old');
      expect(() => verified(one, `whsec_${Buffer.alloc(32).toString('base64')}`)).toThrow('signature');

      // Replacing the secret: for a while both are right, and a form that is sent twice makes one.
      const form = await root.browser.open(`${path}/${id}/secret`);
      const send = () => root.browser.submit(form, { overlap: '86400' }, { form: '/secret' });
      const fresh = secretOn(await send());
      expect((await send()).words).toContain('A new secret was made already.');
      await press(id, 'test');
      await receiver.heard(before + 2);
      const both = receiver.came.at(-1) ?? one;
      expect([verified(both, secret).type, verified(both, fresh).type]).toEqual(['webhook.tested', 'webhook.tested']);

      const last = secretOn(await press(id, 'secret', { overlap: '0' }));
      await press(id, 'test');
      await receiver.heard(before + 3);
      const alone = receiver.came.at(-1) ?? one;
      expect(verified(alone, last).type).toBe('webhook.tested');
      expect(() => verified(alone, fresh)).toThrow('signature');
      await press(id, 'delete');
    });

    test('S55: what is wrong stands beside its field, and an address that is none of the outside is refused', async () => {
      const form = await root.browser.open(`${path}/new`);
      const send = (fields: Record<string, string>) => root.browser.submit(form, fields, { form: `${path}/new` });

      for (const url of ['http://example.com/', 'ftp://example.com/', 'javascript:alert(1)', 'https://a@b.example/']) {
        const wrong = await send({ url, every: 'on' });
        expect([wrong.status, wrong.html.includes('id="field-url-problem"')]).toEqual([422, true]);
      }
      const none = await send({ url: receiver.url });
      expect([none.status, none.words]).toEqual([422, expect.stringContaining('Choose at least one kind of event.')]);
      expect((await room.ask('/webhooks', { key })).body.webhooks).toEqual([]);

      const body = { url: 'https://example.com/', kinds: ['no.such'] };
      expect((await room.ask('/webhooks', { key, method: 'POST', body })).status).toBe(422);
    });

    test('S53, S96: the API asks for the version, for audit:read besides, and answers 404 for what is not there', async () => {
      const ask = (place: string, method: string, body?: object, headers: Record<string, string> = {}, as = key) =>
        room.ask(`/webhooks${place}`, { key: as, method, body, headers });
      const input = { url: receiver.url, description: 'By a program', kinds: ['*'] };
      const partial = await room.key(root.account, ['webhooks:write', 'webhooks:read']);
      expect((await ask('', 'POST', input, {}, partial)).status).toBe(403);

      const made = await ask('', 'POST', input, { 'idempotency-key': 'one' });
      expect([made.status, made.body.webhook.kinds]).toEqual([201, ['*']]);
      expect((await ask('', 'POST', input, { 'idempotency-key': 'one' })).body.webhook?.id).toBe(made.body.webhook.id);
      const { id } = made.body.webhook;

      const { headers } = await ask(`/${id}`, 'GET');
      const tag = { 'if-match': headers.get('etag') ?? '' };
      const next = { ...input, kinds: ['keys.revoked', 'client.deleted'] };
      expect((await ask(`/${id}`, 'PUT', next, tag, partial)).status).toBe(403);
      expect((await ask(`/${id}`, 'PUT', next)).status).toBe(428);
      expect((await ask(`/${id}`, 'PUT', next, tag)).body.kinds).toEqual(['client.deleted', 'keys.revoked']);
      expect((await ask(`/${id}`, 'PUT', input, tag)).status).toBe(412);
      expect((await events()).at(-1)).toMatchObject({
        kind: 'webhook.updated',
        details: { webhook: id, changes: { kinds: { before: ['*'], after: ['client.deleted', 'keys.revoked'] } } },
      });

      expect((await ask(`/${id}/disable`, 'POST', undefined, {}, partial)).status).toBe(204);
      expect((await ask(`/${id}/enable`, 'POST', undefined, {}, partial)).status).toBe(403);
      expect((await ask(`/${id}/test`, 'POST', undefined, { 'idempotency-key': 'two' })).status).toBe(409);
      for (const place of ['/none', '/none/deliveries']) expect((await ask(place, 'GET')).status).toBe(404);
      expect((await ask(`/${id}/deliveries/none/redeliver`, 'POST')).status).toBe(409);
      await ask(`/${id}/enable`, 'POST');
      expect((await ask(`/${id}/deliveries/none/redeliver`, 'POST')).status).toBe(404);
      expect((await ask('/none/test', 'POST', undefined, { 'idempotency-key': 'three' })).status).toBe(404);

      const auditor = await room.somebody('auditor');
      const page = await auditor.browser.open(`${path}/${id}`);
      expect([page.status, page.html.includes(`${id}/edit`)]).toEqual([200, false]);
      expect((await auditor.browser.get(`${path}/${id}/delete`)).status).toBe(403);

      expect((await ask(`/${id}`, 'DELETE')).status).toBe(204);
      expect((await ask(`/${id}`, 'DELETE')).status).toBe(404);
      expect(await room.app.services.records.webhookDeliveries.count('webhook', id)).toBe(0);
    });
  });
}
