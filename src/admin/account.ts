import { z } from 'zod';

import { hasRole, type Account } from '../domain/account.ts';
import type { Passwords } from '../credentials/passwords.ts';
import { versionOf, type Accounts } from '../operations/accounts.ts';
import type { Invitations } from '../operations/invitations.ts';
import { byField } from '../operations/problems.ts';
import { roleOf } from '../operations/roles.ts';
import type { Recovery } from '../operations/recovery.ts';
import type { TwoFactor } from '../operations/two-factor.ts';
import {
  action,
  backTo,
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
import { accountOf, badgesOf, personOf, type Badge, type Person } from './account-words.ts';
import { doingsFor, type DoingName } from './doings.ts';
import { languages } from './new-account.ts';
import { doing, seeing } from './page.ts';
import { whyPathOf } from './why-places.ts';

export interface AccountRoutesDeps {
  accounts: Pick<Accounts, 'get' | 'administer'>;
  passwords: Pick<Passwords, 'has'>;
  twoFactor: Pick<TwoFactor, 'show'>;
  invitations: Pick<Invitations, 'possible' | 'waiting'>;
  recovery: Pick<Recovery, 'possible'>;
}

/** Times in milliseconds. */
export interface AccountView {
  person: Person;
  badges: Badge[];
  emailVerified: boolean;
  status: MessageKey;
  lock?: { at: number; reason: string; until?: number };
  role: MessageKey;
  language: string;
  createdAt: number;
  updatedAt: number;
  signingIn: {
    password: boolean;
    factors: MessageKey[];
    /** Recovery codes that were not used; absent: none were made. */
    codesLeft?: number;
    /** Until when the link works that the person was sent. */
    invitedUntil?: number;
  };
  /** What whoever looks may do; none for auditors. */
  doings: { name: DoingName; path: string; danger: boolean }[];
  /** Whether they may change the profile. */
  mayEdit: boolean;
  /** Where it stands what would happen at a sign-in. */
  why: string;
}

export const accountView = view<AccountView>('admin/account', 'shell', 'accounts.titleOf');

export interface ProfileView {
  person: Person;
  version: string;
  profile: { displayName: string; firstName: string; lastName: string; task: string; locale: string };
  languages: readonly { value: string; label: string; lang: string }[];
}

export const profileView = view<ProfileView>('admin/account-profile', 'shell', 'accounts.edit');

const path = `${accountsPath}/:id` as const;

const profile = z.object({
  version: z.string(),
  displayName: z.string(),
  firstName: z.string(),
  lastName: z.string(),
  task: z.string(),
  locale: z.string(),
});

/** One account: who it is, how they sign in, and the way to all that can be done for them. */
export function accountRoutes(deps: AccountRoutesDeps): Route[] {
  return [
    page(
      path,
      accountView,
      async (ask): Promise<Outcome> => {
        const account = await accountOf(deps, ask.params.id);
        const { name } = personOf(account);

        return show(accountView, await shown(deps, ask, account), { titleValues: { person: name } });
      },
      seeing,
    ),

    page(
      `${path}/profile`,
      profileView,
      async ({ params: { id } }) => {
        const account = await accountOf(deps, id);

        return { person: personOf(account), version: versionOf(account), profile: account, languages };
      },
      doing,
    ),

    action(
      `${path}/profile`,
      profile,
      async ({ params: { id }, account: { id: actor }, visitor }, { version, ...input }, wrong) => {
        await accountOf(deps, id);
        const changed = await deps.accounts.administer(
          id,
          { input, version },
          { actor, administrator: true, from: visitor },
        );

        if (changed === undefined) return wrong({ form: 'problem.accountClosing' });
        // With the version and the fields as they are now.
        if (changed === 'changed') return backTo(accountPath(id, '/profile'), 'accounts.changedMeanwhile');

        return changed.ok ? to(accountPath(id), 'accounts.done.profile') : wrong(byField(changed.problems));
      },
      doing,
    ),
  ];
}

async function shown(deps: AccountRoutesDeps, ask: Ask & SignedIn, account: Account): Promise<AccountView> {
  const [password, { methods, recoveryCodes }, invitedUntil] = await Promise.all([
    deps.passwords.has(account.id),
    deps.twoFactor.show(account),
    deps.invitations.waiting(account.id),
  ]);
  const isAdministrator = hasRole(ask.account, 'admin');
  const names = doingsFor(account, {
    password,
    factors: methods.length > 0 || recoveryCodes !== undefined,
    mail: deps.invitations.possible && deps.recovery.possible,
  });
  const { lock } = account;

  return {
    person: personOf(account),
    badges: badgesOf(account),
    emailVerified: account.emailVerified,
    status: `accounts.status.${account.status}`,
    ...(account.status === 'disabled' && lock && { lock }),
    role: `accounts.role.${roleOf(account) ?? 'none'}`,
    language: languages.find(({ value }) => value === account.locale)?.label ?? account.locale,
    createdAt: account.createdAt,
    updatedAt: account.updatedAt,
    signingIn: {
      password,
      factors: methods.map((method): MessageKey => `secondFactor.${method}`),
      ...(recoveryCodes && { codesLeft: recoveryCodes.left }),
      ...(invitedUntil !== undefined && { invitedUntil }),
    },
    doings: isAdministrator
      ? names.map((name) => ({
          name,
          path: accountPath(account.id, `/${name}`),
          danger: name !== 'unlock' && isGrave(name),
        }))
      : [],
    mayEdit: isAdministrator && account.status !== 'closing',
    why: whyPathOf({ account: account.id }),
  };
}

function isGrave(name: DoingName): boolean {
  return ['sign-out', 'factors', 'lock', 'delete'].includes(name);
}
