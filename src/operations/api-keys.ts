import { z } from 'zod';

import { hashOfApiKey, newApiKey } from '../credentials/api-key.ts';
import { hasRole, type Account } from '../domain/account.ts';
import { adminApiOf, isReading } from '../domain/admin-api.ts';
import { apiKeyClientId, type ApiKey, type EndedKey } from '../domain/api-key.ts';
import type { Clock } from '../domain/clock.ts';
import type { ResourceWords } from '../domain/consent-items.ts';
import { Conflict, SignInRequired } from '../domain/errors.ts';
import { sha256 } from '../domain/ids.ts';
import type { Reads } from '../storage/reads.ts';
import type { Page, PageRequest, Records, Write } from '../storage/records.ts';
import { tellingOf, type HappeningsDeps } from './happenings.ts';
import { problem, read, refused, type By, type Result } from './problems.ts';
import { neededLine, problemIs } from './text-rules.ts';

/**
 * API keys: what a person lets a program of their own do, at one API (DECISIONS 18). Whoever shows one is the person there,
 * for its scopes and nothing else: no key makes keys. Nobody has more than the operator allows, however many are made at
 * once: each has a number of the account's own, and there are only so many (F12).
 */
export interface ApiKeys {
  /** The APIs that a key can be made for, each with what it may be good for there: in words, for whoever has one. */
  readonly offered: readonly ResourceWords[];
  /** Those that this person can make one for: of the admin API what their role allows. */
  offeredTo(account: Pick<Account, 'roles'>): readonly ResourceWords[];
  readonly limit: number;
  /** Every one of the account, the newest first. */
  list(accountId: string): Promise<ApiKey[]>;
  /** The same by pages. Throws Invalid where `after` is no cursor. */
  page(accountId: string, page: Pick<PageRequest, 'after' | 'limit'>): Promise<Page<ApiKey>>;
  /** Undefined: there is none, or it is somebody else's. */
  find(accountId: string, id: string): Promise<ApiKey | undefined>;
  /**
   * `{name, permissions: [{audience, scope}], lives?, once}`; `lives` in seconds, without it until it is deleted. `once`
   * names the form: sent twice it makes one key. `made`: that was done before, and the key is shown to nobody again.
   * `sessionUid`: where the person is signed in; should that end in the same instant, there is no key.
   */
  create(account: Account, input: unknown, by: By & { sessionUid?: string }): Promise<Result<MadeApiKey> | 'made'>;
  /** At once, everywhere. Undefined as in `find`. */
  remove(account: Account, id: string, by: By): Promise<EndedKey | undefined>;
  /** Those that were made at `since` (milliseconds) or later, and the one that `id` names. */
  removeSuspect(account: Account, which: { since: number; id?: string | undefined }, by: By): Promise<EndedKey[]>;
  /** The key that is presented, with the scopes that the operator still offers. Whose account it is is not looked at. */
  look(presented: string): Promise<ApiKey | undefined>;
  /** It was used now, with whatever came of it: kept to the minute. Without `ip` where an API has asked. */
  used(key: ApiKey, ip?: string): Promise<void>;
  /** What is presented at an API of ours, `audience`. Undefined: it opens nothing there. */
  authorize(
    presented: string,
    at: { audience: string; ip: string },
  ): Promise<{ account: Account; key: ApiKey } | undefined>;
}

export interface MadeApiKey {
  apiKey: ApiKey;
  /** To be shown this once. */
  key: string;
}

export interface ApiKeysDeps extends HappeningsDeps {
  records: Pick<Records, 'apiKeys' | 'accounts' | 'sessions' | 'clients' | 'write'>;
  reads: Reads;
  clock: Clock;
  /** As `UnitDeps` of the protocol has it. */
  takeOver(writes: readonly Write[]): boolean;
  config: {
    issuer: string;
    api_keys: { limit: number };
    apis: readonly (ResourceWords & { key_scopes: readonly string[] })[];
  };
}

const nameLength = 40;
const minute = 60_000;
const longestLife = 10 * 365 * 86_400;

const newKey = z.strictObject({
  name: neededLine(nameLength),
  permissions: z
    .array(z.strictObject({ audience: z.string(), scope: z.string() }))
    .max(500)
    .refine((all) => all.length > 0, { ...problemIs('problem.apiKeyPermission'), abort: true })
    .refine((all) => new Set(all.map(({ audience }) => audience)).size < 2, problemIs('problem.apiKeyOneApi')),
  lives: z.int().min(60).max(longestLife).optional(),
  once: z.string().min(1).max(100),
});

export function createApiKeys(deps: ApiKeysDeps): ApiKeys {
  const { records, reads, clock, takeOver, config } = deps;
  const offered = offeredBy(config);
  const { limit } = config.api_keys;

  function offeredTo(account: Pick<Account, 'roles'>): ResourceWords[] {
    return offered
      .map((api) =>
        api.identifier === adminApiOf(config.issuer)
          ? { ...api, scopes: api.scopes.filter(({ name }) => hasRole(account, isReading(name) ? 'auditor' : 'admin')) }
          : api,
      )
      .filter(({ scopes }) => scopes.length > 0);
  }

  const list = async (accountId: string): Promise<ApiKey[]> => {
    const page = { descending: true, limit: 1000 };

    return (await reads.once(`api keys ${accountId}`, () => records.apiKeys.list('account', accountId, page))).rows;
  };

  /** The scopes of it that are offered by now. */
  function asOffered(key: ApiKey): ApiKey | undefined {
    const names = offered.find(({ identifier }) => identifier === key.audience)?.scopes.map(({ name }) => name);
    const scopes = key.scopes.filter((scope) => names?.includes(scope));

    return scopes.length > 0 ? { ...key, scopes } : undefined;
  }

  async function remove(account: Account, key: ApiKey, by: By): Promise<boolean> {
    const what = { kind: 'api_key.deleted', details: { prefix: key.prefix }, name: key.name } as const;
    const told = await tellingOf(deps, { ...by, account, what });
    reads.forget(`api keys ${account.id}`);

    return records.write([{ in: 'apiKeys', remove: key.id, decides: true }, ...told]);
  }

  /** Whoever ends a session or an account looks for keys afterwards: what was written before is found there. */
  async function isThere(accountId: string, sessionUid: string | undefined): Promise<boolean> {
    const [account, session] = await Promise.all([
      records.accounts.get(accountId),
      sessionUid === undefined ? 'any' : records.sessions.get(sessionUid),
    ]);

    return account?.status === 'active' && session !== undefined;
  }

  async function find(accountId: string, id: string): Promise<ApiKey | undefined> {
    const key = await records.apiKeys.get(id);

    return key?.accountId === accountId ? key : undefined;
  }

  async function look(presented: string): Promise<ApiKey | undefined> {
    const hash = hashOfApiKey(presented);
    const key = hash && (await reads.once(`api key ${hash}`, () => records.apiKeys.find('hash', hash)));

    return key ? asOffered(key) : undefined;
  }

  async function used(key: ApiKey, ip?: string): Promise<void> {
    const now = clock.now();
    const at = now - (now % minute);
    if (key.lastUsedAt !== undefined && key.lastUsedAt >= at) return;

    const change = ({ ip: _, ...old }: ApiKey): ApiKey => ({ ...old, lastUsedAt: at, ...(ip !== undefined && { ip }) });
    const write = { in: 'apiKeys', update: key.id, change } as const;

    if (!takeOver([write])) await records.write([write]);
  }

  return {
    offered,
    offeredTo,
    limit,
    list,
    page: (accountId, page) => records.apiKeys.list('account', accountId, { ...page, descending: true }),
    find,
    look,
    used,

    async create(account, input, { sessionUid, ...by }) {
      const parsed = read(newKey, input);
      if (!parsed.ok) return parsed;

      const { name, permissions, lives, once } = parsed.value;
      const [{ audience } = { audience: '' }] = permissions;
      const api = offeredTo(account).find(({ identifier }) => identifier === audience);
      const names = api?.scopes.map((scope) => scope.name) ?? [];
      const scopes = names.filter((scope) => permissions.some((one) => one.scope === scope));
      if (scopes.length < new Set(permissions.map(({ scope }) => scope)).size) {
        return refused(problem('permissions', 'problem.apiKeyPermission'));
      }

      const id = sha256(`${account.id} ${once}`).slice(0, 22);
      // Those that stand are read anew: what this request has read before may be of before.
      const { rows } = await records.apiKeys.list('account', account.id, { limit: 1000 });
      if (rows.some((row) => row.id === id)) return 'made';

      const { key, ...kept } = newApiKey();
      const now = clock.now();
      const apiKey = {
        id,
        accountId: account.id,
        ...kept,
        name,
        audience,
        scopes,
        createdAt: now,
        ...(lives !== undefined && { expiresAt: now + lives * 1000 }),
      };
      const details = { prefix: kept.prefix, audience, scopes };
      const told = await tellingOf(deps, { ...by, account, what: { kind: 'api_key.created', details, name } });

      for (const slot of freeSlots(account.id, rows, limit)) {
        const made = await taken(
          records.write([{ in: 'apiKeys', create: { ...apiKey, slot }, decides: true }, ...told]),
        );

        if (made === 'id') return 'made';
        if (made !== undefined) continue;
        if (await isThere(account.id, sessionUid)) return { ok: true, value: { apiKey: { ...apiKey, slot }, key } };

        // The account was closed or this session ended in the same instant: nothing of it is left behind.
        await records.apiKeys.remove(id);
        throw new SignInRequired('the account or the session is gone');
      }

      return refused(problem('', 'problem.apiKeyLimit', { max: limit }));
    },

    async remove(account, id, by) {
      const key = await find(account.id, id);
      if (!key) return undefined;

      // Of two at once one deletes it, and it is gone for both.
      await remove(account, key, by);

      return ended(key);
    },

    async removeSuspect(account, which, by) {
      const { rows } = await records.apiKeys.list('account', account.id, { limit: 1000 });
      const doomed = rows.filter(({ id, createdAt }) => id === which.id || createdAt >= which.since);
      const gone = await Promise.all(doomed.map((key) => remove(account, key, by)));

      return doomed.filter((_key, at) => gone[at]).map(ended);
    },

    async authorize(presented, { audience, ip }) {
      const key = await look(presented);
      if (key?.audience !== audience) return undefined;

      const [account, client] = await Promise.all([
        records.accounts.get(key.accountId),
        records.clients.get(apiKeyClientId),
      ]);
      if (account?.status !== 'active' || client?.disabled !== false) return undefined;

      await used(key, ip);

      return { account, key };
    },
  };
}

function offeredBy({ apis }: ApiKeysDeps['config']): ResourceWords[] {
  return apis
    .map(({ identifier, name, scopes, key_scopes }) => ({
      identifier,
      name,
      scopes: scopes.filter((scope) => key_scopes.includes(scope.name)),
    }))
    .filter(({ scopes }) => scopes.length > 0);
}

/** As many as may still be taken, the lowest numbers first: also where the limit was higher before. */
function freeSlots(accountId: string, rows: readonly ApiKey[], limit: number): string[] {
  const slots = Array.from({ length: limit }, (_, at) => `${accountId} ${at + 1}`);

  return slots.filter((slot) => !rows.some((row) => row.slot === slot)).slice(0, Math.max(0, limit - rows.length));
}

/** What of it was taken. */
async function taken(write: Promise<boolean>): Promise<string | undefined> {
  try {
    await write;

    return undefined;
  } catch (error) {
    if (error instanceof Conflict) return error.unique;

    throw error;
  }
}

function ended({ name, prefix }: ApiKey): EndedKey {
  return { name, prefix };
}
