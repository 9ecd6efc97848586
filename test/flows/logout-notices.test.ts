import { setImmediate as turn } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';

import { newId } from '../../src/domain/ids.ts';
import type { Registered } from '../../src/operations/clients.ts';
import { sample } from '../storage/rows.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { readLogoutToken, startLogoutReceiver, type LogoutReceiver } from '../support/logout-receiver.ts';
import { describeWith } from '../support/need.ts';
import { startNodes, type Nodes } from '../support/nodes.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';
import { needsOf, openPair, eachStore } from '../support/storage.ts';

const second = 1000;
const env = { GATEHOUSE_OUTBOUND_ALLOW_PRIVATE: 'true' };

const metadataOf = (receiver: LogoutReceiver, more: object = {}) => ({
  redirect_uris: ['https://wiki.example.net/cb'],
  first_party: true,
  backchannel_logout_uri: receiver.url,
  backchannel_logout_session_required: true,
  ...more,
});

const queuedAt = ({ services }: TestApp) => services.records.logoutNotices.count('state', 'queued');

/**
 * A day later nothing more has come. One for somebody else is put behind whatever may still be due: once the queue is
 * empty, that has come, and everything before it.
 */
async function expectNothingMore(app: TestApp, receiver: LogoutReceiver, clientId: string): Promise<void> {
  const came = receiver.tokens.length;
  app.clock.advance(86_400 * second);
  const at = app.clock.now();
  const about = { id: newId(), clientId, sessionUid: 'none', accountId: 'somebody else', sid: 'the last' };
  const times = { nextAt: at, createdAt: at, expiresAt: at + 86_400 * second };
  await app.services.records.logoutNotices.create(sample('logoutNotices', { ...about, ...times }));
  app.services.logoutNotices.wake();

  while ((await queuedAt(app)) > 0) await turn();
  expect(receiver.tokens.slice(came)).toHaveLength(1);
  receiver.tokens.length = came;
}

/** OpenID Connect Back-Channel Logout 1.0, with an app that is down at times and a Gatehouse that is stopped at times. */
for (const pair of eachStore) {
  describeWith(needsOf(pair), `telling apps of endings on ${pair}`, () => {
    const running = new AsyncDisposableStack();
    let app: TestApp;
    let receiver: LogoutReceiver;
    let registered: Registered;
    let wiki: RelyingParty;

    beforeAll(async () => {
      const stores = running.use(await openPair(pair));
      receiver = running.use(await startLogoutReceiver());
      app = running.use(await startTestApp({ env: { ...env, ...stores.env } }));
      registered = await app.client('web', metadataOf(receiver));
      wiki = await relyingParty(app, registered);
    });

    afterAll(() => running.disposeAsync());

    const read = (token = '', audience = wiki.clientId) => readLogoutToken(token, { issuer: app.url, audience });
    const sidOf = ({ tokens }: Awaited<ReturnType<RelyingParty['signIn']>>) => tokens.claims()?.['sid'];
    const nothingMore = () => expectNothingMore(app, receiver, wiki.clientId);

    async function sessionsOf(accountId: string) {
      return (await app.services.records.sessions.list('account', accountId)).rows;
    }

    /** Three times signed in, each in a browser of its own. */
    async function thrice() {
      receiver.tokens.length = 0;
      receiver.answers = 200;
      const ana = await app.account();
      const sids: unknown[] = [];
      for (let visit = 0; visit < 3; visit += 1) sids.push(sidOf(await wiki.signIn(ana)));

      return { ana, sids, sessions: await sessionsOf(ana.id) };
    }

    /** Lets time pass, and whatever is due then happen: the app's answer is logged so many times by then in all. */
    async function pass(milliseconds: number, tries: number): Promise<void> {
      app.clock.advance(milliseconds);
      app.services.logoutNotices.wake();
      await app.logged('logout_notice', tries);
    }

    const tried = () => app.log.filter((line) => line.includes('"logout_notice"')).length;

    test('three sessions of one person at one app: each of its own name, in their order, once', async () => {
      const { ana, sids, sessions } = await thrice();
      const before = tried();

      for (const { id } of sessions) await app.services.endings.session(id, { offline: true });
      await app.logged('logout_notice', before + 3);

      const told = await Promise.all(receiver.tokens.map((token) => read(token)));
      expect(told.map(({ sid }) => sid)).toEqual(sids);
      expect(told.map(({ sub }) => sub)).toEqual(Array(3).fill(ana.id));
      expect(new Set(told.map(({ jti }) => jti)).size).toBe(3);
      expect(told.map(({ exp = 0, iat = 0 }) => exp - iat)).toEqual(Array(3).fill(120));

      await nothingMore();
    });

    test('the app is down: it hears of all of them once it is back, in their order, once', async () => {
      const { ana, sids, sessions } = await thrice();
      const before = tried();
      await receiver.stop();

      const [first = '', ...others] = sessions.map(({ id }) => id);
      const ended = await app.services.endings.session(first, { offline: true });
      const receipt = await app.services.receipts.create(ana, 'device', ended);
      for (const id of others) await app.services.endings.session(id, { offline: true });
      await app.logged('logout_notice', before + 1);
      const state = async () => (await app.services.receipts.of(ana.id, receipt))?.applications[0]?.notices[0]?.state;
      expect(await state()).toBe('retrying');

      await pass(15 * second, before + 2);
      expect(await state()).toBe('retrying');
      await receiver.start();
      await pass(70 * second, before + 5);

      expect(await Promise.all(receiver.tokens.map(async (token) => (await read(token))['sid']))).toEqual(sids);
      expect(await state()).toBe('delivered');
      await nothingMore();
    });

    test('Gatehouse itself is stopped in between: the next start tells them', async () => {
      const { sids, sessions } = await thrice();
      const before = tried();
      receiver.answers = 503;

      for (const { id } of sessions) await app.services.endings.session(id, { offline: true });
      await app.logged('logout_notice', before + 1);
      await app.restart(undefined, async () => {
        receiver.answers = 200;
        receiver.tokens.length = 0;
        app.clock.advance(70 * second);
      });
      await app.logged('logout_notice', before + 4);

      expect(await Promise.all(receiver.tokens.map(async (token) => (await read(token))['sid']))).toEqual(sids);
    });

    test('what the command line ends, a server tells', async () => {
      const { sessions } = await thrice();
      const before = tried();
      const { records, clock, events } = app.services;
      const { createEndings } = await import('../../src/operations/endings.ts');
      const { createLogoutNotices } = await import('../../src/operations/logout-notices.ts');
      // As a process has them that sends nothing.
      const endings = createEndings({ records, events, notices: createLogoutNotices({ records, clock }) });

      for (const { id } of sessions) await endings.session(id, { offline: true });
      expect(receiver.tokens).toEqual([]);

      await pass(0, before + 3);
      expect(receiver.tokens).toHaveLength(3);
    });

    test('an app that refuses it is not asked again, and the account’s record says so', async () => {
      const { ana, sessions } = await thrice();
      const before = tried();
      receiver.answers = 400;

      await app.services.endings.session(sessions[0]?.id ?? '', { offline: true });
      await app.logged('logout_notice', before + 1);
      expect(receiver.tokens).toHaveLength(1);
      await nothingMore();

      const { events } = await app.services.events.read(ana);
      expect(events.filter(({ kind }) => kind === 'logout_notice.failed')).toMatchObject([
        { clientId: wiki.clientId, actor: 'server', details: { reason: 'refused' } },
      ]);
    });

    test('an app that is removed meanwhile is told nothing', async () => {
      const { sessions } = await thrice();
      const before = tried();
      await receiver.stop();
      for (const { id } of sessions) await app.services.endings.session(id, { offline: true });
      await app.logged('logout_notice', before + 1);
      await receiver.start();

      await app.services.clients.delete(registered.client.id, { actor: 'command-line' });
      await pass(3600 * second, before + 4);

      expect(receiver.tokens).toEqual([]);
      expect(await queuedAt(app)).toBe(0);

      registered = await app.client('web', metadataOf(receiver));
      wiki = await relyingParty(app, registered);
    });

    test('S37: an app that knows people by a name of its own hears of them by that, signed as it registered', async () => {
      receiver.tokens.length = 0;
      receiver.answers = 200;
      const own = await app.client(
        'web',
        metadataOf(receiver, { subject_type: 'pairwise', id_token_signed_response_alg: 'ES256' }),
      );
      const ana = await app.account();
      const { tokens } = await (await relyingParty(app, own)).signIn(ana);

      await app.services.locking.lock(ana.id, { reason: 'Lost' }, { actor: 'command-line' });
      await receiver.heard(1);

      const { sub } = await read(receiver.tokens[0], own.client.id);
      expect(sub).toBe(tokens.claims()?.sub);
      expect(sub).not.toBe(ana.id);
      expect(decodeProtectedHeader(receiver.tokens[0] ?? '').alg).toBe('ES256');
    });
  });
}

const shared = 'mongo+redis';

describeWith(needsOf(shared), 'telling apps from two nodes', () => {
  const running = new AsyncDisposableStack();
  let nodes: Nodes;
  let receiver: LogoutReceiver;

  beforeAll(async () => {
    receiver = running.use(await startLogoutReceiver());
    nodes = running.use(await startNodes({ pair: shared, env }));
  });

  afterAll(() => running.disposeAsync());

  test('each app is told once, whichever of them do it', async () => {
    const wiki = await relyingParty(nodes, await nodes.client('web', metadataOf(receiver)));
    const people = await Promise.all(Array.from({ length: 6 }, () => nodes.account()));
    for (const person of people) await wiki.signIn(person);

    await Promise.all(
      people.flatMap(({ id }) =>
        nodes.all.map(({ services }) => services.locking.lock(id, { reason: 'Lost' }, { actor: 'command-line' })),
      ),
    );
    for (const { services } of nodes.all) services.logoutNotices.wake();
    await receiver.heard(people.length);
    while ((await queuedAt(nodes.first)) > 0) await turn();
    // What a node has on its way is through when it stops, also where another one has written that down.
    for (const node of nodes.all) await node.restart();

    expect(receiver.tokens).toHaveLength(people.length);
    const of = { issuer: nodes.url, audience: wiki.clientId };
    const subjects = await Promise.all(receiver.tokens.map(async (token) => (await readLogoutToken(token, of)).sub));
    expect(new Set(subjects)).toEqual(new Set(people.map(({ id }) => id)));
    await expectNothingMore(nodes.second, receiver, wiki.clientId);
  });
});
