import { expect, test } from '@jest/globals';

import { adminScopes } from '../../src/domain/admin-api.ts';
import { hasEveryAdminScope, reachProblem } from '../../src/operations/admin-reach.ts';

const issuer = 'https://id.example.com';
const admin = { resources: ['https://orders.example.com', `${issuer}/api/admin/v1`] };
const refused = { path: 'resources', key: 'problem.adminReach' };

test('S53: only whoever may do everything at the admin API gets hold of an app that may', () => {
  for (const metadata of [[admin], [{}, admin], [admin, { resources: [] }]]) {
    expect(reachProblem(metadata, { issuer, scopes: ['clients:read', 'clients:write'] })).toEqual(refused);
    expect(reachProblem(metadata, { issuer, scopes: adminScopes.slice(1) })).toEqual(refused);
    expect(reachProblem(metadata, { issuer, scopes: [] })).toEqual(refused);
    expect(reachProblem(metadata, { issuer, scopes: adminScopes })).toBeUndefined();
    expect(reachProblem(metadata, { issuer })).toBeUndefined();
  }

  // What is no list is refused by whoever reads the metadata.
  for (const other of [
    undefined,
    null,
    {},
    { resources: `${issuer}/api/admin/v1` },
    { resources: [7, `${issuer}/api/account/v1`] },
  ]) {
    expect(reachProblem([other], { issuer, scopes: ['clients:write'] })).toBeUndefined();
  }

  expect(hasEveryAdminScope(['accounts:write'])).toBe(false);
});
