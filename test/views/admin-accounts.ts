import {
  accountActivityView,
  type AccountActivityView,
  accountApplicationsView,
  accountDevicesView,
  type AccountDevicesView,
  accountReceiptView,
} from '../../src/admin/account-access.ts';
import { endingView, type EndingView } from '../../src/admin/account-endings.ts';
import { doingView, type DoingView, lockView, roleView } from '../../src/admin/account-doings.ts';
import { accountView, profileView, type AccountView } from '../../src/admin/account.ts';
import { accountsView, type AccountsView } from '../../src/admin/accounts.ts';
import { doingNames } from '../../src/admin/doings.ts';
import { languages, newAccountView } from '../../src/admin/new-account.ts';
import { accountGroups } from '../../src/operations/account-search.ts';
import { ana } from '../support/interactions.ts';
import { day, now, sample, type Sample } from './sample.ts';

const person = { id: ana.id, path: '/admin/accounts/1', name: ana.displayName, email: ana.email };
const row = { ...person, badges: [], createdAt: now - 40 * day };
const locked = { text: 'accounts.status.disabled', tone: 'warn' } as const;
const filters = [
  { path: '/admin/accounts', label: 'accounts.all', current: true } as const,
  ...accountGroups.map((one) => ({
    path: `/admin/accounts?only=${one}`,
    label: `accounts.only.${one}` as const,
    current: false,
  })),
];
const profile = { displayName: 'Ana', firstName: 'Ana', lastName: 'Lind', task: '', locale: 'en' };
const names = { titleValues: { person: person.name } };
const device = {
  id: 's1',
  isHere: false,
  icon: 'laptop',
  name: 'Firefox · Windows',
  ip: '203.0.113.9',
  proofs: '',
  apps: 'Wiki',
  signedInAt: now - day,
  lastAccessedAt: now - 60_000,
  expiresAt: now + 5 * day,
} as const;

const shown: Omit<AccountView, 'doings'> = {
  person,
  badges: [{ text: 'accounts.role.admin', tone: 'good' }],
  emailVerified: true,
  status: 'accounts.status.active',
  role: 'accounts.role.admin',
  language: 'English',
  createdAt: now - 400 * day,
  updatedAt: now - 2 * day,
  mayEdit: true,
  why: '/admin/why?account=a',
  signingIn: {
    password: true,
    factors: ['secondFactor.passkey', 'secondFactor.authenticator'],
    codesLeft: 8,
  },
};

export const adminAccountSamples: readonly Sample[] = [
  sample(accountsView, (): AccountsView => ({
    search: '',
    filters,
    mayDo: true,
    parts: [{ heading: 'accounts.title', rows: [row, { ...row, badges: [locked] }], more: '/admin/accounts?after=x' }],
  })),
  sample(
    accountsView,
    (): AccountsView => ({
      search: 'an',
      filters,
      mayDo: false,
      parts: [
        { heading: 'accounts.exact', rows: [row] },
        { heading: 'accounts.by.email', rows: [row] },
        { heading: 'accounts.by.name', rows: [row], more: '/admin/accounts?search=an&by=name&after=x' },
        { heading: 'accounts.by.lastName', rows: [row] },
      ],
    }),
    { as: 'found' },
  ),
  sample(accountsView, (): AccountsView => ({ search: 'xyz', filters, mayDo: true, parts: [] }), {
    as: 'found nobody',
    onlyWords: true,
  }),
  sample(accountsView, (): AccountsView => ({ search: '', filters, mayDo: true, parts: [] }), {
    as: 'empty',
    notice: 'accounts.done.deleted',
    onlyWords: true,
  }),

  sample(newAccountView, () => ({ mayInvite: true, languages, language: 'en' }), {
    problems: { email: 'problem.emailTaken', displayName: 'problem.tooLong' },
    values: { email: ana.email },
  }),
  sample(newAccountView, () => ({ mayInvite: false, languages, language: 'en' }), {
    as: 'without mail',
    onlyWords: true,
  }),

  sample(
    accountView,
    (): AccountView => ({
      ...shown,
      doings: doingNames.map((name) => ({ name, path: `/admin/accounts/1/${name}`, danger: name === 'lock' })),
    }),
    { ...names, notice: 'accounts.done.role' },
  ),
  sample(
    accountView,
    (): AccountView => ({
      ...shown,
      badges: [locked],
      emailVerified: false,
      status: 'accounts.status.disabled',
      role: 'accounts.role.none',
      doings: [],
      lock: { at: now - day, reason: 'The laptop was stolen.', until: now + day },
      signingIn: { password: false, factors: [], invitedUntil: now + day },
      mayEdit: false,
    }),
    { ...names, as: 'to an auditor, locked', notice: 'accounts.done.invited' },
  ),
  sample(
    accountView,
    (): AccountView => ({
      ...shown,
      status: 'accounts.status.closing',
      role: 'accounts.role.auditor',
      doings: [],
      lock: { at: now - day, reason: '' },
    }),
    { ...names, as: 'locked for good', onlyWords: true },
  ),
  sample(profileView, () => ({ person, version: 'v', profile, languages }), {
    notice: 'accounts.changedMeanwhile',
    problems: { displayName: 'problem.required', form: 'problem.accountClosing' },
  }),

  ...(['invite', 'reset', 'sign-out', 'unlock'] as const).map((name) =>
    sample(
      doingView,
      (): DoingView => ({
        person,
        name,
        danger: name === 'sign-out',
        tells: name === 'unlock',
        says: [`accounts.says.${name === 'sign-out' ? 'signOut' : name}` as const],
      }),
      {
        as: name,
        onlyWords: name !== 'invite',
        titleValues: { what: '', person: person.name },
        problems: { form: 'problem.joinedAlready' },
      },
    ),
  ),
  sample(
    doingView,
    (): DoingView => ({
      person,
      name: 'factors',
      danger: true,
      tells: false,
      says: ['accounts.says.factors', 'accounts.says.factorsSure'],
    }),
    { as: 'factors', onlyWords: true, titleValues: { what: '', person: person.name } },
  ),
  sample(
    doingView,
    (): DoingView => ({ person, name: 'delete', danger: true, tells: true, says: ['accounts.says.delete'] }),
    {
      as: 'delete',
      titleValues: { what: '', person: person.name },
      problems: { agree: 'accounts.agreeMissing', form: 'problem.lastAdministrator' },
    },
  ),
  sample(
    lockView,
    ({ say }) => ({
      person,
      tells: true,
      reasonLength: 200,
      reason: '',
      options: (['hour', 'day', 'week', 'month', 'ever'] as const).map((value) => ({
        value,
        label: say(`accounts.lasts.${value}`),
      })),
    }),
    { problems: { reason: 'problem.required' } },
  ),
  sample(roleView, ({ say }) => ({
    person,
    tells: false,
    role: 'none',
    options: (['none', 'admin', 'auditor'] as const).map((value) => ({ value, label: say(`accounts.role.${value}`) })),
  })),

  sample(accountDevicesView, (): AccountDevicesView => ({
    person,
    mayDo: true,
    browsers: { count: 30, rows: [device], more: '/admin/accounts/1/devices?browsers=x' },
    offline: {
      rows: [
        {
          id: 'g1',
          app: 'Wiki',
          permissions: ['openid', 'offline_access'],
          givenAt: now - day,
          lastUsedAt: now,
          ip: '203.0.113.9',
        },
      ],
      more: '/admin/accounts/1/devices?offline=x',
    },
    keys: [{ id: 'k1', name: 'Backup', prefix: 'gthk_4fQz9K', permissions: ['profile:read'], createdAt: now - day }],
  })),
  sample(
    accountDevicesView,
    (): AccountDevicesView => ({
      person,
      mayDo: false,
      browsers: { count: 0, rows: [] },
      offline: { rows: [] },
      keys: [],
    }),
    { as: 'empty', onlyWords: true },
  ),
  sample(accountApplicationsView, () => ({
    person,
    count: 2,
    mayDo: true,
    more: '/admin/accounts/1/applications?after=x',
    rows: [
      {
        path: '/admin/accounts/1/applications/wiki',
        name: 'Wiki',
        permissions: 'E-mail',
        inUse: true,
        isOurs: false,
        grantedAt: now - day,
        lastUsedAt: now,
      },
      { path: '/admin/accounts/1/applications/x', name: 'Portal', permissions: '', inUse: false, isOurs: true },
    ],
  })),
  sample(accountActivityView, ({ say }): AccountActivityView => ({
    person,
    older: '/admin/accounts/1/activity?after=x',
    entries: [
      {
        title: 'activity.kind.account.disabled',
        leftOut: 0,
        entry: { at: now, facts: [{ label: say('activity.fact.by'), value: say('activity.by.administrator') }] },
      },
      { title: 'activity.kind.sign_in.blocked', leftOut: 12, entry: { at: now - day, facts: [] } },
    ],
  })),
  ...(
    [
      ['accounts.endSession', 'accounts.says.endSession', 'frame.signOut'],
      ['accounts.endAccess', 'accounts.says.endAccess', 'devices.end'],
      ['accounts.deleteKey', 'accounts.says.deleteKey', 'apiKeys.delete'],
      ['accounts.removeApp', 'accounts.says.removeApp', 'applications.remove'],
    ] as const
  ).map(([title, says, button], at) =>
    sample(
      endingView,
      (): EndingView => ({
        person,
        action: '/admin/accounts/1/x',
        back: '/admin/accounts/1',
        title,
        what: 'Wiki',
        says,
        button,
      }),
      {
        as: title,
        onlyWords: at > 0,
        ...(at === 3 && { problems: { form: 'problem.applicationOurs' } }),
      },
    ),
  ),
  sample(
    accountReceiptView,
    () => ({ person, at: now, sessions: 3, applications: [{ name: 'Wiki', grants: 2, refreshTokens: 1 }] }),
    { notice: 'accounts.done.locked' },
  ),
  sample(accountReceiptView, () => ({ person, at: now, sessions: 0, applications: [] }), {
    as: 'of nothing',
    notice: 'accounts.done.signedOut',
    onlyWords: true,
  }),
];
