import { z } from 'zod';

import { roles, type Account } from '../domain/account.ts';
import { hasEveryAdminScope } from '../operations/admin-reach.ts';
import { versionOf, type Accounts } from '../operations/accounts.ts';
import type { Only } from '../operations/conditions.ts';
import type { Invitations } from '../operations/invitations.ts';
import type { Locking } from '../operations/locking.ts';
import type { LookingAfter } from '../operations/looking-after.ts';
import type { Result } from '../operations/problems.ts';
import type { Roles } from '../operations/roles.ts';
import type { Caller, Refused } from '../web/endpoint.ts';
import { account, ended, shownAccount, shownEnded } from './admin-account-shapes.ts';
import { adminEndpoint, doneAs, refusedFor, tagged, time, timeOf, type DescribedEndpoint } from './endpoint.ts';

export interface AccountDoingsDeps {
  accounts: Pick<Accounts, 'get'>;
  locking: Pick<Locking, 'unlock'>;
  roles: Roles;
  invitations: Pick<Invitations, 'send'>;
  lookingAfter: Pick<LookingAfter, 'lock' | 'signOut' | 'resetFactors' | 'sendPasswordReset'>;
}

const path = '/accounts/:id' as const;
const scope = 'accounts:write';

/** What is done for the holder of an account, or to it as a whole. */
export function accountDoingEndpoints(deps: AccountDoingsDeps): DescribedEndpoint[] {
  const { lookingAfter } = deps;
  const beyond = (id: string, caller: Caller) => roleOutOfReach(deps.accounts, id, caller);

  return [
    adminEndpoint({
      name: 'accounts.invitations.send',
      method: 'POST',
      path: `${path}/invitation`,
      scope,
      summary: 'Sends a link and a code to choose the first password; an older one is dead from then on',
      repeatable: true,
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
      name: 'accounts.password-resets.send',
      method: 'POST',
      path: `${path}/password-reset`,
      scope,
      summary: 'Sends the person a link and a code to choose a new password',
      repeatable: true,
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
      versioned: true,
      body: z.strictObject({ reason: z.string(), until: time.optional() }),
      answer: ended,
      async run({ params: { id = '' }, by, caller, match }, { body: { reason, until } }) {
        const refusal = await beyond(id, caller);
        if (refusal) return refusal;

        const input = { reason, ...(until !== undefined && { until: Date.parse(until) }) };
        const locked = await lookingAfter.lock(id, input, by, asRead(match));
        if (!locked?.ok) return locked && refusedFor(422, locked.problems);

        return tagged(shownEnded(locked.value), versionOf(locked.value.account));
      },
    }),

    adminEndpoint({
      name: 'accounts.unlock',
      method: 'DELETE',
      path: `${path}/lock`,
      scope,
      summary: 'Unlocks an account; nothing that had ended comes back',
      versioned: true,
      async run({ params: { id = '' }, by, match }) {
        const unlocked = await deps.locking.unlock(id, by, asRead(match));
        if (!unlocked?.ok) return unlocked && refusedFor(422, unlocked.problems);

        return doneAs(versionOf(unlocked.value));
      },
    }),

    adminEndpoint({
      name: 'accounts.role.set',
      method: 'PUT',
      path: `${path}/role`,
      scope,
      summary: 'Gives an account a role, or none; the last administrator keeps theirs',
      versioned: true,
      body: z.strictObject({ role: z.enum(roles).nullable() }),
      answer: account,
      async run({ params: { id = '' }, by, caller, match }, { body }) {
        // S53: whoever has a role can make a key with all that it allows.
        if (!hasEveryAdminScope(caller.scopes)) return roleRefused;

        return answered(await deps.roles.set(id, body, by, asRead(match)));
      },
    }),

    adminEndpoint({
      name: 'accounts.sessions.end-all',
      method: 'POST',
      path: `${path}/sign-out`,
      scope,
      summary: 'Ends every session, grant and refresh token of an account',
      repeatable: true,
      answer: ended,
      async run({ params: { id = '' }, by }) {
        const done = await lookingAfter.signOut(id, by);

        return done && shownEnded(done);
      },
    }),

    adminEndpoint({
      name: 'accounts.factors.reset',
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
  ];
}

/**
 * S53: whoever can take an administrator's second factor or account can become one, or rid themselves of one. Whoever is
 * given a role signs in anew: what was done to them just before is of no use (S102).
 */
export async function roleOutOfReach(
  accounts: Pick<Accounts, 'get'>,
  id: string,
  { scopes }: Caller,
): Promise<Refused | undefined> {
  if (hasEveryAdminScope(scopes)) return undefined;

  const target = await accounts.get(id);

  return target && target.roles.length > 0 ? administratorRefused : undefined;
}

export function answered(result: Result<Account> | undefined) {
  if (result === undefined) return undefined;

  return result.ok ? shownTagged(result.value) : refusedFor(422, result.problems);
}

export function doneOf(result: Result<unknown> | undefined) {
  if (result === undefined) return undefined;

  return result.ok ? ('done' as const) : refusedFor(422, result.problems);
}

/** The account in the very write is the one that was read. */
function asRead(match: string): Only<Account> {
  return { only: (row) => (versionOf(row) === match ? undefined : 'changed') };
}

export function shownTagged(row: Account) {
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
