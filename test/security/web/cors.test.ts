import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Answer } from '../protocol/ground.ts';
import { openGround, type Ground, type Party, type Tokens } from '../protocol/ground.ts';

const origin = 'https://board.example.com';

/** Near misses of an app's origin, and where an attacker may be. */
const foreign = [
  'https://board.example.com.evil.example',
  'https://evilboard.example.com',
  'https://www.board.example.com',
  'https://example.com',
  'http://board.example.com',
  'https://board.example.com:8443',
  'https://board.example.com/',
  'https://BOARD.example.com',
  'https://evil.example',
  'null',
  'file://',
  '*',
];

describe('S110: who may read an answer', () => {
  let ground: Ground;
  let board: Party;
  let other: Party;
  let tokens: Tokens;

  beforeAll(async () => {
    ground = await openGround();
    board = await ground.party('spa', { redirect_uris: [`${origin}/cb`], first_party: true });
    other = await ground.party('spa', { redirect_uris: ['https://other.example.com/cb'], first_party: true });
    tokens = await board.tokens(ground.browser);
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  const allowed = ({ headers }: Answer) => headers['access-control-allow-origin'];

  const asks: [string, (from: string) => Promise<Answer>][] = [
    [
      'a token',
      (from) =>
        ground.post(
          '/oauth/token',
          { grant_type: 'authorization_code', code: 'x', client_id: board.id },
          { origin: from },
        ),
    ],
    [
      'userinfo',
      (from) => ground.get('/oauth/userinfo', { origin: from, authorization: `Bearer ${tokens.access_token}` }),
    ],
    [
      'introspection',
      (from) => ground.post('/oauth/introspect', { token: 'x', client_id: board.id }, { origin: from }),
    ],
    ['revocation', (from) => ground.post('/oauth/revoke', { token: 'x', client_id: board.id }, { origin: from })],
  ];

  describe.each(asks)('%s', (_what, ask) => {
    test('S110: the app’s own page may', async () => {
      expect(allowed(await ask(origin))).toBe(origin);
    });

    test.each(foreign)('S110: a page at %j may not', async (from) => {
      expect(allowed(await ask(from))).toBeUndefined();
    });

    test('S110: nor may the page of another app', async () => {
      expect(other.id).not.toBe(board.id);
      expect(allowed(await ask('https://other.example.com'))).toBeUndefined();
    });

    test.each([origin, ...foreign])('S110: cookies are never part of it (%j)', async (from) => {
      expect((await ask(from)).headers['access-control-allow-credentials']).toBeUndefined();
    });
  });

  test.each([
    '/',
    '/account',
    '/account/personal-information',
    '/signed-out',
    '/setup',
    '/sign-in/abcdefghijklmnopqrstuvwxyz',
    '/consent/abcdefghijklmnopqrstuvwxyz',
    '/nothing',
    '/oauth/logout',
    '/oauth/authorize',
    '/healthz',
    '/readyz',
  ])('S110: nobody’s page may read %s', async (path) => {
    for (const from of [origin, ground.app.url, ...foreign]) {
      for (const method of ['GET', 'OPTIONS']) {
        const headers = { origin: from, 'access-control-request-method': 'POST' };
        const page = await ground.browser.send(method, path, { headers });

        expect([from, page.headers['access-control-allow-origin']]).toEqual([from, undefined]);
      }
    }
  });
});
