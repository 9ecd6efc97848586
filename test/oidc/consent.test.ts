import { describe, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import { claimsOfAccount, claimsOfScope } from '../../src/oidc/claims.ts';
import { consentItems } from '../../src/oidc/consent-items.ts';
import { allowedBy, recordConsent } from '../../src/oidc/consent.ts';
import type { Wanted } from '../../src/oidc/wanted.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import { opened, recordsStore } from '../storage/stores.ts';

const [backend] = recordsBackends;
if (backend === undefined) throw new Error('no backend keeps records');

const openRecords = () => opened(recordsStore(backend));

const wanted: Wanted = {
  scopes: ['email', 'offline_access', 'openid', 'profile'],
  claims: ['phone_number', 'email'],
  resources: { 'https://api.example': ['read', 'write'] },
};

const answer = (ticked: string[], of: Partial<Wanted> = {}) => ({
  accountId: 'a',
  clientId: 'c',
  wanted: { ...wanted, ...of },
  claimsOfScope,
  ticked,
  at: 1000,
});

describe('recording a consent', () => {
  test('what is ticked is allowed, what is not is refused, openid always goes', async () => {
    await using store = await openRecords();

    const consent = await recordConsent(store.port, answer(['scope:email', 'resource:https://api.example read']));

    expect(consent).toMatchObject({
      id: 'a c',
      scopes: ['email', 'openid'],
      rejectedScopes: ['offline_access', 'profile'],
      claims: [],
      rejectedClaims: ['phone_number'],
      resources: { 'https://api.example': ['read'] },
      rejectedResources: { 'https://api.example': ['write'] },
      grantedAt: 1000,
    });
    expect(await store.port.consents.get('a c')).toEqual(consent);
  });

  test('what was not asked this time stays as it was', async () => {
    await using store = await openRecords();
    await recordConsent(store.port, answer(['scope:email', 'scope:profile', 'claim:phone_number']));

    const asked = { scopes: ['openid', 'phone', 'profile'], claims: [], resources: {} };
    const consent = await recordConsent(store.port, answer(['scope:phone'], asked));

    expect(consent).toMatchObject({
      scopes: ['email', 'openid', 'phone'],
      rejectedScopes: ['offline_access', 'profile'],
      claims: ['phone_number'],
    });
  });

  test('a box that was not on the page counts for nothing', async () => {
    await using store = await openRecords();

    const only = { scopes: ['openid'], claims: [], resources: {} };
    const consent = await recordConsent(store.port, answer(['scope:email', 'claim:phone_number'], only));

    expect(consent).toMatchObject({ scopes: ['openid'], claims: [] });
  });

  test('two tabs at once: one of them is first, nothing is lost', async () => {
    await using store = await openRecords();

    await Promise.all([
      recordConsent(store.port, answer(['scope:email'], { scopes: ['openid', 'email'], claims: [], resources: {} })),
      recordConsent(store.port, answer(['scope:phone'], { scopes: ['openid', 'phone'], claims: [], resources: {} })),
    ]);

    expect(await store.port.consents.get('a c')).toMatchObject({ scopes: ['email', 'openid', 'phone'] });
  });
});

describe('what the consent page asks', () => {
  const account: Account = {
    id: 'a',
    email: 'ana@example.com',
    emailKey: 'ana@example.com',
    emailVerified: true,
    displayName: 'Ana L.',
    firstName: 'Ana',
    lastName: 'Lindqvist',
    task: '',
    locale: 'de',
    claims: { birthdate: '1990-01-31', address: { street_address: 'Hauptstr. 1', locality: 'Bonn' } },
    roles: [],
    status: 'active',
    eventKey: '',
    createdAt: 0,
    updatedAt: 0,
  };

  const resources = [
    {
      identifier: 'https://api.example',
      name: 'Files',
      scopes: [{ name: 'read', description: { en: 'Read your files', de: 'Ihre Dateien lesen' } }],
      format: 'jwt' as const,
      signing_algorithm: 'ES256' as const,
      access_token: 600,
      introspected_by: [],
    },
  ];

  const ask = (of: Partial<Wanted>, scopes: string[] = []) =>
    consentItems({
      wanted: { scopes: ['openid'], claims: [], resources: {}, ...of },
      allowed: { ...allowedBy(undefined, claimsOfScope), scopes },
      account,
      claims: claimsOfAccount(account),
      claimsOfScope,
      resources,
    });

  test('scopes in a steady order, with the values that would be shared now', () => {
    const { items, offline } = ask({ scopes: ['email', 'offline_access', 'openid', 'address'] }, ['email']);

    expect(items.map(({ id, required, allowed }) => [id, required, allowed])).toEqual([
      ['scope:openid', true, false],
      ['scope:email', false, true],
      ['scope:address', false, false],
      ['scope:offline_access', false, false],
    ]);
    expect(items[1]?.values).toEqual([{ claim: 'email', value: 'ana@example.com' }]);
    expect(items[2]?.values).toEqual([{ claim: 'address', value: 'Hauptstr. 1, Bonn' }]);
    expect(offline).toBe(true);
  });

  test('a claim that no asked scope carries has a box of its own', () => {
    const { items } = ask({ scopes: ['email', 'openid'], claims: ['birthdate', 'email'] });

    expect(items.map(({ id }) => id)).toEqual(['scope:openid', 'scope:email', 'claim:birthdate']);
    expect(items[2]?.values).toEqual([{ claim: 'birthdate', value: '1990-01-31' }]);
  });

  test("an API's scopes in the person's language", () => {
    const { items } = ask({ resources: { 'https://api.example': ['read', 'write'] } });

    expect(items.slice(1).map(({ resource }) => resource)).toEqual([
      { indicator: 'https://api.example', scope: 'read', name: 'Files', description: 'Ihre Dateien lesen' },
      { indicator: 'https://api.example', scope: 'write', name: 'Files', description: '' },
    ]);
  });
});
