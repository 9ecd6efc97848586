import type { Account, Locale } from '../domain/account.ts';
import { itemTitle } from '../domain/consent-words.ts';
import { NotFound } from '../domain/errors.ts';
import type { Activity } from '../events/activity.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { Accounts } from '../operations/accounts.ts';
import type { ApiKeys } from '../operations/api-keys.ts';
import type { Applications } from '../operations/applications.ts';
import type { Devices } from '../operations/devices.ts';
import type { Receipts } from '../operations/receipts.ts';
import { page, view, type Ask, type Route, type SignedIn } from '../web/route.ts';
import { hasRole } from '../domain/account.ts';
import { accountPath, accountsPath } from './account-places.ts';
import { accountOf, personOf, type Person } from './account-words.ts';
import { happeningsIn, keyShown, offlineShown, sessionShown, type ShownHappening } from './access-rows.ts';
import { accountEndingRoutes, type AccountEndingDeps } from './account-endings.ts';
import { seeing } from './page.ts';

export interface AccountAccessDeps extends AccountEndingDeps {
  accounts: Pick<Accounts, 'get'>;
  devices: AccountEndingDeps['devices'] & Pick<Devices, 'sessions' | 'offline'>;
  applications: AccountEndingDeps['applications'] & Pick<Applications, 'list'>;
  apiKeys: AccountEndingDeps['apiKeys'] & Pick<ApiKeys, 'list' | 'offered'>;
  activity: Pick<Activity, 'list'>;
  receipts: Pick<Receipts, 'of'>;
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

export interface AccountReceiptView {
  person: Person;
  /** Milliseconds. */
  at: number;
  sessions: number;
  applications: { name: string; grants: number; refreshTokens: number }[];
}

export const accountReceiptView = view<AccountReceiptView>('admin/account-receipt', 'shell', 'receipt.title');

const path = `${accountsPath}/:id` as const;

type Asked = Ask<typeof path> & SignedIn;

/** What can act for somebody, and what happened to their account. */
export function accountAccessRoutes(deps: AccountAccessDeps): Route[] {
  const { devices, applications, apiKeys, interactions } = deps;

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

    ...accountEndingRoutes(deps, nameOf),
  ];
}

function applicationPath({ id }: Account, clientId: string): string {
  return accountPath(id, `/applications/${encodeURIComponent(clientId)}`);
}

function titlesOf(items: readonly Parameters<typeof itemTitle>[0][], locale: Locale): string {
  return items.map((item) => itemTitle(item, locale)).join(' · ');
}
