import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Account } from '../../../src/domain/account.ts';
import { Unavailable } from '../../../src/domain/errors.ts';
import { consentId } from '../../../src/domain/grant.ts';
import { createClosing } from '../../../src/operations/closing.ts';
import { dataSections, leftOut } from '../../../src/operations/data-sections.ts';
import { fates } from '../../../src/operations/erasing.ts';
import type { CollectionName } from '../../../src/storage/records.ts';
import { openBrowser, type Browser, type Page } from '../../support/browser.ts';
import { startLogoutReceiver, type LogoutReceiver } from '../../support/logout-receiver.ts';
import { setUpAuthenticator } from '../../support/second-factor.ts';
import { createOutage } from '../../support/outage.ts';
import { leftOf } from '../../support/rows-of.ts';
import { sample, samples } from '../../storage/rows.ts';
import { openGround, type Ground, type Party } from '../protocol/ground.ts';
import { enter, isSignedIn, unlimited } from './visits.ts';

const minute = 60_000;
const day = 86_400_000;
/** With `GATEHOUSE_TEST_RACE_ROUNDS` each of the steps is played, else one of four. */
const every = process.env['GATEHOUSE_TEST_RACE_ROUNDS'] === undefined ? 4 : 1;

describe('closing an account, with the store going away at every single step', () => {
  const running = new AsyncDisposableStack();
  const outage = createOutage();
  let ground: Ground;
  let wiki: Party;
  let receiver: LogoutReceiver;

  beforeAll(async () => {
    receiver = running.use(await startLogoutReceiver());
    const env = { ...unlimited, GATEHOUSE_OUTBOUND_ALLOW_PRIVATE: 'true' };
    ground = running.use(await openGround({ aroundStores: outage.around, env }));
    wiki = await ground.party('web', { first_party: true, backchannel_logout_uri: receiver.url });
  });

  afterAll(() => running.disposeAsync());

  const statusOf = async ({ id }: Account) => (await ground.app.services.records.accounts.get(id))?.status;

  /** Somebody with a session and access for the time away, on the page that closes their account. */
  async function begin() {
    const ana = await ground.app.account({});
    const browser = await ground.signedIn(ana);
    const { refresh_token: refresh } = await wiki.tokens(browser);

    return { ana, browser, refresh, page: await browser.open('/account/close') };
  }

  /** As it arrives, unread. */
  async function download(browser: Browser, page: Page): Promise<IncomingMessage> {
    const { csrf = '' } = page.forms.find(({ action }) => action.endsWith('/data'))?.fields ?? {};
    const asked = request(new URL('/account/close/data', ground.app.url), {
      method: 'POST',
      headers: {
        cookie: await browser.jar.getCookieString(ground.app.url),
        'content-type': 'application/x-www-form-urlencoded',
        'sec-fetch-site': 'same-origin',
      },
    });

    asked.end(new URLSearchParams({ csrf }).toString());
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];

    return answer;
  }

  test('S45: either nothing has happened or nothing of it works, and the next sweep finishes it', async () => {
    let steps = 0;

    for (let fails = true; fails; steps += every) {
      const { ana, browser, refresh, page } = await begin();
      const heard = receiver.tokens.length;

      outage.takeBehind(steps, 'records');
      const { status } = await browser.submit(page, { agree: 'on' }, { follow: false });
      fails = outage.failed().length > 0;
      outage.mend();

      const state = await statusOf(ana);
      expect([steps, status]).toEqual([steps, fails && status !== 200 ? 503 : 200]);

      if (state === 'active') {
        expect(status).toBe(503);
        expect(await isSignedIn(browser)).toBe(true);
        continue;
      }

      // Every second time the sweep goes away as well, each time somewhere else.
      expect([undefined, 'closing']).toContain(state);
      expect(await isSignedIn(browser)).toBe(false);
      expect((await wiki.refresh(refresh)).body).toMatchObject({ error: 'invalid_grant' });
      const door = openBrowser(ground.app.url);
      const first = await enter(door, ana);
      // What the node does by itself may have met the outage in the same instant: whoever asks again is answered.
      const wrong = first.status === 503 ? await enter(door, ana) : first;
      expect(wrong.status).toBe(422);

      ground.app.clock.advance(6 * minute);
      outage.takeBehind(steps % 25, 'records');
      await ground.app.services.closing.sweep(200).catch((error: unknown) => expect(error).toBeInstanceOf(Unavailable));
      outage.mend();
      ground.app.clock.advance(6 * minute);
      await ground.app.services.closing.sweep(200);
      ground.app.clock.advance(6 * minute);
      await ground.app.services.closing.sweep(200);

      expect([steps, await leftOf(ground.app.services.records, ana)]).toEqual([steps, ['closedAccounts', 'events']]);
      ground.app.services.logoutNotices.wake();
      await receiver.heard(heard + 1);
    }

    expect(steps).toBeGreaterThan(20);
  }, 120_000);

  test('S45: one account that can’t be finished holds up none behind it, and is not passed over in silence', async () => {
    const { services, clock } = ground.app;
    const { records, endings } = services;
    const people = await Promise.all(Array.from({ length: 3 }, () => ground.app.account()));
    const [stuck, ...others] = people;
    const away = {
      ...endings,
      account: async (...[account, by]: Parameters<typeof endings.account>) => {
        if (account.id === stuck?.id) throw new Error('this one never ends');

        return endings.account(account, by);
      },
    };
    const closing = createClosing({ ...services, endings: away, clock, grace: 0 });
    const at = clock.now();
    for (const [n, { id }] of people.entries()) {
      const due = { at, until: at, nextAt: at + n };
      await records.accounts.update(id, (old) => ({ ...old, status: 'closing', closing: due }));
    }
    clock.advance(6 * minute);

    await expect(closing.sweep(200)).rejects.toThrow('this one never ends');
    expect(await Promise.all(people.map(statusOf))).toEqual(['closing', undefined, undefined]);

    // Also behind them, where what came in late is looked for.
    for (const { id } of others) await records.passwords.create({ id, accountId: id, hash: 'x', changedAt: at });
    clock.advance(6 * minute);
    await expect(closing.sweep(200)).rejects.toThrow('this one never ends');
    for (const one of others) expect(await leftOf(records, one)).toEqual(['closedAccounts', 'events']);

    await services.closing.sweep(200);
    expect(await statusOf(stuck as Account)).toBeUndefined();
  });

  test('S96: a download that the store leaves in the middle is cut off, and looks whole to nobody', async () => {
    const { ana, browser, page } = await begin();
    outage.take('records.events.list');
    const answer = await download(browser, page);
    let text = '';
    answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const [error] = (await once(answer, 'error')) as [Error];
    outage.mend();

    expect(answer.statusCode).toBe(200);
    expect(error.message).toBe('aborted');
    expect(text).toContain(ana.email);
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
  });

  test('S96: what has no browser is in it with all that is known of it, and its hashes are not', async () => {
    const { services, clock } = ground.app;
    const { records, receipts } = services;
    const ana = await ground.app.account();
    const now = clock.now();
    const of = { accountId: ana.id, expiresAt: now + day };
    const at = new Date(now).toISOString();
    const notice = { id: `notice ${ana.id}`, clientId: 'app', sessionUid: 'uid of it', nextAt: now };
    const apart = { state: 'failed' as const, lastError: 'refused' as const, expiresAt: of.expiresAt };
    const consumed = [{ hash: 'hash of a code', at: now }];
    const id = consentId(ana.id, 'app');
    await Promise.all([
      records.apiKeys.create(sample('apiKeys', { ...of, id: 'key of ana', hash: 'hash of a key', slot: 'slot of it' })),
      records.passkeys.create(sample('passkeys', { accountId: ana.id, id: 'id of it', publicKey: 'public part' })),
      records.grants.create(sample('grants', { ...of, id: 'of ana', consumed, accessTokensUntil: now })),
      records.refreshFamilies.create(
        sample('refreshFamilies', { ...of, id: 'fa of it', current: 'hash of it', accessTokensUntil: now }),
      ),
      records.consents.create(
        sample('consents', { id, accountId: ana.id, rejectedResources: { 'https://files.example': ['write'] } }),
      ),
      records.logoutNotices.create(sample('logoutNotices', { ...notice, ...apart })),
      receipts.create(ana, 'disowned', {
        sessions: [{ userAgent: 'Mail/1', ip: '192.0.2.9' }],
        applications: [{ clientId: 'app', name: 'App', grants: 1, refreshTokens: 2, accessTokensUntil: now }],
        notices: [{ id: notice.id, clientId: 'app' }],
        keys: [{ name: 'Old backup', prefix: 'gthk_zyxwvu' }],
      }),
    ]);

    let file = '';
    for await (const part of await services.dataExport.begin(ana, { actor: ana.id })) file += part;
    const data = JSON.parse(file) as Record<string, object[]>;

    const device = { ip: '192.0.2.1', user_agent: 'Television', scope: 'openid', refreshes: false };
    expect(data).toMatchObject({
      api_keys: [{ name: 'Backup', prefix: 'gthk_abcdef', scopes: ['profile:read'] }],
      passkeys: [{ name: 'Laptop', synced: true }],
      grants: [{ application: 'client-1', device, access_tokens_until: at }],
      offline_access: [{ application: 'client-1', access_tokens_until: at }],
      permissions: [{ refused_resources: { 'https://files.example': ['write'] } }],
      receipts: [
        {
          reason: 'disowned',
          sessions: [{ user_agent: 'Mail/1', ip: '192.0.2.9' }],
          applications: [{ name: 'App', access_tokens_until: at, notices: [{ state: 'failed', at, why: 'refused' }] }],
          api_keys: [{ name: 'Old backup', prefix: 'gthk_zyxwvu' }],
        },
      ],
    });
    expect(file).not.toMatch(/hash of|slot of|id of|public part|key of ana/);
  });

  test('who is about to close it in another browser is told that it may be closed; a stranger is told nothing', async () => {
    const { ana, browser, page } = await begin();
    const other = await ground.signedIn(ana);
    await other.submit(await other.open('/account/close'), { agree: 'on' });

    const late = await browser.submit(page, { agree: 'on' });
    expect(new URL(late.url).pathname).toMatch(/^\/sign-in\//);
    expect(late.words).toContain('If you have closed your account in another browser, it is closed.');

    const stranger = openBrowser(ground.app.url);
    const csrf = (await stranger.open('/account')).forms[0]?.fields['csrf'] ?? '';
    const told = await stranger.follow(await stranger.post('/account/close', { csrf, agree: 'on' }));
    expect([told.title.includes('Sign in'), told.words.includes('is closed')]).toEqual([true, false]);
  });

  test('S96: each collection with something of an account in it has a section, or a reason', () => {
    const inIt = dataSections(ground.app.services as never).map(({ of }) => of);
    const about = Object.entries(fates).flatMap(([name, fate]) => (fate === 'others' ? [] : [name]));

    expect([...new Set([...inIt, ...Object.keys(leftOut)])].toSorted()).toEqual(about.toSorted());
    expect(inIt.filter((name) => name in leftOut)).toEqual([]);
  });

  test('S96: a long list is read as fast as the browser takes it, and no faster', async () => {
    const { ana, browser, page } = await begin();
    const { records } = ground.app.services;
    const long = { ...samples.events, accountId: ana.id, details: { fields: ['x'.repeat(4000)] } };
    for (let first = 0; first < 4000; first += 1000) {
      await records.write(
        Array.from({ length: 1000 }, (_, n) => ({
          in: 'events' as const,
          create: { ...long, id: `long-${first + n}`, kind: 'account.updated', at: first + n },
        })),
      );
    }

    const pages = () => outage.calls.filter((call) => call === 'records.events.list').length;
    const before = pages();
    const answer = await download(browser, page);

    // Nobody takes anything: once the connection is full, nothing more is read, whatever else the server does meanwhile.
    for (let visit = 0; visit < 100; visit += 1) await browser.get('/healthz');
    expect(pages()).toBeLessThan(before + 15);
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
    await once(answer, 'end');
    expect(bytes).toBeGreaterThan(16_000_000);
    expect(pages()).toBeGreaterThan(before + 18);
  }, 60_000);

  test('F12: the last administrator is told why they stay, whatever they send; with another one they may go', async () => {
    const { app } = ground;
    const root = await app.account({ administrator: true });
    const browser = openBrowser(app.url);
    const door = await browser.open('/account');
    const setUp = await browser.submit(door, { email: root.email, password: root.password });
    await setUpAuthenticator(browser, setUp, app.clock.now);

    const page = await browser.open('/account/close');
    expect(page.words).toContain('You are the last administrator');
    expect(page.forms.some(({ names }) => names.includes('agree'))).toBe(false);
    const fields = page.forms.find(({ action }) => action.endsWith('/data'))?.fields ?? {};
    const refused = await browser.post('/account/close', { ...fields, agree: 'on' });
    expect([refused.status, await statusOf(root)]).toEqual([422, 'active']);
    expect(refused.words).toContain('Have somebody else made an administrator first');

    await app.account({ administrator: true });
    const done = await browser.submit(await browser.open('/account/close'), { agree: 'on' });
    expect([done.status, await statusOf(root)]).toEqual([200, undefined]);
  });

  test('S45: each collection with an account in it has a fate', () => {
    const withAccount = Object.entries(samples).flatMap(([name, row]) => ('accountId' in row ? [name] : []));
    const forgotten = withAccount.filter((name) => fates[name as CollectionName] === 'others');

    expect(withAccount).toContain('knownDevices');
    expect(forgotten).toEqual([]);
  });
});
