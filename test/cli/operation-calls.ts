import { newId } from '../../src/domain/ids.ts';
import { accountApiOf } from '../../src/domain/account-api.ts';
import { webhookDeliveryId } from '../../src/domain/webhook.ts';
import type { TestApp } from '../support/app.ts';
import type { Printed } from '../support/command-line.ts';
import { relyingParty } from '../support/relying-party.ts';

/** An app and a person who uses it: one of two of a kind, of which one is looked after here and one over the API. */
export interface Twin {
  client: string;
  person: string;
  /** Without a password, yet. */
  newcomer: string;
  /** It was told of an event already. */
  webhook: string;
  /** Another name each. */
  name: string;
  alg: 'RS256' | 'ES256';
  /** What a command prints as JSON. */
  read(...words: string[]): Promise<Record<string, unknown>>;
  tagOf(...words: string[]): Promise<string>;
}

let count = 0;

export async function openTwin(app: TestApp, run: (words: readonly string[]) => Promise<Printed>): Promise<Twin> {
  count += 1;
  const name = `twin${count}`;
  const person = await app.account();
  const registered = await app.client('web', { redirect_uris: [`https://${name}.example/cb`] });
  const party = await relyingParty(app, registered);
  await party.signIn(person, { request: { scope: 'openid offline_access' } });
  const permissions = [{ audience: accountApiOf(app.url), scope: 'profile:read' }];
  await app.services.apiKeys.create(person, { name, permissions, once: newId() }, { actor: person.id });
  const created = await run(['accounts', 'create', '--email', `new-${name}@example.net`, '--json']);

  return {
    client: registered.client.id,
    person: person.id,
    webhook: await openWebhook(app, name),
    newcomer: String(created.json()['id']),
    name,
    alg: count % 2 === 0 ? 'RS256' : 'ES256',
    read: async (...words) => (await run([...words, '--json'])).json(),
    tagOf: async (...words) => /--if-match: (\S+)/.exec((await run(words)).err)?.[1] ?? '',
  };
}

async function openWebhook({ services }: TestApp, name: string): Promise<string> {
  const wanted = { url: `https://${name}.example/hook`, description: '', kinds: ['setup.begun'] };
  const made = await services.webhooks.create(wanted, { actor: 'command-line' });
  if (!made.ok) throw new Error(JSON.stringify(made.problems));

  const { id: webhookId } = made.value.webhook;
  const at = Date.now();
  await services.records.webhookDeliveries.create({
    id: webhookDeliveryId(webhookId, toldOf),
    webhookId,
    eventId: toldOf,
    kind: 'setup.begun',
    state: 'delivered',
    attempts: 1,
    nextAt: at,
    lastTriedAt: at,
    status: 200,
    queuedAt: at,
    createdAt: at,
    expiresAt: at + 86_400_000,
  });

  return webhookId;
}

const toldOf = newId();

/** The id of the first row of a list. */
async function first({ read }: Twin, words: string): Promise<string> {
  const [rows = []] = Object.values(await read(...words.split(' '))).filter((value) => Array.isArray(value));
  const [row] = rows as Record<string, unknown>[];

  return String(row?.['id']);
}

const nextKey = async ({ read, alg }: Twin): Promise<string> => {
  const { signing } = (await read('keys', 'get')) as { signing: { kid: string; alg: string; state: string }[] };

  return signing.find((key) => key.alg === alg && key.state === 'next')?.kid ?? '';
};

type Call = readonly [name: string, args: (on: Twin) => readonly string[] | Promise<readonly string[]>];

const none = () => [];
const onClient = ({ client }: Twin) => [`--id=${client}`];
const onWebhook = ({ webhook }: Twin) => [`--id=${webhook}`];
const onPerson = ({ person }: Twin) => [`--id=${person}`];

/** Every operation, in an order in which each has something to do. Ids stand behind their names: some begin with a dash. */
export const operationCalls: readonly Call[] = [
  ['self.get', none],
  ['overview.get', () => ['--over', 'month']],

  ['clients.list', ({ client }) => [`--search=${client}`]],
  ['clients.create', ({ name }) => ['--kind', 'machine', '--metadata', JSON.stringify({ client_name: name })]],
  ['clients.get', onClient],
  [
    'clients.update',
    async (on) => {
      const get = ['clients', 'get', `--id=${on.client}`];
      const { metadata } = await on.read(...get);

      return [...onClient(on), '--if-match', await on.tagOf(...get), '--metadata', JSON.stringify(metadata)];
    },
  ],
  ['clients.secrets.rotate', (on) => [...onClient(on), '--overlap', '3600', '--idempotency-key', 'new']],
  [
    'clients.secrets.delete',
    async (on) => {
      const { secrets } = (await on.read('clients', 'get', `--id=${on.client}`)) as { secrets: { id: string }[] };

      return [...onClient(on), `--secret-id=${secrets[1]?.id}`];
    },
  ],
  ['clients.impact.get', onClient],
  ['why.explain', ({ client, person }) => ['--account', person, '--client', client]],

  ['accounts.list', ({ name }) => ['--begins', `new-${name}`]],
  ['accounts.create', ({ name }) => ['--email', `other-${name}@example.net`, '--invite']],
  ['accounts.get', onPerson],
  [
    'accounts.update',
    async (on) => {
      const tag = await on.tagOf('accounts', 'get', `--id=${on.person}`);

      return [...onPerson(on), '--if-match', tag, '--display-name', 'Ben'];
    },
  ],
  ['accounts.invitations.send', ({ newcomer }) => [`--id=${newcomer}`]],
  ['accounts.password-resets.send', onPerson],
  ['accounts.activity.list', onPerson],
  ['accounts.access.list', onPerson],
  [
    'accounts.access.end',
    async (on) => [...onPerson(on), `--access=${await first(on, `accounts access list --id=${on.person}`)}`],
  ],
  ['accounts.grants.list', onPerson],
  ['accounts.grants.revoke', (on) => [...onPerson(on), `--client=${on.client}`]],
  ['accounts.keys.list', onPerson],
  [
    'accounts.keys.delete',
    async (on) => [...onPerson(on), `--key=${await first(on, `accounts keys list --id=${on.person}`)}`],
  ],
  ['accounts.sessions.list', onPerson],
  [
    'accounts.sessions.end',
    async (on) => [...onPerson(on), `--session=${await first(on, `sessions list --id=${on.person}`)}`],
  ],
  ['accounts.sessions.end-all', onPerson],
  ['accounts.factors.reset', onPerson],
  ['accounts.lock', (on) => [...onPerson(on), '--reason', 'Lost']],
  ['accounts.unlock', onPerson],
  ['accounts.role.set', (on) => [...onPerson(on), '--role', 'auditor']],
  ['accounts.delete', onPerson],

  ['clients.revoke', onClient],
  ['clients.receipts.list', onClient],
  [
    'clients.receipts.get',
    async (on) => [...onClient(on), `--receipt-id=${await first(on, `clients receipts list --id=${on.client}`)}`],
  ],
  ['clients.disable', onClient],
  ['clients.enable', onClient],
  ['clients.delete', onClient],

  ['keys.get', none],
  ['keys.signing.rotate', ({ alg }) => ['--alg', alg]],
  ['keys.signing.get', async (on) => [`--kid=${await nextKey(on)}`]],
  [
    'keys.signing.reschedule',
    async (on) => {
      const kid = `--kid=${await nextKey(on)}`;
      const signsFrom = new Date(Date.now() + 86_400_000).toISOString();

      return [kid, '--if-match', await on.tagOf('keys', 'signing', 'get', kid), '--signs-from', signsFrom];
    },
  ],
  ['keys.signing.replace', ({ alg }) => ['--alg', alg]],

  ['settings.get', none],
  [
    'settings.update',
    async ({ name, tagOf }) => [
      '--if-match',
      await tagOf('settings', 'get'),
      '--body',
      JSON.stringify({ 'messages.from_name': name, 'branding.links.help': null }),
    ],
  ],
  ['settings.test-mails.send', () => ['--to', 'ana@example.com']],

  ['audit.list', () => ['--kind', 'account.created', '--limit', '1']],
  ['audit.export', () => ['--format', 'csv']],
  ['audit.verify', none],

  ['webhooks.list', none],
  ['webhooks.create', ({ name }) => ['--body', JSON.stringify(webhookOf(`new-${name}`))]],
  ['webhooks.get', onWebhook],
  [
    'webhooks.update',
    async (on) => {
      const tag = await on.tagOf('webhooks', 'get', ...onWebhook(on));

      return [...onWebhook(on), '--if-match', tag, '--body', JSON.stringify(webhookOf(on.name))];
    },
  ],
  ['webhooks.secrets.rotate', (on) => [...onWebhook(on), '--overlap', '3600']],
  ['webhooks.deliveries.list', onWebhook],
  ['webhooks.deliveries.redeliver', (on) => [...onWebhook(on), `--event=${toldOf}`]],
  ['webhooks.test', onWebhook],
  ['webhooks.disable', onWebhook],
  ['webhooks.enable', onWebhook],
  ['webhooks.delete', onWebhook],
];

function webhookOf(name: string) {
  return { url: `https://${name}.example/hook`, description: name, kinds: ['setup.begun'] };
}
