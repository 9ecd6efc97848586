import { z } from 'zod';

import { locales, roles, type Account } from '../domain/account.ts';
import { accountGroups, searchedBy, type AccountSearch } from '../operations/account-search.ts';
import { versionOf, type Accounts } from '../operations/accounts.ts';
import type { Invitations } from '../operations/invitations.ts';
import type { Locking } from '../operations/locking.ts';
import type { LookingAfter } from '../operations/looking-after.ts';
import { problem, type Result } from '../operations/problems.ts';
import { hasEveryAdminScope } from '../operations/admin-reach.ts';
import type { Roles } from '../operations/roles.ts';
import type { Caller, Refused } from '../web/endpoint.ts';
import { accountAccessEndpoints, type AccountAccessDeps } from './admin-account-access.ts';
import { account, ended, shownAccount, shownEnded } from './admin-account-shapes.ts';
import {
  adminEndpoint,
  changedMeanwhile,
  cursor,
  next,
  refusedFor,
  tagged,
  time,
  timeOf,
  type DescribedEndpoint,
} from './endpoint.ts';

export interface AdminAccountsDeps extends AccountAccessDeps {
  accounts: Pick<Accounts, 'get' | 'administer'>;
  accountSearch: Pick<AccountSearch, 'exact' | 'list'>;
  locking: Pick<Locking, 'unlock'>;
  roles: Roles;
  invitations: Pick<Invitations, 'send'>;
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

  /** S53: whoever can take an administrator's second factor or account can become one, or rid themselves of one. */
  async function beyond(id: string, caller: Caller): Promise<Refused | undefined> {
    if (hasEveryAdminScope(caller.scopes)) return undefined;

    const target = await accounts.get(id);

    return target && target.roles.length > 0 ? administratorRefused : undefined;
  }

  return [
    adminEndpoint({
      name: 'accounts.list',
      method: 'GET',
      path: '/accounts',
      scope: 'accounts:read',
      summary: 'Accounts, the newest first; those whose address or name begins so; one by its whole address',
      query: z.strictObject({
        after: cursor,
        limit: z.coerce.number().int().min(1).max(200).optional(),
        by: z.enum(searchedBy).optional(),
        begins: z.string().min(1).max(320).optional(),
        only: z.enum(accountGroups).optional(),
        address: z.string().max(320).optional(),
      }),
      answer: z.strictObject({ accounts: z.array(account), next }),
      async run(_call, { query: { by = 'email', begins, address, ...asked } }) {
        if (begins !== undefined && asked.only !== undefined) {
          return refusedFor(400, [problem('only', 'problem.invalid')]);
        }

        if (address !== undefined) {
          const found = await accountSearch.exact(address);

          return { accounts: found ? [shownAccount(found)] : [] };
        }

        const { rows, ...more } = await accountSearch.list({
          ...asked,
          ...(begins !== undefined && { begins: { by, with: begins } }),
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
        const refusal = await beyond(id, caller);
        if (refusal) return refusal;

        return doneOf(await lookingAfter.remove(id, by));
      },
    }),

    adminEndpoint({
      name: 'accounts.invite',
      method: 'POST',
      path: `${path}/invitation`,
      scope,
      summary: 'Sends a link and a code to choose the first password; an older one is dead from then on',
      answer: z.strictObject({ until: time }),
      async run({ params: { id = '' }, by, caller }) {
        const refusal = await beyond(id, caller);
        if (refusal) return refusal;

        const sent = await deps.invitations.send(id, by);
        if (sent === undefined) return undefined;

        return sent.ok ? { until: timeOf(sent.value.until) } : refusedFor(422, sent.problems);
      },
    }),

    adminEndpoint({
      name: 'accounts.sendPasswordReset',
      method: 'POST',
      path: `${path}/password-reset`,
      scope,
      summary: 'Sends the person a link and a code to choose a new password',
      async run({ params: { id = '' }, by, caller }) {
        const refusal = await beyond(id, caller);
        if (refusal) return refusal;

        return doneOf(await lookingAfter.sendPasswordReset(id, by));
      },
    }),

    adminEndpoint({
      name: 'accounts.lock',
      method: 'PUT',
      path: `${path}/lock`,
      scope,
      summary: 'Locks an account, until then or until it is unlocked; the person is told the reason',
      body: z.strictObject({ reason: z.string(), until: time.optional() }),
      answer: ended,
      async run({ params: { id = '' }, by, caller }, { body: { reason, until } }) {
        const refusal = await beyond(id, caller);
        if (refusal) return refusal;

        const input = { reason, ...(until !== undefined && { until: Date.parse(until) }) };
        const locked = await lookingAfter.lock(id, input, by);
        if (locked === undefined) return undefined;

        return locked.ok ? shownEnded(locked.value) : refusedFor(422, locked.problems);
      },
    }),

    adminEndpoint({
      name: 'accounts.unlock',
      method: 'DELETE',
      path: `${path}/lock`,
      scope,
      summary: 'Unlocks an account; nothing that had ended comes back',
      async run({ params: { id = '' }, by }) {
        return doneOf(await deps.locking.unlock(id, by));
      },
    }),

    adminEndpoint({
      name: 'accounts.setRole',
      method: 'PUT',
      path: `${path}/role`,
      scope,
      summary: 'Gives an account a role, or none; the last administrator keeps theirs',
      body: z.strictObject({ role: z.enum(roles).nullable() }),
      answer: account,
      async run({ params: { id = '' }, by, caller }, { body }) {
        // S53: whoever has a role can make a key with all that it allows.
        if (!hasEveryAdminScope(caller.scopes)) return roleRefused;

        return answered(await deps.roles.set(id, body, by));
      },
    }),

    adminEndpoint({
      name: 'accounts.signOut',
      method: 'POST',
      path: `${path}/sign-out`,
      scope,
      summary: 'Ends every session, grant and refresh token of an account',
      answer: ended,
      async run({ params: { id = '' }, by }) {
        const done = await lookingAfter.signOut(id, by);

        return done && shownEnded(done);
      },
    }),

    adminEndpoint({
      name: 'accounts.resetFactors',
      method: 'DELETE',
      path: `${path}/factors`,
      scope,
      summary: 'Removes every second factor with the recovery codes, and signs the account out everywhere',
      answer: z.strictObject({ ...ended.shape, passwordGone: z.boolean() }),
      async run({ params: { id = '' }, by, caller }) {
        const refusal = await beyond(id, caller);
        if (refusal) return refusal;

        const done = await lookingAfter.resetFactors(id, by);

        return done && { ...shownEnded(done), passwordGone: done.passwordGone };
      },
    }),

    ...accountAccessEndpoints(deps),
  ];
}

/** The language is `locale` inside. */
function spoken<T extends { language?: Account['locale'] | undefined }>({ language, ...given }: T) {
  return { ...given, ...(language !== undefined && { locale: language }) };
}

function answered(result: Result<Account> | undefined) {
  if (result === undefined) return undefined;

  return result.ok ? shownTagged(result.value) : refusedFor(422, result.problems);
}

function doneOf(result: Result<unknown> | undefined) {
  if (result === undefined) return undefined;

  return result.ok ? ('done' as const) : refusedFor(422, result.problems);
}

function shownTagged(row: Account) {
  return tagged(shownAccount(row), versionOf(row));
}

const administratorRefused: Refused = {
  refused: {
    status: 403,
    detail: 'This is the account of somebody with a role: it takes every scope of the admin API.',
  },
};

const roleRefused: Refused = {
  refused: { status: 403, detail: 'Roles are given by whoever has every scope of the admin API.' },
};
