import { accountApi, type AccountApiDeps } from '../../src/api/account.ts';
import { operationView, referenceView, shownOperation, shownReference } from '../../src/api/reference.ts';
import { sample, type Sample } from './sample.ts';

const issuer = 'https://id.example.com';
const api = accountApi({ config: { issuer, branding: { name: 'Northwind ID' } } } as AccountApiDeps);

function operationOf(name: string) {
  const endpoint = api.endpoints.find((one) => one.name === name);
  if (!endpoint) throw new Error(`no operation ${name}`);

  return shownOperation(api, endpoint, { issuer });
}

export const apiReferenceSamples: readonly Sample[] = [
  sample(referenceView, () => shownReference({ apis: [api] })),
  sample(operationView, () => operationOf('profile.update')),
  sample(operationView, () => operationOf('sessions.end'), { as: 'without a body' }),
];
