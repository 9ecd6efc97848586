import { z } from 'zod';

import type { Account, Locale } from '../domain/account.ts';
import { itemTitle } from '../domain/consent-words.ts';
import { NotFound } from '../domain/errors.ts';
import type { Activity } from '../events/activity.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { Accounts } from '../operations/accounts.ts';
import type { ApiKeys } from '../operations/api-keys.ts';
import type { Applications } from '../operations/applications.ts';
import type { Devices } from '../operations/devices.ts';
import type { LookingAfter } from '../operations/looking-after.ts';
import { byField } from '../operations/problems.ts';
import type { Receipts } from '../operations/receipts.ts';
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
import { hasRole } from '../domain/account.ts';
import { accountPath, accountsPath } from './account-places.ts';
import { accountOf, personOf, type Person } from './account-words.ts';
import { happeningsIn, keyShown, offlineShown, sessionShown, type ShownHappening } from './access-rows.ts';
import { doing, seeing } from './page.ts';

export interface AccountAccessDeps {
  accounts: Pick<Accounts, 'get'>;
  devices: Pick<Devices, 'sessions' | 'session' | 'offline' | 'offlineOf'>;
  applications: Pick<Applications, 'list' | 'find' | 'remove'>;
  apiKeys: Pick<ApiKeys, 'list' | 'find' | 'remove' | 'offered'>;
  activity: Pick<Activity, 'list'>;
  receipts: Pick<Receipts, 'of'>;
  lookingAfter: Pick<LookingAfter, 'endSession' | 'endAccess'>;
  interactions: Pick<Interactions, 'clientFace'>;
}

type SessionRow = Awaited<ReturnType<typeof sessionShown>>;
type OfflineRow = Awaited<ReturnType<typeof offlineShown>>;
type KeyRow = ReturnType<typeof keyShown>;

export interface AccountDevicesView {
  person: Person;
  /** Absent where the other list goes on. */
  browsers?: { count: number; rows: SessionRow[]; more?: string };
  offline?: { rows: OfflineRow[]; more?: string };
  /** With the other access, where both lists begin. */
  keys: KeyRow[];
  mayDo: boolean;
}

export const accountDevicesView = view<AccountDevicesView>('admin/account-devices', 'shell', 'devices.title');

export interface AccountApplicationsView {
  person: Person;
  rows: {
    path: string;
    name: string;
    permissions: string;
    inUse: boolean;
    grantedAt?: number;
    lastUsedAt?: number;
    isOurs: boolean;
  }[];
  count: number;
  more?: string;
  mayDo: boolean;
}

export const accountApplicationsView = view<AccountApplicationsView>(
  'admin/account-applications',
  'shell',
  'applications.title',
);

export interface AccountActivityView {
  person: Person;
  entries: ShownHappening[];
  older?: string;
}

export const accountActivityView = view<AccountActivityView>('admin/account-activity', 'shell', 'activity.title');

export interface EndingView {
  person: Person;
  /** Of the page itself: where the form goes. */
  action: string;
  back: string;
  title: MessageKey;
  /** What it is about. */
  what: string;
  says: MessageKey;
  button: MessageKey;
}

export const endingView = view<EndingView>('admin/account-ending', 'shell', 'accounts.what');

export interface AccountReceiptView {
  person: Person;
  /** Milliseconds. */
  at: number;
  sessions: number;
  applications: { name: string; grants: number; refreshTokens: number }[];
}

export const accountReceiptView = view<AccountReceiptView>('admin/account-receipt', 'shell', 'receipt.title');

const path = `${accountsPath}/:id` as const;
const nothing = z.object({});

type Asked = Ask<typeof path> & SignedIn;

/** What can act for somebody and what happened to their account, with the end of each. */
export function accountAccessRoutes(deps: AccountAccessDeps): Route[] {
  const { devices, applications, apiKeys, lookingAfter, interactions } = deps;

  const nameOf = async (clientId: string): Promise<string> =>
    (await interactions.clientFace(clientId))?.name ?? clientId;

  async function browsersOf({ id }: Account, ask: Asked, after?: string) {
    const { rows, next, count } = await devices.sessions(id, after);

    return {
      count,
      rows: await Promise.all(rows.map((row) => sessionShown(row, { ...ask, nameOf }))),
      ...(next !== undefined && { more: accountPath(id, `/devices?browsers=${encodeURIComponent(next)}`) }),
    };
  }

  async function offlineOf({ id }: Account, ask: Asked, after?: string) {
    const { rows, next } = await devices.offline(id, after);

    return {
      rows: await Promise.all(rows.map((row) => offlineShown(row, { ...ask, nameOf }))),
      ...(next !== undefined && { more: accountPath(id, `/devices?offline=${encodeURIComponent(next)}`) }),
    };
  }

  return [
    page(
      `${path}/devices`,
      accountDevicesView,
      async (ask): Promise<AccountDevicesView> => {
        const account = await accountOf(deps, ask.params.id);
        const { browsers, offline } = ask.query;
        const whole = { person: personOf(account), mayDo: hasRole(ask.account, 'admin'), keys: [] };

        if (browsers !== undefined) return { ...whole, browsers: await browsersOf(account, ask, browsers) };
        if (offline !== undefined) return { ...whole, offline: await offlineOf(account, ask, offline) };

        const [signedIn, away, keys] = await Promise.all([
          browsersOf(account, ask),
          offlineOf(account, ask),
          apiKeys.list(account.id),
        ]);

        return { ...whole, browsers: signedIn, offline: away, keys: keys.map((key) => keyShown(key, apiKeys.offered)) };
      },
      seeing,
    ),

    page(
      `${path}/applications`,
      accountApplicationsView,
      async (ask) => {
        const account = await accountOf(deps, ask.params.id);
        const { rows, count, next } = await applications.list(account, { after: ask.query['after'] });
        const faces = await Promise.all(rows.map(({ clientId }) => interactions.clientFace(clientId)));

        return {
          person: personOf(account),
          count,
          rows: rows.flatMap(({ clientId, items, ...row }, at) => {
            const face = faces[at];
            if (!face) return [];

            const permissions = titlesOf(items, ask.visitor.locale);

            return [
              {
                ...row,
                name: face.name,
                isOurs: face.firstParty,
                permissions,
                path: applicationPath(account, clientId),
              },
            ];
          }),
          ...(next !== undefined && {
            more: accountPath(account.id, `/applications?after=${encodeURIComponent(next)}`),
          }),
          mayDo: hasRole(ask.account, 'admin'),
        };
      },
      seeing,
    ),

    page(
      `${path}/activity`,
      accountActivityView,
      async (ask) => {
        const account = await accountOf(deps, ask.params.id);
        const { events, next } = await deps.activity.list(account, { after: ask.query['after'] });

        return {
          person: personOf(account),
          entries: await happeningsIn(events, { ...ask, nameOf }),
          ...(next !== undefined && { older: accountPath(account.id, `/activity?after=${encodeURIComponent(next)}`) }),
        };
      },
      seeing,
    ),

    page(
      `${path}/receipts/:receipt`,
      accountReceiptView,
      async ({ params }) => {
        const account = await accountOf(deps, params.id);
        const receipt = await deps.receipts.of(account.id, params.receipt);
        if (!receipt) throw new NotFound('no such receipt of this account');

        const { at, sessions, applications: lost } = receipt;

        return { person: personOf(account), at, sessions: sessions.length, applications: lost };
      },
      seeing,
    ),

    ...ending('devices/:of', {
      find: async (account, of, ask) => {
        const session = await devices.session(account.id, of);

        return session && (await sessionShown(session, { ...ask, nameOf })).name;
      },
      title: 'accounts.endSession',
      says: 'accounts.says.endSession',
      button: 'frame.signOut',
      end: (account, of, by) => lookingAfter.endSession(account.id, of, by),
    }),

    ...ending('devices/offline/:of', {
      find: async (account, of) => {
        const access = await devices.offlineOf(account.id, of);

        return access && nameOf(access.clientId);
      },
      title: 'accounts.endAccess',
      says: 'accounts.says.endAccess',
      button: 'devices.end',
      end: (account, of, by) => lookingAfter.endAccess(account.id, of, by),
    }),

    ...ending('devices/keys/:of', {
      find: async (account, of) => (await apiKeys.find(account.id, of))?.name,
      title: 'accounts.deleteKey',
      says: 'accounts.says.deleteKey',
      button: 'apiKeys.delete',
      end: async (account, of, by) => void (await apiKeys.remove(account, of, by)),
    }),

    ...ending('applications/:of', {
      find: async (account, of) => (await applications.find(account, of)) && nameOf(of),
      title: 'accounts.removeApp',
      says: 'accounts.says.removeApp',
      button: 'applications.remove',
      async end(account, of, by) {
        const removed = await applications.remove(account, of, by);

        return removed?.ok === false ? removed : removed?.value;
      },
    }),
  ];

  /** The end of one thing: a page that says what will happen, and its button. Somebody else's is not there. */
  function ending(below: `${string}/:of`, about: Ending): Route[] {
    const [list = ''] = below.split('/');
    const here = `${path}/${below}` as `${typeof path}/x/:of`;

    async function found(ask: AskedOf): Promise<{ account: Account; what: string }> {
      const account = await accountOf(deps, ask.params.id);
      const what = await about.find(account, ask.params.of, ask);
      if (what === undefined) throw new NotFound('nothing of this account');

      return { account, what };
    }

    return [
      page(
        here,
        endingView,
        async (ask): Promise<Outcome> => {
          const { account, what } = await found(ask);
          const { title, says, button } = about;
          const person = personOf(account);
          const action = accountPath(account.id, `/${below.replace(':of', encodeURIComponent(ask.params.of))}`);

          return show(endingView, {
            person,
            action,
            back: accountPath(account.id, `/${list}`),
            title,
            what,
            says,
            button,
          });
        },
        doing,
      ),

      action(
        here,
        nothing,
        async (ask, _input, wrong) => {
          const { account } = await found(ask);
          const done = await about.end(account, ask.params.of, { actor: ask.account.id, from: ask.visitor });
          if (done && 'problems' in done) return wrong(byField(done.problems));

          const receipt = done ? `/receipts/${encodeURIComponent(done.receipt)}` : `/${list}`;

          return to(accountPath(account.id, receipt), 'accounts.done.ended');
        },
        doing,
      ),
    ];
  }
}

type AskedOf = Ask<`${typeof path}/x/:of`> & SignedIn;

interface Ending {
  /** What it is called; undefined: there is none of this account. */
  find(account: Account, of: string, ask: AskedOf): Promise<string | undefined>;
  title: MessageKey;
  says: MessageKey;
  button: MessageKey;
  end(
    account: Account,
    of: string,
    by: { actor: string; from: Ask['visitor'] },
  ): Promise<{ receipt: string } | { problems: Parameters<typeof byField>[0] } | undefined | void>;
}

function applicationPath({ id }: Account, clientId: string): string {
  return accountPath(id, `/applications/${encodeURIComponent(clientId)}`);
}

function titlesOf(items: readonly Parameters<typeof itemTitle>[0][], locale: Locale): string {
  return items.map((item) => itemTitle(item, locale)).join(' · ');
}
