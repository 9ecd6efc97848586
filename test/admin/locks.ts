import { describe, expect, test } from '@jest/globals';

import { recoveryAt } from '../flows/recovery.ts';
import { enter, isSignedIn } from '../security/web/visits.ts';
import { valueOf } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { reason, type AccountRoom } from './account-room.ts';

const day = 86_400_000;

/** What a lock does, whom it is told, and how it ends. */
export function locks(room: () => AccountRoom): void {
  describe('S30: a lock', () => {
    test('ends everything at once, is told to the person with its reason, and to nobody else', async () => {
      const at = room();
      const ben = await at.person();
      const browser = openBrowser(at.room.app.url);
      await enter(browser, ben);
      const permissions = [{ audience: `${at.room.app.url}/api/account/v1`, scope: 'profile:read' }];
      const input = { name: 'x', once: 'x', permissions };
      const made = await at.room.app.services.apiKeys.create(ben, input, { actor: ben.id });
      const authorization = `Bearer ${made === 'made' ? '' : valueOf(made).key}`;
      const profile = () => fetch(`${at.room.app.url}/api/account/v1/profile`, { headers: { authorization } });
      expect((await profile()).status).toBe(200);

      const until = new Date(at.room.app.clock.now() + day).toISOString();
      expect((await at.change(ben.id, '/lock', 'PUT', { reason: '' })).status).toBe(422);
      expect((await at.change(ben.id, '/lock', 'PUT', { reason, until: '2020-01-01T00:00:00Z' })).status).toBe(422);
      const locked = await at.change(ben.id, '/lock', 'PUT', { reason, until });
      expect(locked).toMatchObject({ status: 200, body: { sessions: 1 } });

      expect(await isSignedIn(browser)).toBe(false);
      expect((await profile()).status).toBe(401);
      expect(await at.ask(`/${ben.id}`)).toMatchObject({ body: { status: 'locked', lock: { reason, until } } });
      expect((await at.ask('?only=locked')).body.accounts).toMatchObject([{ id: ben.id }]);
      expect((await at.room.app.mail.to(ben.email)).text).toContain(reason);

      const tried = openBrowser(at.room.app.url);
      const wrong = await enter(tried, { email: ben.email, password: 'wrong' });
      const nobody = await enter(openBrowser(at.room.app.url), { email: 'nobody@example.org', password: 'wrong' });
      expect([wrong.status, wrong.words]).toEqual([
        nobody.status,
        nobody.words.replace('nobody@example.org', ben.email),
      ]);
      const told = await enter(tried, ben);
      expect(told.status).toBe(403);
      expect(told.words).toContain(reason);
      expect(await isSignedIn(tried)).toBe(false);
      // And no way around it.
      const { ask: askFor } = recoveryAt(() => at.room.app);
      await askFor(ben.email);
      expect(await at.mailsTo(ben.email)).not.toContain('reset-password');

      const event = (await at.eventsOf(ben.id)).find(({ kind }) => kind === 'account.disabled');
      expect(event).toMatchObject({
        actor: expect.stringMatching(/^key:/),
        details: { until: Date.parse(until) },
        changes: { reason: { before: null, after: reason } },
      });
      expect(JSON.stringify(await at.room.app.services.records.events.get(event?.id ?? ''))).not.toContain(reason);
    });

    test('is over by itself: at the door at once, for everything else a minute later; nothing that ended comes back', async () => {
      const at = room();
      const [ben, cleo] = [await at.person(), await at.person()];
      const browser = openBrowser(at.room.app.url);
      await enter(browser, ben);
      for (const { id } of [ben, cleo]) {
        const until = new Date(at.room.app.clock.now() + day).toISOString();
        await at.change(id, '/lock', 'PUT', { reason, until });
      }

      at.room.app.clock.advance(day + 1);
      expect(await isSignedIn(browser)).toBe(false);
      const door = openBrowser(at.room.app.url);
      await enter(door, ben);
      expect(await isSignedIn(door)).toBe(true);
      expect(await at.ask(`/${ben.id}`)).toMatchObject({ body: { status: 'active' } });

      await at.room.app.services.locking.sweep(200);
      const { body } = await at.ask(`/${cleo.id}`);
      expect(body.status).toBe('active');
      expect(body.lock).toBeUndefined();
      expect((await at.eventsOf(cleo.id))[0]).toMatchObject({ kind: 'account.enabled', actor: 'server' });
      expect(await at.mailsTo(cleo.email)).toEqual(['by-administrator', 'by-administrator']);
    });

    test('ends when an administrator says so; one that is longer by then is not opened by an older end', async () => {
      const at = room();
      const ben = await at.person();
      await at.change(ben.id, '/lock', 'PUT', { reason, until: new Date(at.room.app.clock.now() + day).toISOString() });
      await at.change(ben.id, '/lock', 'PUT', { reason: 'For good.' });
      at.room.app.clock.advance(2 * day);
      await at.room.app.services.locking.sweep(200);
      expect((await enter(openBrowser(at.room.app.url), ben)).words).toContain('For good.');

      expect((await at.change(ben.id, '/lock', 'DELETE')).status).toBe(204);
      const browser = openBrowser(at.room.app.url);
      await enter(browser, ben);
      expect(await isSignedIn(browser)).toBe(true);
    });
  });
}
