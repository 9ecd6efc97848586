import { describe, expect, test } from '@jest/globals';

import { resolveSettings, settings } from '../../src/config/schema.ts';
import { providerSettings, routes } from '../../src/oidc/settings.ts';
import type { SettingsInput } from '../../src/oidc/settings.ts';
import { settableClock } from '../support/clock.ts';

/** What the library itself starts from; no name that is not in here means anything to it. */
const { defaults } = (await import('../../node_modules/oidc-provider/lib/helpers/defaults.js' as string)) as {
  defaults: Tree;
};

interface Tree {
  [name: string]: unknown;
}

const clock = settableClock();
const nothing = () => {
  throw new Error('not called');
};

const hooks = {
  adapter: nothing as never,
  fetch: nothing,
  findAccount: nothing,
  loadExistingGrant: nothing,
  renderError: nothing,
  logoutSource: nothing,
  postLogoutSuccessSource: nothing,
  keyAsked: nothing,
  interactions: { policy: [], url: nothing },
} satisfies SettingsInput['hooks'];

function made(given: object = {}) {
  const config = resolveSettings(settings.parse({ issuer: 'https://id.example.com', ...given }));
  const secrets = { cookieKeys: ['k'.repeat(40)], pairwiseSalt: 'salt' };

  return providerSettings({ config, secrets, clock, signing: [], hooks });
}

/** Names that hold whatever the operator or we put in, so that the library can't know them. */
const open = new Set([
  'claims',
  'cookies.long',
  'cookies.short',
  'discovery',
  'extraParams',
  'interactions.policy',
  'adapter',
  'jwks',
]);

function unknownNames(given: Tree, known: Tree, path = ''): string[] {
  return Object.entries(given).flatMap(([name, value]) => {
    const here = path + name;

    if (!Object.hasOwn(known, name)) return [here];
    if (open.has(here) || !isTree(value) || !isTree(known[name])) return [];

    return unknownNames(value, known[name], `${here}.`);
  });
}

function isTree(value: unknown): value is Tree {
  return Object.prototype.toString.call(value) === '[object Object]';
}

const lifeOf = (
  of: ReturnType<typeof made>,
  name: 'Session' | 'RefreshToken' | 'AccessToken',
  thing: object,
): number => {
  const life = of.ttl?.[name] as (ctx: unknown, thing: object) => number;

  return life(undefined, thing);
};

describe('what the library is told', () => {
  test('it knows every name that we use, at every depth', () => {
    expect(unknownNames(made() as Tree, defaults)).toEqual([]);
    expect(unknownNames({ ttl: { Sesion: 1 } }, defaults)).toEqual(['ttl.Sesion']);
  });

  test('every feature, route and life of its own is decided by us', () => {
    const of = made();

    for (const part of ['features', 'routes', 'ttl', 'enabledJWA'] as const) {
      expect(Object.keys(of[part] ?? {}).toSorted()).toEqual(Object.keys(defaults[part] as Tree).toSorted());
    }

    const features = Object.entries(of.features as Record<string, { enabled: boolean }>);
    const on = features.flatMap(([name, { enabled }]) => (enabled ? [name] : []));
    expect(on.toSorted()).toEqual([
      'backchannelLogout',
      'claimsParameter',
      'clientCredentials',
      'deviceFlow',
      'externalSigningSupport',
      'introspection',
      'jwtUserinfo',
      'resourceIndicators',
      'revocation',
      'rpInitiatedLogout',
      'userinfo',
    ]);
  });

  test('no page and no rule is left to the library', () => {
    const of = made() as Tree;
    const left = Object.keys(defaults).filter((name) => !Object.hasOwn(of, name));

    expect(left).toEqual([]);
  });

  test('the same configuration gives the same settings, and is not changed by it', () => {
    const plain = (value: unknown) => JSON.stringify(value);
    const config = resolveSettings(settings.parse({ issuer: 'https://id.example.com' }));
    const before = plain(config);
    const input = { config, secrets: { cookieKeys: ['a'], pairwiseSalt: 'b' }, clock, signing: [], hooks };

    expect(plain(providerSettings(input))).toBe(plain(providerSettings(input)));
    expect(plain(config)).toBe(before);
  });

  test('S3, S42: a redirect URI has to be sent, a token in the address is refused', () => {
    expect(made()).toMatchObject({
      allowOmittingSingleRegisteredRedirectUri: false,
      acceptQueryParamAccessTokens: false,
    });
  });

  test('S11: no tokens through the browser but an ID token that was registered for', () => {
    expect(made().responseTypes).toEqual(['code', 'id_token', 'none']);
  });

  test('S32: no algorithm without a key, none with a shared one', () => {
    const all = Object.values(made().enabledJWA as Record<string, string[]>).flat();

    expect(all.filter((name) => name === 'none' || name.startsWith('HS'))).toEqual([]);
    expect(made().clientAuthMethods).not.toContain('client_secret_jwt');
  });

  test('S105: the cookie of the session belongs to this host alone, on https', () => {
    expect(made().cookies).toMatchObject({
      names: { session: '__Host-session' },
      long: { secure: true, httpOnly: true, sameSite: 'lax', path: '/', signed: true },
      short: { secure: true, httpOnly: true, sameSite: 'lax', signed: true },
    });
    expect(made({ issuer: 'http://localhost:3000' }).cookies).toMatchObject({
      names: { session: 'session' },
      long: { secure: false },
    });
  });

  test('S106: a session ends so long after the sign-in, used or not', () => {
    const of = made({ session: { idle: '14d', absolute: '30d' } });
    const now = Math.floor(clock.now() / 1000);
    const day = 86_400;

    expect(lifeOf(of, 'Session', { loginTs: now })).toBe(14 * day);
    expect(lifeOf(of, 'Session', { loginTs: now - 29 * day })).toBe(day);
    expect(lifeOf(of, 'Session', { loginTs: now - 31 * day })).toBe(1);
    expect(lifeOf(of, 'Session', {})).toBe(3600);
  });

  test('an access token lives as long as its API says', () => {
    const of = made({ tokens: { access_token: '10m' } });

    expect(lifeOf(of, 'AccessToken', {})).toBe(600);
    expect(lifeOf(of, 'AccessToken', { resourceServer: { accessTokenTTL: 60 } })).toBe(60);
  });

  test('every endpoint is below /oauth, but the page for device codes', () => {
    const elsewhere = Object.values(routes).filter((path) => !path.startsWith('/oauth/'));

    expect(elsewhere).toEqual(['/device']);
  });
});
