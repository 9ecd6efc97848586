import { describe, expect, test } from '@jest/globals';
import type Provider from 'oidc-provider';

import { createConsole } from '../../src/oidc/console.ts';
import type { Inside } from '../../src/oidc/deps.ts';
import { createSealing } from '../../src/storage/sealing.ts';

const sealing = (seed: number) =>
  createSealing({ encryptionKeys: [{ id: 'k', key: Buffer.alloc(32, seed) }], hashKey: Buffer.alloc(32, seed) });

const issuer = 'https://id.example.com';
const provider = { urlFor: () => `${issuer}/oauth/authorize` } as unknown as Provider;

const consoleWith = (seed: number) =>
  createConsole({ sealing: sealing(seed), config: { issuer }, provider: () => provider } as unknown as Inside);

const { consoleSignIn, consoleReturn } = consoleWith(1);

function requestOf(path: string, options?: Parameters<typeof consoleSignIn>[1]): URL {
  const outcome = consoleSignIn(path, options);
  if (outcome.kind !== 'leave') throw new Error('it goes to the authorization endpoint');

  return new URL(outcome.url);
}

const stateOf = (path: string) => requestOf(path).searchParams.get('state') ?? '';

describe('the account console as a client of ourselves', () => {
  test('asks for a sign-in and no token', () => {
    const { pathname, searchParams } = requestOf('/account/devices?page=2', { maxAge: 300, locale: 'de' });

    expect(pathname).toBe('/oauth/authorize');
    expect(Object.fromEntries(searchParams)).toEqual({
      client_id: 'account-console',
      response_type: 'none',
      scope: 'openid',
      redirect_uri: `${issuer}/account/signed-in`,
      state: expect.any(String),
      max_age: '300',
      acr_values: 'urn:gatehouse:acr:2',
      ui_locales: 'de',
    });
  });

  test('comes back to where the person was going', () => {
    for (const path of ['/account', '/account/devices?page=2', '/account/x?q=ä']) {
      expect(consoleReturn(stateOf(path))).toBe(path);
    }
  });

  test.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    '/\t/evil.example',
    '',
    `/${'x'.repeat(3000)}`,
  ])('never goes to %j', (path) => {
    expect(consoleReturn(stateOf(path))).toBe('/account');
  });

  test('S46: a state that was changed, cut, or made by somebody else is none', () => {
    const state = stateOf('/account/devices');
    const [hash = '', path = ''] = state.split('.');
    const other = Buffer.from('/account/close').toString('base64url');

    for (const forged of ['', '.', hash, `.${path}`, `${hash}.${other}`, state.slice(0, -1), `${state}A`]) {
      expect(consoleReturn(forged)).toBeUndefined();
    }

    expect(consoleWith(2).consoleReturn(state)).toBeUndefined();
  });
});
