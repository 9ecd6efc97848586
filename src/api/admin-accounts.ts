import { z } from 'zod';

import { locales, type Account } from '../domain/account.ts';
import { accountGroups, searchedBy, type AccountSearch } from '../operations/account-search.ts';
import type { Accounts } from '../operations/accounts.ts';
import type { LookingAfter } from '../operations/looking-after.ts';
import type { Refused } from '../web/endpoint.ts';
import { accountAccessEndpoints, type AccountAccessDeps } from './admin-account-access.ts';
import {
  accountDoingEndpoints,
  answered,
  doneOf,
  roleOutOfReach,
  shownTagged,
  type AccountDoingsDeps,
} from './admin-account-doings.ts';
import { account, shownAccount } from './admin-account-shapes.ts';
import { adminEndpoint, changedMeanwhile, next, paging, type DescribedEndpoint } from './endpoint.ts';

export interface AdminAccountsDeps extends AccountAccessDeps, AccountDoingsDeps {
  accounts: Pick<Accounts, 'get' | 'administer'>;
  accountSearch: Pick<AccountSearch, 'exact' | 'list'>;
  lookingAfter: LookingAfter;
}

const names = {
  displayName: z.string().optional(),
  firstName: z.string().optional(),
  lastName: z.string().optional(),
  task: z.string().optional(),
  language: z.enum(locales).optional(),
};

const path = '/accounts/:id' as const;
const scope = 'accounts:write';

/** Account holders, and what is done for them. No endpoint sees or sets a password. */
export function adminAccountEndpoints(deps: AdminAccountsDeps): DescribedEndpoint[] {
  const { accounts, accountSearch, lookingAfter } = deps;

  return [
    adminEndpoint({
      name: 'accounts.list',
      method: 'GET',
      path: '/accounts',
      scope: 'accounts:read',
      summary: 'Accounts, the newest first; those whose address or name begins so; one by its whole address',
      query: z.strictObject({
        ...paging,
        by: z.enum(searchedBy).optional(),
        begins: z.string().min(1).max(320).optional(),
        only: z.enum(accountGroups).optional(),
        address: z.string().max(320).optional(),
      }),
      answer: z.strictObject({ accounts: z.array(account), next }),
      async run(_call, { query: { by, begins, address, ...asked } }) {
        const refusal = refusedTogether({ by, begins, address, ...asked });
        if (refusal) return refusal;

        if (address !== undefined) {
          const found = await accountSearch.exact(address);

          return { accounts: found ? [shownAccount(found)] : [] };
        }

        const { rows, ...more } = await accountSearch.list({
          ...asked,
          ...(begins !== undefined && { begins: { by: by ?? 'email', with: begins } }),
        });

        return { accounts: rows.map(shownAccount), ...more };
      },
    }),

    adminEndpoint({
      name: 'accounts.create',
      method: 'POST',
      path: '/accounts',
      scope,
      creates: true,
      summary: 'Makes an account without a password; invites its holder to choose one where asked to',
      body: z.strictObject({ email: z.string(), ...names, invite: z.boolean().optional() }),
      answer: account,
      async run({ by }, { body }) {
        return answered(await lookingAfter.create(spoken(body), by));
      },
    }),

    adminEndpoint({
      name: 'accounts.get',
      method: 'GET',
      path,
      scope: 'accounts:read',
      summary: 'One account, with the version that a change has to name',
      answer: account,
      async run({ params: { id = '' } }) {
        const found = await accounts.get(id);

        return found && shownTagged(found);
      },
    }),

    adminEndpoint({
      name: 'accounts.update',
      method: 'PATCH',
      path,
      scope,
      versioned: true,
      summary: 'Changes the fields of the profile that are given and no others; a claim that is null goes',
      body: z.strictObject({ ...names, claims: z.record(z.string(), z.json()).optional() }),
      answer: account,
      async run({ params: { id = '' }, by, match }, { body }) {
        const changed = await accounts.administer(id, { input: spoken(body), version: match }, by);

        return changed === 'changed' ? changedMeanwhile : answered(changed);
      },
    }),

    adminEndpoint({
      name: 'accounts.delete',
      method: 'DELETE',
      path,
      scope,
      summary: 'Deletes an account with everything in it, at once',
      async run({ params: { id = '' }, by, caller }) {
        const refusal = await roleOutOfReach(accounts, id, caller);
        if (refusal) return refusal;

        return doneOf(await lookingAfter.remove(id, by));
      },
    }),

    ...accountDoingEndpoints(deps),
    ...accountAccessEndpoints(deps),
  ];
}

/** The language is `locale` inside. */
function spoken<T extends { language?: Account['locale'] | undefined }>({ language, ...given }: T) {
  return { ...given, ...(language !== undefined && { locale: language }) };
}

type Sought = { [K in 'address' | 'begins' | 'by' | 'only' | 'after']?: unknown };

/** Each is a way of its own through the accounts: what would be left out is refused instead. */
function refusedTogether({ address, begins, by, only, after }: Sought): Refused | undefined {
  const apart = {
    ...(address !== undefined && { begins, by, only, after }),
    ...(begins !== undefined && { only }),
    ...(begins === undefined && { by }),
  };
  const errors = Object.entries(apart).flatMap(([field, value]) =>
    value === undefined ? [] : [{ field, detail: `It can’t be combined so: ${combined}` }],
  );

  return errors.length > 0 ? { refused: { status: 400, detail: combined, errors } } : undefined;
}

const combined = 'Ask for an address alone, for how something begins (and by what), or for those that are only so.';
