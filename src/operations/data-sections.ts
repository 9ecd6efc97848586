import type { Account } from '../domain/account.ts';
import { clientsOf, lastAccessOf } from '../domain/device-session.ts';
import { noFactors } from '../domain/factors.ts';
import type { Json } from '../domain/json.ts';
import type { Activity } from '../events/activity.ts';
import { everyRow, type CollectionName, type Page, type PageRequest, type Records } from '../storage/records.ts';
import { factorsOf, formerEmailOf, inTurn, noticeOf, profileOf, time, type Fields } from './data-fields.ts';
import type { Receipts } from './receipts.ts';

/**
 * What a person gets who downloads their data: every collection in which something of theirs is kept. Written here field
 * by field, so that nothing is handed out by accident: no hash, no seed, no token, no id that proves something.
 */
export type Section = { name: string; /** Where it is kept. */ of: CollectionName } & (
  | { one: (account: Account) => Promise<Fields> }
  /** Page by page, in the order of its list. */
  | { rows: (account: Account) => AsyncIterable<Fields> }
);

/** What is kept of an account and is in no section, with the reason. A test holds that nothing else is left out. */
export const leftOut = {
  formerAddresses: 'by which the address of an account is found: what it says is in former_email_addresses',
  oneTimeSecrets: 'links that were mailed: each opens something',
  attempts: 'keyed hashes with a count',
  used: 'keyed hashes with a time',
  deviceCodes: 'what a device asks, for an hour: what came of it is in grants',
  logoutNotices: 'to be told to applications: how far that has come is in receipts',
  closedAccounts: 'of nobody who can ask',
} as const satisfies Partial<Record<CollectionName, string>>;

export interface SectionsDeps {
  records: Records;
  activity: Pick<Activity, 'open'>;
  receipts: Pick<Receipts, 'of'>;
}

/** Those of one document. A new kind of thing that people have is one more entry. */
export function dataSections({ records, activity, receipts }: SectionsDeps): readonly Section[] {
  const names = new Map<string, Promise<string | undefined>>();

  /** As it is called now, looked up once. Undefined: it is not registered any more. */
  function nameOf(clientId: string): Promise<string | undefined> {
    const name = names.get(clientId) ?? records.clients.get(clientId).then((client) => client?.metadata.client_name);
    names.set(clientId, name);

    return name;
  }

  /** An application where it stands beside other things. */
  async function named(clientId: string | undefined): Promise<Fields> {
    if (clientId === undefined) return {};

    return { application: clientId, application_name: await nameOf(clientId) };
  }

  return [
    { name: 'profile', of: 'accounts', one: async (account) => profileOf(account) },
    {
      name: 'former_email_addresses',
      of: 'accounts',
      rows: ({ formerEmails = [] }) => inTurn(formerEmails.map(formerEmailOf)),
    },
    {
      name: 'password',
      of: 'passwords',
      one: async ({ id }) => ({ changed_at: time((await records.passwords.get(id))?.changedAt) ?? null }),
    },
    {
      name: 'two_factor',
      of: 'factors',
      one: async ({ id }) => factorsOf((await records.factors.get(id)) ?? noFactors(id)),
    },
    {
      name: 'passkeys',
      ...each('passkeys', ({ name, synced, createdAt, lastUsedAt }) => ({
        name,
        synced,
        created_at: time(createdAt),
        last_used_at: time(lastUsedAt),
      })),
    },
    {
      name: 'remembered_browsers',
      ...each('rememberedBrowsers', ({ userAgent, createdAt, lastUsedAt, expiresAt }) => ({
        user_agent: userAgent,
        created_at: time(createdAt),
        last_used_at: time(lastUsedAt),
        expires_at: time(expiresAt),
      })),
    },
    {
      name: 'known_devices',
      ...each('knownDevices', ({ lastSeenAt, expiresAt }) => ({
        last_seen_at: time(lastSeenAt),
        expires_at: time(expiresAt),
      })),
    },
    {
      name: 'pending_codes',
      ...each('codes', ({ purpose, data, worksUntil }) => ({
        purpose,
        email: data['email'],
        phone: data['number'],
        works_until: time(worksUntil),
      })),
    },
    {
      name: 'sessions',
      ...each('sessions', async (session) => ({
        user_agent: session.userAgent,
        ip: session.ip,
        methods: session.amr,
        signed_in_at: time(session.signedInAt),
        last_accessed_at: time(lastAccessOf(session)),
        expires_at: time(session.expiresAt),
        applications: await Promise.all(
          Object.keys(clientsOf(session)).map(async (id) => ({ application: id, name: await nameOf(id) })),
        ),
      })),
    },
    {
      name: 'permissions',
      ...each('consents', async (consent) => ({
        ...(await named(consent.clientId)),
        scopes: consent.scopes,
        claims: consent.claims,
        resources: consent.resources,
        refused_scopes: consent.rejectedScopes,
        refused_claims: consent.rejectedClaims,
        refused_resources: consent.rejectedResources,
        granted_at: time(consent.grantedAt),
        last_used_at: time(consent.lastUsedAt),
      })),
    },
    {
      name: 'grants',
      ...each('grants', async ({ clientId, device, accessTokensUntil, createdAt, lastUsedAt, expiresAt }) => ({
        ...(await named(clientId)),
        device: device && {
          ip: device.ip,
          user_agent: device.userAgent,
          scope: device.scope,
          refreshes: device.refreshes,
        },
        access_tokens_until: time(accessTokensUntil),
        created_at: time(createdAt),
        last_used_at: time(lastUsedAt),
        expires_at: time(expiresAt),
      })),
    },
    {
      name: 'api_keys',
      ...each('apiKeys', ({ name, prefix, audience, scopes, ip, createdAt, lastUsedAt, expiresAt }) => ({
        name,
        prefix,
        audience,
        scopes,
        ip,
        created_at: time(createdAt),
        last_used_at: time(lastUsedAt),
        expires_at: time(expiresAt),
      })),
    },
    {
      name: 'offline_access',
      ...each('refreshFamilies', async ({ clientId, ip, payload, accessTokensUntil, ...times }) => ({
        ...(await named(clientId)),
        scope: payload['scope'],
        ip,
        access_tokens_until: time(accessTokensUntil),
        created_at: time(times.createdAt),
        last_used_at: time(times.lastUsedAt),
        expires_at: time(times.expiresAt),
      })),
    },
    {
      name: 'receipts',
      ...each('receipts', async ({ accountId, id }) => {
        const receipt = await receipts.of(accountId, id);

        return {
          at: time(receipt?.at),
          reason: receipt?.reason,
          sessions: receipt?.sessions.map(({ userAgent, ip, signedInAt }) => ({
            user_agent: userAgent,
            ip,
            signed_in_at: time(signedInAt) ?? null,
          })),
          applications: receipt?.applications.map((application) => ({
            application: application.clientId,
            name: application.name,
            grants: application.grants,
            refresh_tokens: application.refreshTokens,
            access_tokens_until: time(application.accessTokensUntil),
            notices: application.notices.map(noticeOf),
          })),
          api_keys: receipt?.keys.map(({ name, prefix }) => ({ name, prefix })),
        };
      }),
    },
    {
      name: 'messages',
      ...each('messages', ({ channel, template, locale, state, createdAt, nextAt }) => ({
        channel,
        template,
        language: locale,
        state,
        created_at: time(createdAt),
        settled_at: state === 'queued' ? undefined : time(nextAt),
      })),
    },
    {
      name: 'activity',
      of: 'events',
      async *rows(account) {
        const list = (page: PageRequest) => records.events.list('account', account.id, page);

        for await (const row of everyRow(list)) {
          for (const { kind, at, by, clientId, details, from } of activity.open(account, [row])) {
            yield {
              at: time(at),
              kind,
              by,
              ...(await named(clientId)),
              details: details as Json,
              ip: from?.ip,
              user_agent: from?.userAgent,
              device: from?.device && { ip: from.device.ip, user_agent: from.device.userAgent },
            };
          }
        }
      },
    },
  ];

  function each<Name extends Listed>(name: Name, fields: (row: RowOf[Name]) => Fields | Promise<Fields>) {
    const { list } = records[name] as unknown as Lists<RowOf[Name]>;

    return {
      of: name,
      async *rows({ id }: Account): AsyncGenerator<Fields> {
        for await (const row of everyRow((page) => list('account', id, page))) yield await fields(row);
      },
    };
  }
}

/** The collections with a list of an account's rows. */
type RowOf = {
  [
    Name in keyof Records as Records[Name] extends { list: (list: 'account', ...more: never[]) => unknown }
      ? Name
      : never
  ]: Records[Name] extends { get: (id: string) => Promise<infer T> } ? Exclude<T, undefined> : never;
};
type Listed = keyof RowOf & keyof Records;

interface Lists<T> {
  list(list: 'account', accountId: string, page: PageRequest): Promise<Page<T>>;
}
