import { whyView, type WhyView } from '../../src/admin/why.ts';
import { shownWhy } from '../../src/admin/why-words.ts';
import type { Explained } from '../../src/operations/why.ts';
import { signedInBefore } from '../../src/operations/why-request.ts';
import { ana } from '../support/interactions.ts';
import { now, sample, type Sample, type Told } from './sample.ts';

const client = {
  id: 'payroll',
  metadata: { client_name: 'Payroll of the whole of Northwind' },
  secrets: [],
  disabled: true,
  version: 1,
  createdAt: now,
  updatedAt: now,
};
const request = [
  { name: 'client_id', value: 'payroll' },
  { name: 'redirect_uri', value: 'https://payroll.example.com/a/rather/long/path/of/a/callback/that/may/break' },
];

const claims = {
  sub: 'Zk3vQ8sWm1xT0rYbN5cLpA',
  email: 'ana.lind.with.a.rather.long.address@northwind.example',
  email_verified: true,
  address: { locality: 'Bern', country: 'CH' },
};

const goes: Explained = {
  account: ana,
  client,
  request,
  refusals: [],
  steps: [
    { step: 'choose-account' },
    { step: 'sign-in', ways: ['password', 'passkey'], reasons: ['no_session'] },
    { step: 'second-factor', why: 'own', methods: ['authenticator', 'recovery-code'], remembered: 2 },
    { step: 'set-up', why: 'client' },
    { step: 'verify-email', optional: true },
    { step: 'keep-account' },
    { step: 'consent', reasons: ['op_scopes_missing'] },
  ],
  consent: {
    kind: 'asked',
    items: [
      { id: 'scope:openid', scope: 'openid', values: [], required: true, allowed: false },
      { id: 'scope:email', scope: 'email', values: [], required: false, allowed: false },
    ],
  },
  tokens: {
    id: { lasts: 3600, algorithm: 'RS256', claims },
    access: { lasts: 600, format: 'opaque', scopes: ['openid', 'email'] },
    refresh: { idle: 14 * 86_400, absolute: 90 * 86_400 },
    userinfo: claims,
  },
};

const refused: Explained = {
  account: ana,
  client,
  request,
  refusals: [
    { by: 'client', why: 'disabled' },
    { by: 'account', why: 'locked', reason: 'Left the company', until: now + 86_400_000 },
    {
      by: 'protocol',
      told: 'person',
      error: 'invalid_redirect_uri',
      description: "redirect_uri did not match any of the client's registered redirect_uris",
    },
  ],
  steps: [],
  consent: { kind: 'none' },
};

const nothing: WhyView = {
  asked: {},
  people: [],
  apps: [],
  signedIn: signedInBefore.map((value) => ({ value, label: `why.signedIn.${value}` as const })),
};
const found = (of: Explained) => (told: Told) => ({ ...nothing, found: shownWhy(of, told) });

export const whySamples: readonly Sample[] = [
  sample(whyView, found(goes)),
  sample(whyView, found(refused), { as: 'refused' }),
  sample(
    whyView,
    () => ({
      ...nothing,
      asked: { person: 'ana', app: 'pay', request: 'https://id.example.com/oauth/authorize?client_id=payroll' },
      people: [{ id: 'a', name: 'Ana Lind', email: ana.email, path: '/admin/accounts/a' }],
      apps: [{ id: 'payroll', name: 'Payroll' }],
    }),
    { as: 'several', problems: { person: 'why.noPerson', request: 'problem.noRequest' } },
  ),
];
