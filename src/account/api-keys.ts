import { z } from 'zod';

import { timeInWords } from '../domain/consent-words.ts';
import { newId, sha256 } from '../domain/ids.ts';
import type { ApiKeys } from '../operations/api-keys.ts';
import { byField } from '../operations/problems.ts';
import { action, backTo, page, show, to, view, type Outcome, type Route } from '../web/route.ts';
import { apiKeysPath as path, newApiKeyPath } from './api-key-places.ts';
import { scopeInWords, shownApiKey, type ShownApiKey } from './api-key-rows.ts';
import type { ConsolePage } from './page.ts';

export interface ApiKeysPageDeps {
  apiKeys: Pick<ApiKeys, 'offered' | 'offeredTo' | 'limit' | 'list' | 'find' | 'create' | 'remove'>;
}

export interface ApiKeysView {
  keys: ShownApiKey[];
  limit: number;
  /** Whether there is an API that a key can be made for. */
  isOffered: boolean;
}

export const apiKeysView = view<ApiKeysView>('account/api-keys', 'shell', 'apiKeys.title');

export interface NewApiKeyView {
  nameLength: number;
  /** Names this form: sent twice it makes one key. */
  once: string;
  apis: { name: string; permissions: { field: string; words: string }[] }[];
  /** Seconds, in words. */
  lives: { value: string; label: string }[];
}

export const newApiKeyView = view<NewApiKeyView>('account/new-api-key', 'shell', 'apiKeys.newTitle');

export interface MadeApiKeyView {
  key: string;
  name: string;
}

export const madeApiKeyView = view<MadeApiKeyView>('account/made-api-key', 'shell', 'apiKeys.madeTitle');

export interface ApiKeyView {
  apiKey: ShownApiKey;
}

/** What will happen, before it does. */
export const apiKeyView = view<ApiKeyView>('account/api-key', 'shell', 'apiKeys.deleteTitle');

const nameLength = 40;
const day = 86_400;
const lives = [30 * day, 90 * day, 365 * day];
const usual = String(90 * day);

/** Each permission is a field of its own. */
const form = z.looseObject({
  name: z.string(),
  once: z.string().min(1).max(100),
  lives: z.enum(['', ...lives.map(String)]),
});

const recent = { access: 'recent' } as const;

/** In another tab, or before Back was pressed. One answer also for what never was, or is somebody else's. */
const gone = backTo(path, 'apiKeys.gone');

/** What programs of the person's own may do: added with what it is good for, shown once, deleted. */
export const apiKeys: ConsolePage<ApiKeysPageDeps> = {
  place: { path, label: 'apiKeys.title', icon: 'key' },
  routes: apiKeyRoutes,
};

function apiKeyRoutes({ apiKeys: keys }: ApiKeysPageDeps): Route[] {
  const { offered, limit } = keys;

  return [
    page(
      path,
      apiKeysView,
      async ({ account, visitor: { locale } }) => ({
        keys: (await keys.list(account.id)).map((key) => shownApiKey(key, { offered, locale })),
        limit,
        isOffered: keys.offeredTo(account).length > 0 && limit > 0,
      }),
      { access: 'signed-in', ahead: (accountId) => [keys.list(accountId)] },
    ),

    page(
      newApiKeyPath,
      newApiKeyView,
      async ({ account, say, visitor: { locale } }): Promise<NewApiKeyView | Outcome> => {
        // The list says that there is no room, and deletes one.
        if ((await keys.list(account.id)).length >= limit) return to(path);

        return {
          nameLength,
          once: newId(),
          apis: keys.offeredTo(account).map(({ identifier, name, scopes }) => ({
            name,
            permissions: scopes.map((scope) => ({
              field: fieldOf(identifier, scope.name),
              words: scopeInWords(scope, locale),
            })),
          })),
          lives: [
            ...lives.map((seconds) => ({ value: String(seconds), label: timeInWords(seconds, locale) })),
            { value: '', label: say('apiKeys.livesForever') },
          ].toSorted((a, b) => Number(b.value === usual) - Number(a.value === usual)),
        };
      },
      recent,
    ),

    action(
      newApiKeyPath,
      form,
      async (ask, { name, once, lives: chosen, ...fields }, wrong) => {
        const { account, session, visitor } = ask;
        const permissions = keys
          .offeredTo(account)
          .flatMap(({ identifier: audience, scopes }) =>
            scopes.flatMap((scope) => (fieldOf(audience, scope.name) in fields ? { audience, scope: scope.name } : [])),
          );
        const input = { name, once, permissions, ...(chosen !== '' && { lives: Number(chosen) }) };
        const by = { actor: account.id, from: visitor, sessionUid: session.uid };
        const made = await keys.create(account, input, by);

        if (made === 'made') return backTo(path, 'apiKeys.madeAlready');
        if (!made.ok) return wrong(byField(made.problems));

        return show(madeApiKeyView, { key: made.value.key, name: made.value.apiKey.name });
      },
      recent,
    ),

    page(
      `${path}/:id`,
      apiKeyView,
      async ({ account, params: { id }, visitor: { locale } }): Promise<Outcome> => {
        const key = await keys.find(account.id, id);
        if (!key) return gone;

        const apiKey = shownApiKey(key, { offered, locale });

        return show(apiKeyView, { apiKey }, { titleValues: { name: apiKey.name } });
      },
      recent,
    ),

    action(
      `${path}/:id`,
      z.object({}),
      async ({ account, params: { id }, visitor }) => {
        const deleted = await keys.remove(account, id, { actor: account.id, from: visitor });

        return deleted ? to(path, 'apiKeys.deleted') : gone;
      },
      recent,
    ),
  ];
}

/** Names a permission in a form, whichever place it has among the others by the time that it is sent. */
function fieldOf(audience: string, scope: string): string {
  return `may-${sha256(`${audience} ${scope}`).slice(0, 16)}`;
}
