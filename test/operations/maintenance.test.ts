import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { InMaintenance, Unavailable } from '../../src/domain/errors.ts';
import { changeStanding, watchStanding } from '../../src/operations/standing.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import { holdWrites } from '../../src/storage/held-writes.ts';
import { openGround, type Ground, type Party, type Tokens } from '../security/protocol/ground.ts';
import { isSignedIn, unlimited } from '../security/web/visits.ts';
import { failed, fifty, sample } from '../storage/rows.ts';
import { describeStores, opened, recordsStore } from '../storage/stores.ts';
import { settableClock } from '../support/clock.ts';
import { within } from '../support/within.ts';

const by = { actor: 'command-line' };

describe('in maintenance', () => {
  let ground: Ground;
  let wiki: Party;
  let tokens: Tokens;

  beforeAll(async () => {
    ground = await openGround({ env: unlimited });
    wiki = await ground.party('web', { first_party: true });
    tokens = await wiki.tokens(ground.browser);

    expect(await ground.app.services.maintenance.turnOn(by)).toBe(true);
    await within(
      5000,
      () => ground.get('/account'),
      ({ status }) => status === 503,
    );
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  test('people read on a page of ours, in their language, that it is closed and that they stay signed in', async () => {
    for (const path of ['/account', '/account/personal-information', wiki.url()]) {
      const page = await ground.browser.get(path);

      expect(page).toMatchObject({ status: 503 });
      expect(page.words).toContain('Closed for maintenance');
      expect(page.words).toContain('you stay signed in');
      expect(page.headers).toMatchObject({ 'retry-after': '30', 'cache-control': 'no-store' });
    }

    const german = await ground.get('/account', { accept: 'text/html', 'accept-language': 'de' });
    expect(german.text).toContain('Wegen Wartung geschlossen');
  });

  test('programs read it in the form that they know', async () => {
    const refusals = [
      await wiki.refresh(tokens.refresh_token),
      await wiki.introspect(tokens.access_token),
      await wiki.revoke(tokens.refresh_token),
      await ground.userinfo(tokens.access_token),
    ];

    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
      expect(refusal.headers).toMatchObject({
        'retry-after': '30',
        'content-type': expect.stringMatching(/^application\/json/),
      });
    }

    const other = await ground.get('/account', { accept: 'application/json' });
    expect(other).toMatchObject({ status: 503, body: { code: 'maintenance', detail: 'Closed for maintenance' } });
    expect(other.headers).toMatchObject({ 'retry-after': '30', 'content-type': 'application/problem+json' });
  });

  test('discovery, keys, health and what a page is drawn with are answered', async () => {
    const page = await ground.get('/account', { accept: 'text/html' });
    const stylesheet = /<link rel="stylesheet" href="([^"]+)"/.exec(page.text)?.[1] ?? '';

    for (const path of ['/.well-known/openid-configuration', '/oauth/jwks', '/healthz', '/readyz', stylesheet]) {
      expect(await ground.get(path)).toMatchObject({ status: 200 });
    }
  });

  test('nothing writes: neither background work nor a request that was on its way', async () => {
    const { records } = ground.app.services;
    const refused: [string, () => Promise<unknown>][] = [
      ['create', () => records.used.create({ id: 'new', expiresAt: Date.now() + 60_000 })],
      ['update', () => records.accounts.update(ground.ana.id, (old) => ({ ...old, displayName: 'Eve' }))],
      ['remove', () => records.accounts.remove(ground.ana.id)],
      ['removeAll', () => records.sessions.removeAll('account', ground.ana.id)],
      ['write', () => records.write([{ in: 'accounts', remove: ground.ana.id }])],
      ['sweep', () => records.sweep(100)],
    ];

    for (const [, write] of refused) await expect(write()).rejects.toThrow(InMaintenance);

    expect(failed(await fifty(() => records.sessions.removeAll('account', ground.ana.id)))).toHaveLength(50);
    expect(await records.accounts.get(ground.ana.id)).toMatchObject({ displayName: 'Ana Lind' });
    expect(await records.sessions.count('account', ground.ana.id)).toBe(1);
  });

  test('is no failure in the log, and is told in the record of events', async () => {
    expect(ground.app.log.filter((line) => /"(failure|unexpected)"/.test(line))).toEqual([]);

    const { rows } = await ground.app.services.records.events.list('time', 'all', { descending: true, limit: 1 });
    expect(rows).toMatchObject([{ kind: 'maintenance.begun', actor: 'command-line' }]);
  });

  test('a node that starts meanwhile is closed too, and both open again', async () => {
    await ground.app.restart();
    expect(await ground.get('/account')).toMatchObject({ status: 503 });

    const { maintenance } = ground.app.services;
    expect(await maintenance.turnOn(by)).toBe(false);
    expect(await maintenance.turnOff(by)).toBe(true);
    expect(await maintenance.turnOff(by)).toBe(false);

    await within(
      5000,
      () => ground.browser.get('/account'),
      ({ status }) => status !== 503,
    );
    expect(await isSignedIn(ground.browser)).toBe(true);
    expect(await wiki.refresh(tokens.refresh_token)).toMatchObject({ status: 200 });
  });
});

for (const backend of recordsBackends) {
  describeStores([backend.kind], `the standing of a store on ${backend.kind}`, () => {
    const make = recordsStore(backend);
    const never = 2 ** 31 - 1;
    const clock = settableClock();
    const first = { state: 'open' } as const;

    test('is changed once, however many change it at once', async () => {
      await using store = await opened(make);
      const other = await store.another();
      let turned = 0;

      await fifty((number) =>
        changeStanding(number % 2 === 0 ? store.port : other, clock, (old) =>
          old.state === 'open' ? { state: 'maintenance', since: number } : old,
        ).then((standing) => (turned += standing.state === 'maintenance' && standing.since === number ? 1 : 0)),
      );

      expect(turned).toBe(1);
    });

    test('counts for a write after a process stood still, before anything is written', async () => {
      await using store = await opened(make);
      using stale = watchStanding(store.port, { first, every: never, lasts: -1, failed: fail });
      using fresh = watchStanding(store.port, { first, every: never, failed: fail });
      await changeStanding(store.port, clock, () => ({ state: 'maintenance', since: 0 }));

      const write = (watch: typeof stale) => holdWrites(store.port, watch.hold).used.create(sample('used'));

      stale.begin();
      await expect(write(stale)).rejects.toThrow(InMaintenance);
      expect(await store.port.used.get('used-1')).toBeUndefined();

      // That it looked again is all that made the difference.
      fresh.begin();
      await write(fresh);
      expect(await store.port.used.get('used-1')).toBeDefined();
    });

    test('that cannot be looked at lets nothing be written', async () => {
      await using store = await opened(make);
      const gone = { settings: { ...store.port.settings, get: () => Promise.reject(new Unavailable('gone')) } };
      using watch = watchStanding(gone, { first, every: never, lasts: -1, failed: fail });
      watch.begin();

      await expect(holdWrites(store.port, watch.hold).used.create(sample('used'))).rejects.toThrow('gone');
      expect(await store.port.used.get('used-1')).toBeUndefined();
    });
  });
}

function fail(error: unknown): void {
  throw error;
}
