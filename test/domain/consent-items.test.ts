import { describe, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import { allowedBy, type Wanted } from '../../src/domain/allowance.ts';
import { consentItems } from '../../src/domain/consent-items.ts';

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
      allowed: { ...allowedBy(undefined), scopes },
      account,
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
