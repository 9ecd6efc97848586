import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { newTimedId } from '../../src/domain/ids.ts';
import { createWebhookOutbox } from '../../src/operations/webhook-outbox.ts';
import { sample } from '../storage/rows.ts';
import { openAdministration, type AdministrationRoom } from '../support/administration.ts';
import type { TestApp } from '../support/app.ts';
import { describeWith } from '../support/need.ts';
import { startNodes } from '../support/nodes.ts';
import { eachStore, needsOf } from '../support/storage.ts';
import { startWebhookReceiver, verified, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { by, env, happen, hook, lastOnce, later, until, webhookOnce } from './webhook-life.ts';

const minute = 60_000;
const day = 86_400_000;

/** What comes of events whose receiver is down, slow or gone, and of nodes that are stopped. */
for (const pair of eachStore) {
  describeWith(needsOf(pair), `telling webhooks of events on ${pair}`, () => {
    const running = new AsyncDisposableStack();
    let room: AdministrationRoom;
    let app: TestApp;
    let receiver: WebhookReceiver;

    beforeAll(async () => {
      room = running.use(await openAdministration(pair, { env }));
      ({ app } = room);
    });

    beforeAll(async () => {
      receiver = running.use(await startWebhookReceiver());
    });

    afterAll(async () => {
      await running.disposeAsync();
    });

    test('a receiver that is down is tried again under the same id, later and later, and another one waits for nothing', async () => {
      await using quick = await startWebhookReceiver();
      const slow = await hook(app, receiver);
      await hook(app, quick);
      receiver.answers = 503;
      receiver.headers = { 'retry-after': '120' };

      await happen(app);
      await Promise.all([receiver.heard(1), quick.heard(1)]);
      const first = await lastOnce(app, slow.id, ({ attempts }) => attempts === 1);
      expect(first).toMatchObject({ state: 'queued', status: 503, lastError: 'other_answer', detail: 'answered 503' });
      expect((first?.nextAt ?? 0) - (first?.lastTriedAt ?? 0)).toBe(120_000);

      // What happens meanwhile waits as well, without a try of its own.
      await happen(app);
      await quick.heard(2);
      expect(receiver.came).toHaveLength(1);
      expect((await app.services.webhooks.find(slow.id))?.waiting).toBe(2);

      receiver.headers = {};
      await later(app, 2 * minute + 1000);
      await receiver.heard(2);
      const rows = async () => (await app.services.webhooks.deliveries(slow.id))?.rows ?? [];
      await until(rows, (all) => all.every(({ claim, attempts }) => claim === undefined && attempts > 0));
      receiver.answers = 204;
      await later(app, 10 * minute);
      await receiver.heard(4);
      await until(
        () => app.services.webhooks.find(slow.id),
        (of) => of?.waiting === 0,
      );
      expect((await app.services.records.webhooks.get(slow.id))?.failingSince).toBeUndefined();

      const ids = receiver.came.map(({ headers }) => headers['webhook-id']);
      expect(new Set(ids).size).toBe(2);
      const times = receiver.came.map(({ headers }) => Number(headers['webhook-timestamp']));
      expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(700);

      // Sent again by hand: the same once more, and not while it is on its way.
      const { services } = app;
      const eventId = String(ids[0]);
      receiver.answers = 'hang';
      expect((await services.webhooks.redeliver(slow.id, eventId, by))?.ok).toBe(true);
      expect(await services.webhooks.redeliver(slow.id, eventId, by)).toMatchObject({
        problems: [{ key: 'problem.webhookUnderWay' }],
      });
      await receiver.heard(5);
      expect(receiver.came.at(-1)?.headers['webhook-id']).toBe(eventId);
      receiver.answers = 200;
      for (const { id } of await services.webhooks.list()) await services.webhooks.delete(id, by);
    }, 30_000);

    test('one that says it is gone, and one that takes nothing for three days, is switched off, and administrators hear of it', async () => {
      const root = await room.somebody('admin', { email: 'root@example.com' });
      const { id } = await hook(app, receiver);
      const before = receiver.came.length;
      receiver.answers = 410;
      await happen(app);
      await receiver.heard(before + 1);
      await webhookOnce(app, id, ({ enabled }) => !enabled);
      expect(await app.services.records.webhooks.get(id)).toMatchObject({ stopped: { reason: 'gone' } });
      expect((await root.browser.open('/admin')).words).toContain('1 webhook was switched off');
      const isTold = async () =>
        (await app.mail.allTo('root@example.com')).some((one) => one.template === 'webhook-stopped');
      await until(isTold, Boolean);
      const mail = await app.mail.to('root@example.com', 'webhook-stopped');
      expect(mail.link).toBe(`${app.url}/admin/webhooks/${id}`);
      expect(mail.text).not.toContain('of-the-operator');

      // Off: nothing is left for it, and what waited stays.
      await happen(app);
      expect((await app.services.webhooks.find(id))?.waiting).toBe(1);

      receiver.answers = 500;
      await app.services.webhooks.setEnabled(id, true, by);
      await later(app, minute);
      await receiver.heard(before + 2);
      await lastOnce(app, id, ({ attempts }) => attempts === 2);
      await later(app, 3 * day + minute);
      await webhookOnce(app, id, ({ stopped }) => stopped?.reason === 'failing');
      // Tried for three days: given up, and kept to be seen.
      expect(await lastOnce(app, id, ({ state }) => state === 'failed')).toMatchObject({ status: 500 });
      const events = await app.services.records.events.list('kind', 'webhook.disabled', { descending: true, limit: 2 });
      expect(events.rows.map(({ details, actor }) => [actor, details['reason']])).toEqual([
        ['server', 'failing'],
        ['server', 'gone'],
      ]);

      receiver.answers = 200;
      await app.services.webhooks.setEnabled(id, true, by);
      await happen(app);
      await lastOnce(app, id, ({ state }) => state === 'delivered');
      await app.services.webhooks.delete(id, by);
    }, 30_000);

    test('S55: nothing follows a redirect, and what stands for a private address is never asked', async () => {
      await using canary = await startWebhookReceiver();
      const { id } = await hook(app, receiver);
      receiver.answers = 302;
      receiver.headers = { location: canary.url };
      await happen(app);
      await lastOnce(app, id, ({ lastError }) => lastError === 'no_answer');
      expect(canary.came).toEqual([]);
      receiver.answers = 200;
      receiver.headers = {};

      await app.services.webhooks.delete(id, by);

      // The guard is the same on every store.
      if (pair !== eachStore[0]) return;
      await using guarded = await openAdministration(pair);
      const { port } = new URL(canary.url);
      for (const host of ['localhost', '127.0.0.1', '2130706433', '[::ffff:127.0.0.1]']) {
        const forbidden = await hook(guarded.app, { url: `https://${host}:${port}/` });
        await happen(guarded.app);
        expect(await lastOnce(guarded.app, forbidden.id, ({ attempts }) => attempts === 1)).toMatchObject({
          lastError: 'refused_address',
        });
        await guarded.app.services.webhooks.delete(forbidden.id, by);
      }
    }, 30_000);

    test('killed between: no event is without its delivery, and a delivery without its event is never sent', async () => {
      const { id, secret } = await hook(app, receiver);
      const before = receiver.came.length;
      const { records, webhookOutbox, webhookBell } = app.services;
      const now = app.clock.now();
      const alone = newTimedId(now);
      const about = { webhookId: id, kind: 'setup.begun', attempts: 0, nextAt: now, queuedAt: now, createdAt: now };
      const times = { expiresAt: now + day, state: 'queued' as const };
      const { claim: _, ...row } = sample('webhookDeliveries', {
        ...about,
        ...times,
        id: `${id} ${alone}`,
        eventId: alone,
      });
      await records.webhookDeliveries.create(row);
      webhookBell.ring();

      // Written by another node, which was killed while it sent it.
      const eventId = newTimedId(now);
      const event = { id: eventId, kind: 'keys.removed', at: now, actor: 'server', details: {} };
      await records.events.create(event);
      await records.webhookDeliveries.create({
        ...row,
        id: `${id} ${eventId}`,
        eventId,
        attempts: 1,
        claim: 'of the dead',
        nextAt: now + minute,
      });
      await later(app, minute + 1000);
      await receiver.heard(before + 1);
      expect(receiver.came.at(-1)?.headers['webhook-id']).toBe(eventId);

      await later(app, 2 * minute);
      const state = async () => (await records.webhookDeliveries.get(`${id} ${alone}`))?.state;
      expect(await until(state, (is) => is === 'dropped')).toBe('dropped');
      expect(receiver.came).toHaveLength(before + 1);
      expect(() => verified(receiver.came[before] ?? { headers: {}, body: '' }, secret)).toThrow('too new');

      // What is left stands before its event, in whatever step that is written.
      const written: string[] = [];
      const watched = webhookOutbox.around({
        ...records,
        write: (writes) => (written.push(...writes.map((one) => one.in)), Promise.resolve(true)),
      });
      const setup = { ...event, kind: 'setup.begun' };
      await watched.write([
        { in: 'used', remove: 'x', decides: true },
        { in: 'events', create: setup },
      ]);
      await watched.events.create(setup);
      expect(written).toEqual(['used', 'webhookDeliveries', 'events', 'webhookDeliveries', 'events']);
      written.length = 0;
      await watched.write(
        [
          { in: 'used', remove: 'x' },
          { in: 'events', create: setup },
        ],
        { inOrder: false },
      );
      expect(written).toEqual(['webhookDeliveries', 'used', 'events']);
      await app.services.webhooks.delete(id, by);
    }, 30_000);

    test('a flood fills no store: beyond so many nothing more is left, and that is said', async () => {
      const { id } = await hook(app, { url: 'https://gone.invalid/' });
      const { records } = app.services;
      const outbox = createWebhookOutbox({ records, clock: app.clock, bell: { ring: () => undefined }, most: 3 });
      const around = outbox.around({
        ...records,
        // This outbox alone, and not that of the app.
        write: (writes) => records.write(writes.filter((one) => one.in !== 'events')),
      });
      await outbox.look();
      const flood = async () => {
        for (let count = 0; count < 5; count += 1) {
          const event = { id: newTimedId(app.clock.now()), kind: 'setup.begun', at: 0, actor: 'server', details: {} };
          await around.events.create(event);
        }
      };

      await flood();
      await outbox.look();
      expect((await app.services.webhooks.find(id))?.waiting).toBe(3);
      const full = await records.webhooks.get(id);
      expect([full?.overflow?.from, full?.overflow?.until]).toEqual([expect.any(Number), undefined]);

      await records.webhookDeliveries.removeAll('webhook', id);
      await outbox.look();
      expect((await records.webhooks.get(id))?.overflow?.until).toEqual(expect.any(Number));
      await app.services.webhooks.delete(id, by);
    });
  });

  describeWith(needsOf(pair), `webhooks of two nodes on ${pair}`, () => {
    test('two nodes at once send each event once, and a change on one shows on the other', async () => {
      await using receiver = await startWebhookReceiver();
      await using nodes = await startNodes({ pair, env });
      const { first, second } = nodes;
      const { id, secret } = await hook(first, receiver);
      await second.services.webhookOutbox.look();

      await Promise.all(Array.from({ length: 40 }, (_, at) => happen(at % 2 === 0 ? first : second)));
      await receiver.heard(40);
      const waiting = () => first.services.webhooks.find(id);
      await until(waiting, (of) => of?.waiting === 0);
      expect(new Set(receiver.came.map(({ headers }) => headers['webhook-id'])).size).toBe(40);
      expect(receiver.came).toHaveLength(40);
      expect(new Set(receiver.came.map((one) => verified(one, secret).type))).toEqual(new Set(['setup.begun']));

      // Switched off on one of them: the other leaves nothing more, and has nothing to send.
      await first.services.webhooks.setEnabled(id, false, by);
      await second.services.webhookOutbox.look();
      await happen(second);
      expect((await waiting())?.waiting).toBe(0);
    }, 30_000);
  });
}
