import { clientDoingView } from '../../src/admin/client-changes.ts';
import { fieldsOf } from '../../src/admin/client-form.ts';
import { pasteFor } from '../../src/admin/client-paste.ts';
import { clientImpactView, clientReceiptView } from '../../src/admin/client-revocation.ts';
import { newSecretView } from '../../src/admin/client-secrets.ts';
import { kindReasons, kindWords, settingsOf, type ShownClientRow } from '../../src/admin/client-words.ts';
import { badges, clientView } from '../../src/admin/client.ts';
import { clientsView } from '../../src/admin/clients.ts';
import { clientFormView, clientKindsView, madeClientView } from '../../src/admin/new-client.ts';
import type { Client } from '../../src/domain/client.ts';
import { timeInWords } from '../../src/domain/consent-words.ts';
import { clientKinds, type ClientKind } from '../../src/operations/clients.ts';
import { day, now, sample, type Sample, type Told } from './sample.ts';

const issuer = 'https://id.example.com';
const place = '/admin/clients/Zk3vQ8sWm1xT0rYbN5cLpA';
const files = {
  identifier: 'https://files.example.com',
  name: 'Files',
  scopes: [
    { name: 'files:read', description: { en: 'Read your files', de: 'Ihre Dateien lesen' } },
    { name: 'files:write', description: {} },
  ],
};

const wiki: Client = {
  id: 'Zk3vQ8sWm1xT0rYbN5cLpA',
  metadata: {
    client_name: 'Wiki of the engineering department',
    redirect_uris: [
      'https://wiki.example.net/authentication/openid-connect/callback-of-the-primary-site',
      'https://wiki-staging.example.net/authentication/callback',
    ],
    post_logout_redirect_uris: ['https://wiki.example.net/'],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
    application_type: 'web',
    token_endpoint_auth_method: 'client_secret_basic',
    scope: 'openid profile email offline_access files:read',
    resources: [files.identifier],
    backchannel_logout_uri: 'https://wiki.example.net/authentication/signed-out',
    client_uri: 'https://wiki.example.net/',
  },
  secrets: [],
  disabled: false,
  version: 3,
  createdAt: now - 300 * day,
  updatedAt: now - 2 * day,
};

const held = { people: '12', sessions: '31', grants: 31, refreshTokens: 1040 };

const row = (about: Partial<ShownClientRow> = {}): ShownClientRow => ({
  id: wiki.id,
  path: place,
  name: wiki.metadata.client_name,
  kind: 'clients.kind.web',
  disabled: false,
  isOurs: false,
  lastUsedAt: now - 600_000,
  holdings: held,
  ...about,
});

const form = (kind: ClientKind, { say, locale }: Told, stored?: Client) => ({
  path: stored ? `${place}/edit` : `/admin/clients/new/${kind}`,
  back: stored ? place : '/admin/clients',
  title: kindWords[kind],
  why: kindReasons[kind],
  fields: fieldsOf(kind, { apis: [files], say, locale }, stored?.metadata),
  nameLength: 60,
  ...(stored ? { version: 3, submit: 'clients.save' as const } : { once: 'o', submit: 'clients.register' as const }),
});

const overlaps = ({ say, locale }: Told) => [
  ...[30, 7, 1, 90].map((days) => ({ value: String(days), label: timeInWords(days * 86_400, locale) })),
  { value: '0', label: say('clients.overlapNone') },
];

const named = { titleValues: { client: wiki.metadata.client_name } };
const doing = (verb: 'disable' | 'enable') =>
  ({
    name: wiki.metadata.client_name,
    what: `clients.${verb}`,
    lead: `clients.${verb}Lead`,
    submit: `clients.${verb}`,
    isDangerous: verb === 'disable',
    path: `${place}/${verb}`,
    back: place,
  }) as const;

const kinds = clientKinds.map((kind) => ({
  path: `/admin/clients/new/${kind}`,
  name: kindWords[kind],
  why: kindReasons[kind],
}));

const about = {
  createdAt: wiki.createdAt,
  updatedAt: wiki.updatedAt,
  why: '/admin/why?client=wiki',
  settings: settingsOf(wiki.metadata),
  secrets: [],
  receipts: [],
};

const ended = {
  name: wiki.metadata.client_name,
  at: now - 60_000,
  expiresAt: now + 366 * day,
  by: 'the-administrator-on-duty@northwind.example',
  people: 1250,
  sessions: 1311,
  grants: 1400,
  refreshTokens: 90,
  notices: 1311,
  progress: { queued: 11, delivered: 1298, failed: 2, dropped: 0 },
  back: place,
};

export const clientSamples: readonly Sample[] = [
  sample(clientsView, () => ({ rows: [], search: '', isAdmin: true })),
  sample(
    clientsView,
    ({ say }) => ({
      rows: [
        row(),
        row({ id: 'account-console', name: 'Account console', isOurs: true }),
        row({
          id: 'an-id-that-somebody-chose-on-the-command-line-and-that-is-long',
          name: 'A-program-with-one-long-word-for-a-name-without-any-blank-1',
          kind: 'clients.kind.machine',
          disabled: true,
          holdings: { ...held, people: say('clients.numberAtLeast', { number: 200 }) },
        }),
      ],
      search: 'wi',
      isAdmin: true,
      next: '/admin/clients?after=x',
    }),
    { as: 'with some', notice: 'clients.deletedDone' },
  ),
  sample(clientsView, () => ({ rows: [], search: 'nowhere', isAdmin: false }), { as: 'none found', onlyWords: true }),
  sample(clientKindsView, () => ({ kinds })),
  ...clientKinds.map((kind) =>
    sample(clientFormView, (told) => form(kind, told), {
      as: kind,
      titleValues: { client: 'Wiki' },
      onlyWords: kind === 'spa' || kind === 'native',
    }),
  ),
  sample(clientFormView, (told) => form('web', told, wiki), {
    as: 'with problems',
    ...named,
    problems: {
      client_name: 'problem.required',
      redirect_uris: 'problem.uriFragment',
      form: 'clients.changedMeanwhile',
    },
    values: { redirect_uris: 'https://wiki.example.net/#here' },
  }),
  sample(
    madeClientView,
    () => ({
      ...pasteFor(wiki, { kind: 'web', issuer, secret: 'hR4fQz9KJ7mW2xT0rYbN5cLpAZk3vQ8sWm1xT0rYbN5' }),
      path: place,
      lead: 'clients.madeLead' as const,
    }),
    named,
  ),
  sample(
    clientView,
    () => ({
      ...about,
      client: row(),
      secrets: [
        {
          id: 'aB3vQ8sWm1xT0rYbN5cLpA',
          createdAt: now - 9 * day,
          lastUsedAt: now - 600_000,
          badge: badges.newest,
        },
        {
          id: 'cD3vQ8sWm1xT0rYbN5cLpA',
          createdAt: now - 300 * day,
          lastUsedAt: now - 8.5 * day,
          endsAt: now + 21 * day,
          badge: badges.safe,
          path: `${place}/secrets/c`,
        },
        {
          id: 'eF3vQ8sWm1xT0rYbN5cLpA',
          createdAt: now - 400 * day,
          endsAt: now + day,
          badge: badges.older,
          path: `${place}/secrets/e`,
        },
      ],
      receipts: [{ path: `${place}/receipts/r`, at: now - 40 * day }],
      places: {
        edit: `${place}/edit`,
        secret: `${place}/secret`,
        switch: `${place}/disable`,
        revoke: `${place}/revoke`,
        delete: `${place}/delete`,
      },
    }),
    { ...named, notice: 'clients.saved' },
  ),
  sample(clientView, () => ({ ...about, client: row({ isOurs: true, disabled: true }) }), {
    as: 'ours',
    ...named,
    onlyWords: true,
  }),
  sample(
    newSecretView,
    (told) => ({ name: 'Wiki', path: `${place}/secret`, back: place, once: 'once', overlaps: overlaps(told) }),
    named,
  ),
  sample(clientDoingView, () => doing('disable'), { titleValues: { what: '…', client: 'Wiki' } }),
  sample(clientDoingView, () => doing('enable'), {
    as: 'enable',
    titleValues: { what: '…', client: 'Wiki' },
    onlyWords: true,
  }),
  sample(
    clientImpactView,
    ({ say }) => ({
      name: wiki.metadata.client_name,
      holdings: {
        ...held,
        people: say('clients.numberAtLeast', { number: 20_000 }),
        accessTokensUntil: now + 300_000,
      },
      isTold: true,
      once: 'o',
      path: `${place}/revoke`,
      back: place,
    }),
    named,
  ),
  sample(clientReceiptView, () => ({ ...ended, accessTokensUntil: now + 300_000 }), named),
  sample(
    clientReceiptView,
    () => ({ ...ended, notices: 0, progress: { queued: 0, delivered: 0, failed: 0, dropped: 0 } }),
    { ...named, as: 'nobody told', onlyWords: true },
  ),
];
