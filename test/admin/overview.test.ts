import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { clientCredentialsGrant, refreshTokenGrant } from 'openid-client';

import { createTallies } from '../../src/events/tallies.ts';
import { openBrowser } from '../support/browser.ts';
import { enter } from '../security/web/visits.ts';
import { openAdministration, type AdministrationRoom } from '../support/administration.ts';
import { describeWith } from '../support/need.ts';
import { relyingParty } from '../support/relying-party.ts';
import { eachStore, needsOf } from '../support/storage.ts';

const hour = 3_600_000;
const wikiCallback = 'https://wiki.example.com/cb';

for (const pair of eachStore) {
  describeWith(needsOf(pair), `the overview on ${pair}`, () => {
    let room: AdministrationRoom;

    beforeAll(async () => {
      room = await openAdministration(pair);
    });

    afterAll(async () => {
      await room[Symbol.asyncDispose]();
    });

    test('what happens is counted by hours, on all nodes together, and shown with a table', async () => {
      const { app } = room;
      const { account, browser } = await room.somebody('auditor');
      const key = await room.key(account);
      const { records, tallies } = app.services;
      await tallies.flush();
      const before = await nowOf(key);

      const ana = await app.account();
      await enter(openBrowser(app.url), { ...ana, password: 'wrong-as-can-be-1234' });
      await enter(openBrowser(app.url), ana);
      await tallies.flush();
      await tallies.sample();
      const after = await nowOf(key);
      expect(after.signIns - before.signIns).toBe(1);
      expect(after.failures - before.failures).toBe(1);
      expect(after.sessions).toBe(await records.sessions.count('created', 'all'));
      expect(after.sessions).toBeGreaterThanOrEqual(2);

      // Nodes that count at once: nothing is lost.
      const nodes = Array.from({ length: 50 }, () => createTallies({ records, clock: app.clock }));
      for (const node of nodes) node.noteTokens();
      await Promise.all(nodes.map((node) => node.flush()));
      expect((await nowOf(key)).tokens - after.tokens).toBe(50);

      const page = await browser.open('/admin');
      expect(page.words).toContain('Nothing needs attention.');
      expect(page.html).toMatch(/<svg class="bad"[^]*<rect [^]*<table>/);
      const month = await browser.open('/admin?over=month');
      expect(month.html.match(/<tr>/g)?.length).toBeGreaterThan(30);
      expect((await browser.open('/admin?over=ever')).status).toBe(200);

      expect((await room.ask('/overview?over=ever', { key })).status).toBe(400);
    });

    test('every answer of the token endpoint counts: codes, refreshes, and machines, which nobody signs in to', async () => {
      const { app } = room;
      const key = await room.key((await room.somebody('auditor')).account);
      const wiki = await relyingParty(
        app,
        await app.client('web', { redirect_uris: [wikiCallback], first_party: true }),
      );
      const robot = await relyingParty(app, await app.client('machine', {}));
      await app.services.tallies.flush();
      const before = await nowOf(key);

      const { tokens } = await wiki.signIn(await app.account(), { request: { scope: 'openid offline_access' } });
      await refreshTokenGrant(wiki.config, tokens.refresh_token ?? '');
      await clientCredentialsGrant(robot.config);
      await expect(refreshTokenGrant(wiki.config, 'x'.repeat(65))).rejects.toThrow();
      await app.services.tallies.flush();

      expect((await nowOf(key)).tokens - before.tokens).toBe(3);
    });

    test('what could not be added is added when the store answers again, of every hour', async () => {
      const { records } = room.app.services;
      let away = true;
      const update: typeof records.tallies.update = (...given) =>
        away ? Promise.reject(new Error('away')) : records.tallies.update(...given);
      const clock = { time: room.app.clock.now() - 100 * hour, now: () => clock.time };
      const node = createTallies({ records: { ...records, tallies: { ...records.tallies, update } }, clock });
      node.noteTokens();
      clock.time += hour;
      node.noteTokens();

      await expect(node.flush()).rejects.toThrow('away');
      away = false;
      await node.flush();
      const found = (await node.read(clock.time - 2 * hour)).filter(({ at }) => at <= clock.time);
      expect(found.map(({ counts }) => counts.tokens)).toEqual([1, 1]);
    });

    test('a day has 24 hours and a month 30 days, those without anything too; what is older is not in it', async () => {
      const { account } = await room.somebody('auditor');
      const key = await room.key(account);
      const at = (ago: number) => new Date(room.app.clock.now() - ago).toISOString();
      await createTallies({
        records: room.app.services.records,
        clock: { now: () => room.app.clock.now() - 26 * hour },
      }).sample();

      const day = await room.ask('/overview', { key });
      expect(day.body.activity).toHaveLength(24);
      expect(day.body.activity[0].from < at(22 * hour)).toBe(true);
      expect(day.body.activity[0].sessions).toBe(0);

      const month = await room.ask('/overview?over=month', { key });
      expect(month.body.activity).toHaveLength(30);
      expect(month.body.activity.filter(({ sessions }: { sessions: number }) => sessions > 0).length).toBeGreaterThan(
        0,
      );
    });

    test('mail that waits, notices that failed and an old key need attention', async () => {
      const { app } = room;
      const { account, browser } = await room.somebody('admin');
      const { records, signingKeys } = app.services;
      const now = app.clock.now();
      const common = { attempts: 3, nextAt: now + 60_000, createdAt: now - 900_000, expiresAt: now + hour };
      const mail = {
        ...common,
        id: 'late',
        channel: 'email',
        template: 'code',
        locale: 'en',
        state: 'queued',
      } as const;
      await records.messages.create({ ...mail, usefulUntil: now + hour } as never);
      const notice = { ...common, clientId: 'wiki', sessionUid: 's' } as const;
      await records.logoutNotices.create({ ...notice, id: 'failed', state: 'failed', nextAt: now - hour });

      const shown = await browser.open('/admin');
      expect(shown.words).toContain('1 e-mail has waited to be sent for ten minutes or longer.');
      expect(shown.words).toContain('1 time in the last seven days an app could not be told');

      const { body } = await room.ask('/overview', { key: await room.key(account) });
      expect(body.attention).toEqual([
        { kind: 'mailLate', count: 1 },
        { kind: 'noticesFailed', count: 1 },
      ]);

      expect(await signingKeys.list()).toHaveLength(2);
      const old = (await signingKeys.list())?.map(({ from }) => from) ?? [];
      const later = { ...app.services, clock: { now: () => Math.min(...old) + 91 * 24 * hour } };
      const { createOverview } = await import('../../src/operations/overview.ts');
      expect(await createOverview(later).attention()).toContainEqual({ kind: 'keyOld', count: 2 });
    });

    async function nowOf(key: string): Promise<Record<'signIns' | 'failures' | 'tokens' | 'sessions', number>> {
      const { body } = await room.ask('/overview', { key });

      return body.activity.at(-1);
    }
  });
}
