import { describe, expect, test } from '@jest/globals';

import { allowanceOf, allowanceOfFirstParty, covers } from '../../src/domain/allowance.ts';
import type { Consent } from '../../src/domain/grant.ts';

const consent = (of: Partial<Consent>): Consent => ({
  id: 'a c',
  accountId: 'a',
  clientId: 'c',
  scopes: ['openid'],
  claims: [],
  rejectedScopes: [],
  rejectedClaims: [],
  resources: {},
  grantedAt: 0,
  lastUsedAt: 0,
  ...of,
});

const wanted = { scopes: ['openid'], claims: [], resources: {} };

describe('what a consent allows', () => {
  test('a refused scope refuses the claims that go with it', () => {
    const allowance = allowanceOf(consent({ rejectedScopes: ['email'] }));

    expect(allowance.refused).toEqual({ scopes: ['email'], claims: ['email', 'email_verified'], resources: {} });
  });

  test('a claim that was allowed by its name stays, though its scope was refused', () => {
    const allowance = allowanceOf(consent({ claims: ['email'], rejectedScopes: ['email'] }));

    expect(allowance.claims).toContain('email');
    expect(allowance.refused.claims).toEqual(['email_verified']);
  });

  test('a claim of an allowed scope needs no further question', () => {
    const allowance = allowanceOf(consent({ scopes: ['openid', 'email'] }));

    expect(covers(allowance, { ...wanted, claims: ['email'] })).toBe(true);
    expect(covers(allowance, { ...wanted, claims: ['birthdate'] })).toBe(false);
  });

  test('what was refused is not asked again', () => {
    const before = consent({
      rejectedScopes: ['email'],
      resources: { 'https://api.example': ['read'] },
      rejectedResources: { 'https://api.example': ['write'] },
    });
    const allowance = allowanceOf(before);

    expect(covers(allowance, { ...wanted, scopes: ['openid', 'email'], claims: ['email'] })).toBe(true);
    expect(covers(allowance, { ...wanted, resources: { 'https://api.example': ['read', 'write'] } })).toBe(true);
    expect(covers(allowance, { ...wanted, resources: { 'https://api.example': ['read', 'admin'] } })).toBe(false);
    expect(covers(allowance, { ...wanted, resources: { 'https://other.example': ['read'] } })).toBe(false);
  });

  test('a first-party client is allowed what it asks, beside what it had', () => {
    const had = allowanceOf(consent({ scopes: ['openid', 'email'] }));
    const asks = {
      scopes: ['openid', 'offline_access'],
      claims: ['birthdate'],
      resources: { 'https://a.example': ['x'] },
    };
    const allowance = allowanceOfFirstParty(had, asks);

    expect(allowance.scopes).toEqual(['email', 'offline_access', 'openid']);
    expect(covers(allowance, asks)).toBe(true);
  });
});
