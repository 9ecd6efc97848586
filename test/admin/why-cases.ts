import type { Account } from '../../src/domain/account.ts';
import type { NewAccount, TestApp } from '../support/app.ts';
import { realWay, type Traveller } from './real-way.ts';

/** Who comes with what request to which app, and what comes of it. */

export const callback = 'https://app.example.com/cb';
const orders = 'https://orders.example.com';
export const verifier = 'v'.repeat(43);
const challenge = '7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM';

export const config = JSON.stringify({
  limits: { requests: { api: 100_000, sign_ins: 100_000, authorizations: 100_000 } },
  resources: [
    {
      identifier: orders,
      name: 'Orders',
      format: 'jwt',
      access_token: '120s',
      scopes: [{ name: 'orders:read' }],
    },
  ],
});

export interface Case {
  name: string;
  client?: Record<string, unknown>;
  kind?: 'web' | 'spa' | 'native';
  person?: Partial<NewAccount>;
  /** Of the authorization request; undefined takes one out. */
  request?: Record<string, string | undefined>;
  before?(of: { app: TestApp; person: Traveller; account: Account; clientId: string }): Promise<unknown>;
  /** `code`, `id_token`, `locked` or an error: expected on both sides, so that none of them is empty by accident. */
  comes: string;
  steps?: string[];
}

const disable = ({ app, clientId }: { app: TestApp; clientId: string }) =>
  app.services.clients.disable(clientId, { actor: 'command-line' });
const goOnce = async ({ app, person, clientId }: { app: TestApp; person: Traveller; clientId: string }) =>
  realWay(app, person, authorize(clientId, {}));
const must = { claims: JSON.stringify({ id_token: { acr: { essential: true, values: ['urn:gatehouse:acr:2'] } } }) };

export const cases: readonly Case[] = [
  { name: 'a new third-party app', comes: 'code', steps: ['sign-in', 'consent'] },
  { name: 'one that was allowed before', before: goOnce, comes: 'code', steps: ['sign-in'] },
  {
    name: 'an own one with claims in the ID token',
    client: { first_party: true, claims_in_id_token: true },
    comes: 'code',
    steps: ['sign-in'],
  },
  {
    name: 'one that needs two factors, where none is set up',
    client: { require_second_factor: true },
    comes: 'code',
    steps: ['sign-in', 'set-up', 'consent'],
  },
  {
    name: 'a request that needs two factors, where one is set up',
    before: async ({ app, person, clientId }) => realWay(app, person, authorize(clientId, must)),
    request: must,
    comes: 'code',
    steps: ['sign-in', 'second-factor'],
  },
  {
    name: 'an address that was not verified',
    person: { emailVerified: false },
    comes: 'code',
    steps: ['sign-in', 'verify-email', 'consent'],
  },
  {
    name: 'single claims and access for the time away',
    client: { scope: 'openid offline_access', grant_types: ['authorization_code', 'refresh_token'] },
    request: {
      scope: 'openid offline_access',
      claims: JSON.stringify({ id_token: { email: null }, userinfo: { given_name: null } }),
    },
    comes: 'code',
    steps: ['sign-in', 'consent'],
  },
  {
    name: 'a token for an API',
    client: { resources: [orders] },
    request: { scope: 'openid orders:read', resource: orders },
    comes: 'code',
    steps: ['sign-in', 'consent'],
  },
  {
    name: 'an ID token alone, with a pairwise subject',
    client: { response_types: ['id_token'], grant_types: ['implicit'], subject_type: 'pairwise' },
    request: { response_type: 'id_token', response_mode: 'form_post', nonce: 'n' },
    comes: 'id_token',
    steps: ['sign-in', 'consent'],
  },
  { name: 'another redirect URI', request: { redirect_uri: `${callback}/` }, comes: 'invalid_redirect_uri' },
  { name: 'no PKCE', request: { code_challenge: undefined }, comes: 'invalid_request' },
  {
    name: 'a scope that is not its own',
    client: { scope: 'openid' },
    request: { scope: 'openid email' },
    comes: 'invalid_scope',
  },
  { name: 'an API that is not its own', request: { resource: orders }, comes: 'invalid_target' },
  { name: 'a response type that is not its own', request: { response_type: 'none' }, comes: 'invalid_request' },
  { name: 'nobody signed in, and no page', request: { prompt: 'none' }, comes: 'login_required' },
  { name: 'an app that is disabled', before: disable, comes: 'invalid_client' },
  {
    name: 'a locked account',
    before: ({ app, account }) =>
      app.services.locking.lock(account.id, { reason: 'Left the company' }, { actor: 'command-line' }),
    comes: 'locked',
    steps: ['sign-in'],
  },
];

export function authorize(clientId: string, more: Record<string, string | undefined>): string {
  const all = {
    client_id: clientId,
    redirect_uri: callback,
    response_type: 'code',
    scope: 'openid profile email',
    state: 's',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);

  return `/oauth/authorize?${new URLSearchParams(given).toString()}`;
}
