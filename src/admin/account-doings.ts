import { z } from 'zod';

import { roles as allRoles, type Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Accounts } from '../operations/accounts.ts';
import type { Invitations } from '../operations/invitations.ts';
import { reasonLength, type Locking } from '../operations/locking.ts';
import type { Done, LookingAfter } from '../operations/looking-after.ts';
import { byField, type By, type Result } from '../operations/problems.ts';
import { roleOf, type Roles } from '../operations/roles.ts';
import {
  action,
  page,
  show,
  to,
  view,
  type Ask,
  type MessageKey,
  type Outcome,
  type Route,
  type SignedIn,
} from '../web/route.ts';
import { accountPath, accountsPath } from './account-places.ts';
import { accountOf, personOf, type Person } from './account-words.ts';
import type { DoingName } from './doings.ts';
import { doing } from './page.ts';

export interface AccountDoingDeps {
  accounts: Pick<Accounts, 'get'>;
  lookingAfter: Pick<LookingAfter, 'lock' | 'signOut' | 'resetFactors' | 'sendPasswordReset' | 'remove'>;
  locking: Pick<Locking, 'unlock'>;
  invitations: Pick<Invitations, 'send'>;
  roles: Roles;
  clock: Clock;
}

export interface DoingView {
  person: Person;
  name: DoingName;
  /** What will happen. */
  says: MessageKey[];
  /** Whether a mail tells the person, beside what is sent to them anyway; absent: that is not said here. */
  tells?: boolean;
  danger: boolean;
}

export const doingView = view<DoingView>('admin/account-doing', 'shell', 'accounts.doingOf');

export interface LockView {
  person: Person;
  tells: boolean;
  reasonLength: number;
  reason: string;
  options: { value: string; label: string }[];
}

export const lockView = view<LockView>('admin/account-lock', 'shell', 'accounts.do.lock');

export interface RoleView {
  person: Person;
  tells: boolean;
  role: string;
  options: { value: string; label: string }[];
}

export const roleView = view<RoleView>('admin/account-role', 'shell', 'accounts.do.role');

/** Seconds. */
const lasts = { hour: 3600, day: 86_400, week: 7 * 86_400, month: 30 * 86_400 } as const;

const path = `${accountsPath}/:id` as const;
const nothing = z.object({});

type Asked = Ask<typeof path> & SignedIn;

/** What is done for somebody: each on a page that says what will happen, before its button does it. */
export function accountDoingRoutes(deps: AccountDoingDeps): Route[] {
  const { lookingAfter } = deps;

  /** The receipt says what has ended. */
  const receipt = (id: string, done: Done, notice: MessageKey): Outcome =>
    to(accountPath(id, `/receipts/${encodeURIComponent(done.receipt)}`), notice);

  return [
    page(
      `${path}/lock`,
      lockView,
      async ({ params: { id }, say }) => {
        const account = await accountOf(deps, id);

        return {
          person: personOf(account),
          tells: account.emailVerified,
          reasonLength,
          reason: account.lock?.reason ?? '',
          options: ([...Object.keys(lasts), 'ever'] as (keyof typeof lasts | 'ever')[]).map((value) => ({
            value,
            label: say(`accounts.lasts.${value}`),
          })),
        };
      },
      doing,
    ),

    action(
      `${path}/lock`,
      z.object({ reason: z.string(), lasts: z.enum(['hour', 'day', 'week', 'month', 'ever']) }),
      async (ask, { reason, lasts: chosen }, wrong) => {
        const { id } = await accountOf(deps, ask.params.id);
        const until = chosen === 'ever' ? {} : { until: deps.clock.now() + lasts[chosen] * 1000 };
        const locked = await lookingAfter.lock(id, { reason, ...until }, byOf(ask));
        if (!locked) return to(accountsPath);

        return locked.ok ? receipt(id, locked.value, 'accounts.done.locked') : wrong(byField(locked.problems));
      },
      doing,
    ),

    page(
      `${path}/role`,
      roleView,
      async ({ params: { id }, say }) => {
        const account = await accountOf(deps, id);

        return {
          person: personOf(account),
          tells: account.emailVerified,
          role: roleOf(account) ?? 'none',
          options: (['none', ...allRoles] as const).map((value) => ({ value, label: say(`accounts.role.${value}`) })),
        };
      },
      doing,
    ),

    action(
      `${path}/role`,
      z.object({ role: z.enum(['none', ...allRoles]) }),
      async (ask, { role }, wrong) => {
        const { id } = await accountOf(deps, ask.params.id);
        const set = await deps.roles.set(id, { role: role === 'none' ? null : role }, byOf(ask));

        return ended(set, id, 'accounts.done.role') ?? wrong(byField(problemsOf(set)));
      },
      doing,
    ),

    ...simple('invite', { says: ['accounts.says.invite'] }, async (id, by, wrong) => {
      const sent = await deps.invitations.send(id, by);

      return ended(sent, id, 'accounts.done.invited') ?? wrong(sent);
    }),

    ...simple('reset', { says: ['accounts.says.reset'] }, async (id, by, wrong) => {
      const sent = await lookingAfter.sendPasswordReset(id, by);

      return ended(sent, id, 'accounts.done.reset') ?? wrong(sent);
    }),

    ...simple('sign-out', { says: ['accounts.says.signOut'], tells: true, danger: true }, async (id, by) => {
      const done = await lookingAfter.signOut(id, by);

      return done ? receipt(id, done, 'accounts.done.signedOut') : to(accountsPath);
    }),

    ...simple(
      'factors',
      { says: ['accounts.says.factors', 'accounts.says.factorsSure'], tells: true, danger: true },
      async (id, by) => {
        const done = await lookingAfter.resetFactors(id, by);

        return done ? receipt(id, done, 'accounts.done.factors') : to(accountsPath);
      },
    ),

    ...simple('unlock', { says: ['accounts.says.unlock'], tells: true }, async (id, by, wrong) => {
      const unlocked = await deps.locking.unlock(id, by);

      return ended(unlocked, id, 'accounts.done.unlocked') ?? wrong(unlocked);
    }),

    deletionPage(),
    action(
      `${path}/delete`,
      z.object({ agree: z.string().optional() }),
      async (ask, { agree }, wrong) => {
        const { id } = await accountOf(deps, ask.params.id);
        if (agree === undefined) return wrong({ agree: 'accounts.agreeMissing' });

        const removed = await lookingAfter.remove(id, byOf(ask));
        if (removed && !removed.ok) return wrong(byField(removed.problems));

        return to(accountsPath, 'accounts.done.deleted');
      },
      doing,
    ),
  ];

  function deletionPage(): Route {
    return doingPage('delete', { says: ['accounts.says.delete'], tells: true, danger: true });
  }

  function doingPage(name: DoingName, about: About): Route {
    const { says, tells, danger = false } = about;

    return page(
      `${path}/${name}`,
      doingView,
      async ({ params, say }: Asked): Promise<Outcome> => {
        const account = await accountOf(deps, params.id);
        const person = personOf(account);
        const data = { person, name, says, danger, ...(tells && { tells: account.emailVerified }) };

        return show(doingView, data, { titleValues: { what: say(`accounts.do.${name}`), person: person.name } });
      },
      doing,
    );
  }

  /** Its page, and its button with nothing to fill in. */
  function simple(
    name: DoingName,
    about: About,
    run: (id: string, by: By, wrong: (result: Result<unknown> | undefined) => Outcome) => Promise<Outcome>,
  ): Route[] {
    return [
      doingPage(name, about),
      action(
        `${path}/${name}`,
        nothing,
        async (ask: Asked, _input, wrong) => {
          const { id } = await accountOf(deps, ask.params.id);

          return run(id, byOf(ask), (result) => wrong(byField(problemsOf(result))));
        },
        doing,
      ),
    ];
  }
}

interface About {
  says: MessageKey[];
  tells?: true;
  danger?: true;
}

function byOf({ account, visitor }: Pick<Asked, 'account' | 'visitor'>): By {
  return { actor: account.id, administrator: true, from: visitor };
}

/** Back to the account, or where it is gone by now to all of them; undefined: something is wrong with it. */
function ended(result: Result<unknown> | undefined, id: Account['id'], notice: MessageKey): Outcome | undefined {
  if (!result) return to(accountsPath);

  return result.ok ? to(accountPath(id), notice) : undefined;
}

function problemsOf(result: Result<unknown> | undefined) {
  return result && !result.ok ? result.problems : [];
}
