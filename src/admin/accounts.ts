import { hasRole, type Account } from '../domain/account.ts';
import { NotFound } from '../domain/errors.ts';
import { accountGroups, searchedBy, type AccountSearch } from '../operations/account-search.ts';
import type { Page } from '../storage/records.ts';
import { page, view, type Ask, type MessageKey, type SignedIn } from '../web/route.ts';
import { accountRoutes, type AccountRoutesDeps } from './account.ts';
import { accountAccessRoutes, type AccountAccessDeps } from './account-access.ts';
import { accountDoingRoutes, type AccountDoingDeps } from './account-doings.ts';
import { accountsPath as path } from './account-places.ts';
import { rowOf, type PersonRow } from './account-words.ts';
import { newAccountRoutes, type NewAccountDeps } from './new-account.ts';
import { seeing, type AdminPage } from './page.ts';

export interface AccountsPageDeps extends NewAccountDeps, AccountRoutesDeps, AccountDoingDeps, AccountAccessDeps {
  accounts: AccountRoutesDeps['accounts'] & AccountDoingDeps['accounts'];
  lookingAfter: NewAccountDeps['lookingAfter'] & AccountDoingDeps['lookingAfter'] & AccountAccessDeps['lookingAfter'];
  invitations: NewAccountDeps['invitations'] & AccountRoutesDeps['invitations'] & AccountDoingDeps['invitations'];
  accountSearch: AccountSearch;
}

export interface AccountsView {
  /** What is looked for; empty: nothing. */
  search: string;
  filters: { path: string; label: MessageKey; current: boolean }[];
  parts: { heading: MessageKey; rows: PersonRow[]; /** Where there are more of them. */ more?: string }[];
  /** Whether whoever looks may change something. */
  mayDo: boolean;
}

export const accountsView = view<AccountsView>('admin/accounts', 'shell', 'accounts.title');

/** Of each way of looking for somebody, on the first page. */
const first = 10;

/** Everybody who can sign in, to be looked up. */
export const accounts: AdminPage<AccountsPageDeps> = {
  place: { path, label: 'accounts.title', icon: 'person' },

  routes: (deps) => [
    page(path, accountsView, (ask) => shown(deps, ask), seeing),
    ...newAccountRoutes(deps),
    ...accountRoutes(deps),
    ...accountDoingRoutes(deps),
    ...accountAccessRoutes(deps),
  ],
};

async function shown({ accountSearch }: AccountsPageDeps, ask: Ask & SignedIn): Promise<AccountsView> {
  const { query } = ask;
  const search = (query['search'] ?? '').trim();
  const only = oneOf(accountGroups, query['only']);
  const parts = search === '' ? [await listed(accountSearch, only, query['after'])] : await found(accountSearch, ask);

  return {
    search,
    filters: [undefined, ...accountGroups].map((one) => ({
      path: pathOf({ only: one }),
      label: one === undefined ? 'accounts.all' : `accounts.only.${one}`,
      current: search === '' && one === only,
    })),
    parts: parts.filter(({ rows, more }) => rows.length > 0 || more !== undefined),
    mayDo: hasRole(ask.account, 'admin'),
  };
}

type Part = AccountsView['parts'][number];

async function listed(
  accountSearch: AccountSearch,
  only: (typeof accountGroups)[number] | undefined,
  after: string | undefined,
): Promise<Part> {
  const heading = only === undefined ? 'accounts.title' : (`accounts.only.${only}` as const);

  return partOf(heading, await accountSearch.list({ only, after }), { only });
}

async function found(accountSearch: AccountSearch, { query }: Ask): Promise<Part[]> {
  const { search = '', after } = query;
  const by = oneOf(searchedBy, query['by']);

  if (by !== undefined) {
    const rows = await accountSearch.list({ begins: { by, with: search.trim() }, after });

    return [partOf(`accounts.by.${by}`, rows, { search, by })];
  }

  const { exact, parts } = await accountSearch.search(search, first);

  return [
    ...(exact ? [partOf('accounts.exact', { rows: [exact] }, {})] : []),
    ...parts.map(({ by: way, ...rows }) => partOf(`accounts.by.${way}`, rows, { search, by: way })),
  ];
}

function partOf(heading: MessageKey, { rows, next }: Page<Account>, query: Record<string, string | undefined>): Part {
  return { heading, rows: rows.map(rowOf), ...(next !== undefined && { more: pathOf({ ...query, after: next }) }) };
}

function pathOf(query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);

  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

/** Throws NotFound for what is none of them. */
function oneOf<T extends string>(all: readonly T[], value: string | undefined): T | undefined {
  const one = all.find((each) => each === value);
  if (value !== undefined && one === undefined) throw new NotFound('no such list of accounts');

  return one;
}
