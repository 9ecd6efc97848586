import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Account } from '../../../src/domain/account.ts';
import type { SecurityEvent } from '../../../src/domain/security-event.ts';
import type { EventKind } from '../../../src/events/catalogue.ts';
import { goodPassword, startTestApp } from '../../support/app.ts';
import { openBrowser, type Browser } from '../../support/browser.ts';
import { tickAll } from '../../support/relying-party.ts';
import { openGround, type Ground, type Party, type Tokens } from '../protocol/ground.ts';
import { byOperator } from './operator-events.ts';

const ip = '203.0.113.77';
const userAgent = 'CanaryBrowser/9.1 (Oberon)';

/** What an event must say beside its kind and time: who did it, to whom, by which app. */
type Expected = (at: Place) => Partial<SecurityEvent>;

interface Place {
  ground: Ground;
  wiki: Party;
  ben: Account & { password: string };
  /** Of somebody at `ip` with `userAgent`. */
  browser: Browser;
}

/** Ben, signed in there. */
async function enter({ browser, ben }: Place): Promise<void> {
  await browser.submit(await browser.open('/account'), { email: ben.email, password: ben.password });
}

async function tokens(at: Place): Promise<Tokens> {
  await enter(at);

  return at.wiki.tokens(at.browser);
}

const bens: Expected = ({ ben }) => ({ actor: ben.id, accountId: ben.id });
const bensAtWiki: Expected = (at) => ({ ...bens(at), clientId: at.wiki.id });
const wikis: Expected = ({ ben, wiki }) => ({ actor: `client:${wiki.id}`, accountId: ben.id, clientId: wiki.id });
const strangers: Expected = ({ ben }) => ({ actor: 'anonymous', accountId: ben.id });

/** What comes over the network: each has an address and a request. */
const overHttp: [EventKind, Expected, (at: Place) => Promise<unknown>][] = [
  ['sign_in.succeeded', bens, enter],
  [
    'sign_in.failed',
    strangers,
    async ({ browser, ben }) => browser.submit(await browser.open('/account'), { email: ben.email, password: 'wrong' }),
  ],
  [
    'sign_in.blocked',
    strangers,
    async ({ browser, ben }) => {
      const door = await browser.open('/account');
      for (let n = 0; n < 6; n += 1) await browser.submit(door, { email: ben.email, password: 'wrong' });
    },
  ],
  [
    'sign_out',
    bens,
    async (at) => {
      await enter(at);
      await at.browser.submit(await at.browser.open('/account'), {}, { form: '/account/sign-out' });
    },
  ],
  [
    'consent.given',
    bensAtWiki,
    async (at) => {
      await enter(at);
      const asked = await at.browser.open(at.wiki.url({ prompt: 'consent' }));
      await at.browser.submit(asked, tickAll(asked), { button: 'Allow' });
    },
  ],
  [
    'consent.refused',
    bensAtWiki,
    async (at) => {
      await enter(at);
      const asked = await at.browser.open(at.wiki.url({ prompt: 'consent' }));
      await at.browser.post(asked.url, { ...asked.forms[0]?.fields, answer: 'refuse' });
    },
  ],
  [
    'account.updated',
    bens,
    async (at) => {
      await enter(at);
      await at.browser.submit(await at.browser.open('/account'), { displayName: `Ben ${Math.random()}`.slice(0, 20) });
    },
  ],
  [
    'password.changed',
    bens,
    async (at) => {
      await enter(at);
      const other = `${at.ben.password}-2`;

      // And back: for the other tests it stays what it was.
      for (const [currentPassword, newPassword] of [
        [at.ben.password, other],
        [other, at.ben.password],
      ] as const) {
        const form = await at.browser.open('/account/sign-in-and-security');
        await at.browser.submit(form, { currentPassword, newPassword, confirmPassword: newPassword });
      }
    },
  ],
  [
    'account.data_downloaded',
    bens,
    async (at) => {
      await enter(at);
      await at.browser.submit(await at.browser.open('/account/close'), {}, { form: '/account/close/data' });
    },
  ],
  ['token.issued', wikis, tokens],
  ['token.revoked', wikis, async (at) => at.wiki.revoke((await tokens(at)).refresh_token)],
  [
    'token.reuse_detected',
    wikis,
    async (at) => {
      const { refresh_token: first } = await tokens(at);
      await at.wiki.refresh(first);
      at.ground.app.clock.advance(20_000);
      await at.wiki.refresh(first);
    },
  ],
  [
    'code.replayed',
    wikis,
    async (at) => {
      await enter(at);
      const { code } = await at.wiki.code(at.browser);
      await at.wiki.redeem(code);
      at.ground.app.clock.advance(6000);
      await at.wiki.redeem(code);
    },
  ],
  [
    'client.authentication_failed',
    ({ wiki }) => ({ actor: `client:${wiki.id}`, clientId: wiki.id }),
    async ({ ground, wiki }) =>
      ground.post('/oauth/token', { grant_type: 'x', client_id: wiki.id, client_secret: 'wrong' }),
  ],
];

describe('S113: what happens is on record', () => {
  let at: Place;

  beforeAll(async () => {
    const ground = await openGround({ env: { GATEHOUSE_PROXY_TRUSTED: '127.0.0.1' } });
    const wiki = await ground.party('web');

    at = { ground, wiki, ben: await ground.app.account({ email: 'ben@example.com' }), browser: ground.browser };
  });

  afterAll(() => at.ground[Symbol.asyncDispose]());

  const recorded = async (kind: EventKind): Promise<SecurityEvent[]> => {
    const { rows } = await at.ground.app.services.records.events.list('time', 'all', { descending: true, limit: 500 });

    return rows.filter((row) => row.kind === kind);
  };

  /** The newest of a kind, which was not there before. */
  async function provoked(kind: EventKind, provoke: (at: Place) => Promise<unknown>): Promise<SecurityEvent> {
    const before = new Set((await recorded(kind)).map(({ id }) => id));
    // A browser and a wait of its own, so that no earlier guesses count.
    at.ground.app.clock.advance(3_600_000);
    at.browser = openBrowser(at.ground.app.url, { headers: { 'user-agent': userAgent, 'x-forwarded-for': ip } });
    await provoke(at);

    const [event] = (await recorded(kind)).filter(({ id }) => !before.has(id));
    if (event === undefined) throw new Error(`no event ${kind}`);

    return event;
  }

  test.each(overHttp)(
    'S113: %s, with who, whom, where from, when and which request',
    async (kind, expected, provoke) => {
      const event = await provoked(kind, provoke);

      expect(event).toMatchObject(expected(at));
      expect(Math.abs(event.at - at.ground.app.clock.now())).toBeLessThan(10_000);
      expect(event.personal).toMatch(/^v1\./);
      expect(at.ground.app.log.some((line) => line.includes(`"id":"${event.requestId ?? '?'}"`))).toBe(true);
    },
  );

  test.each(byOperator)('S113: %s, by the command line', async (kind, provoke) => {
    const event = await provoked(kind, provoke);

    expect(event).toMatchObject({ kind, actor: 'command-line' });
    expect(event.accountId ?? event.clientId).toBeDefined();
  });

  test('S113: where it came from is read again by those who may', async () => {
    const { events } = await at.ground.app.services.events.read(at.ben, { limit: 500 });

    for (const kind of ['sign_in.succeeded', 'sign_in.failed', 'consent.given', 'account.updated']) {
      expect(events.find((event) => event.kind === kind)).toMatchObject({ ip, userAgent });
    }
  });

  test('S113: and rests encrypted: no record holds the address or the browser of a guess', async () => {
    const { app } = at.ground;
    const guess = { email: 'nobody-canary@example.com', password: 'wrong' };
    const from = { 'x-forwarded-for': '198.51.100.213', 'user-agent': 'GuessingCanary/7' };
    const browser = openBrowser(app.url, { headers: from });
    await browser.submit(await browser.open('/account'), guess);
    await browser.submit(await browser.open('/account'), { email: at.ben.email, password: 'wrong' });

    // What may be lost counts requests by address for a minute; this is about what lasts.
    const files = (await readdir(app.data)).filter((name) => name.startsWith('records.db'));
    expect(await holding(app.data, files, 'sign_in.failed')).toContain('records.db-wal');

    for (const word of [...Object.values(from), guess.email]) {
      expect([word, await holding(app.data, files, word)]).toEqual([word, []]);
    }
  });

  test('S113: nothing on the network changes or removes an event', async () => {
    const before = (await recorded('sign_in.succeeded')).at(-1);

    for (const method of ['DELETE', 'PUT', 'PATCH', 'POST']) {
      for (const path of ['/account/activity', '/account/events', '/admin/events', `/api/events/${before?.id ?? ''}`]) {
        // The page that shows them takes nothing.
        expect((await at.browser.send(method, path)).status).toBe(path === '/account/activity' ? 405 : 404);
      }
    }

    expect((await recorded('sign_in.succeeded')).at(-1)).toEqual(before);
  });
});

test('S113: setting up is on record from the first start to the first administrator', async () => {
  await using app = await startTestApp();
  const browser = openBrowser(app.url, { headers: { 'user-agent': userAgent } });

  await browser.submit(await browser.open(String(app.setupUrl)), {
    email: 'boss@example.com',
    displayName: 'Boss',
    password: goodPassword,
  });

  const boss = await app.services.accounts.findByEmail('boss@example.com');
  const { rows } = await app.services.records.events.list('time', 'all');
  const kinds = rows.map(({ kind }) => kind);

  expect(kinds).toEqual(expect.arrayContaining(['setup.begun', 'keys.created']));
  for (const kind of ['setup.completed', 'admin.created', 'account.created']) {
    expect(rows.find((row) => row.kind === kind)).toMatchObject({
      accountId: boss?.id,
      requestId: expect.any(String),
      personal: expect.stringMatching(/^v1\./),
    });
  }
});

/** By another process: this one would lose its locks on the database by closing the file. */
async function holding(folder: string, files: readonly string[], text: string): Promise<string[]> {
  const found: string[] = [];

  for (const file of files) {
    const grep = promisify(execFile)('grep', ['-qaF', text, join(folder, file)]);
    if (
      await grep.then(
        () => true,
        () => false,
      )
    )
      found.push(file);
  }

  return found;
}
