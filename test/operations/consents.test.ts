import { describe, expect, test } from '@jest/globals';

import type { Wanted } from '../../src/domain/allowance.ts';
import type { Answer } from '../../src/domain/consent-items.ts';
import { createConsents } from '../../src/operations/consents.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import { opened, recordsStore } from '../storage/stores.ts';

const [backend] = recordsBackends;
if (backend === undefined) throw new Error('no backend keeps records');

async function openConsents() {
  const store = await opened(recordsStore(backend as NonNullable<typeof backend>));
  const consents = createConsents({
    records: store.port,
    clock: store.clock,
    events: { write: async () => undefined },
  });

  return { ...store, ...consents, records: store.port };
}

const wanted: Wanted = {
  scopes: ['email', 'offline_access', 'openid', 'profile'],
  claims: ['phone_number', 'email'],
  resources: { 'https://api.example': ['read', 'write'] },
};

const answer = (ticked: string[], of: Partial<Wanted> = {}): Answer => ({
  accountId: 'a',
  clientId: 'c',
  wanted: { ...wanted, ...of },
  ticked,
  at: 1000,
});

describe('recording a consent', () => {
  test('what is ticked is allowed, what is not is refused, openid always goes', async () => {
    await using store = await openConsents();

    const consent = await store.record(answer(['scope:email', 'resource:https://api.example read']));

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
    expect(await store.records.consents.get('a c')).toEqual(consent);
  });

  test('what was not asked this time stays as it was', async () => {
    await using store = await openConsents();
    await store.record(answer(['scope:email', 'scope:profile', 'claim:phone_number']));

    const asked = { scopes: ['openid', 'phone', 'profile'], claims: [], resources: {} };
    const consent = await store.record(answer(['scope:phone'], asked));

    expect(consent).toMatchObject({
      scopes: ['email', 'openid', 'phone'],
      rejectedScopes: ['offline_access', 'profile'],
      claims: ['phone_number'],
    });
  });

  test('a box that was not on the page counts for nothing', async () => {
    await using store = await openConsents();

    const only = { scopes: ['openid'], claims: [], resources: {} };
    const consent = await store.record(answer(['scope:email', 'claim:phone_number'], only));

    expect(consent).toMatchObject({ scopes: ['openid'], claims: [] });
  });

  test('two tabs at once: one of them is first, nothing is lost', async () => {
    await using store = await openConsents();

    await Promise.all([
      store.record(answer(['scope:email'], { scopes: ['openid', 'email'], claims: [], resources: {} })),
      store.record(answer(['scope:phone'], { scopes: ['openid', 'phone'], claims: [], resources: {} })),
    ]);

    expect(await store.records.consents.get('a c')).toMatchObject({ scopes: ['email', 'openid', 'phone'] });
  });
});
