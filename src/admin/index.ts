import type { Console, Route } from '../web/route.ts';
import { clients, type ClientsDeps } from './clients.ts';
import { accounts, type AccountsPageDeps } from './accounts.ts';
import { audit, type AuditDeps } from './audit.ts';
import { keys, type KeysDeps } from './keys.ts';
import { overview, type OverviewDeps } from './overview.ts';
import type { AdminPage } from './page.ts';
import { settings, type SettingsPageDeps } from './settings.ts';
import { why, type WhyDeps } from './why.ts';
import { webhooks, type WebhooksPageDeps } from './webhooks.ts';

/**
 * The admin console: what those who run this installation see and do. This list of pages is its navigation. It owns the
 * pages' words and forms; the rules are in `operations/`, which the admin API (`api/`) calls just the same: nothing can be
 * done here that a program can't.
 */
export interface AdminDeps
  extends
    OverviewDeps,
    ClientsDeps,
    AccountsPageDeps,
    AuditDeps,
    KeysDeps,
    WhyDeps,
    WebhooksPageDeps,
    SettingsPageDeps {
  config: OverviewDeps['config'] & ClientsDeps['config'];
  records: ClientsDeps['records'] & AuditDeps['records'];
  accountSearch: AccountsPageDeps['accountSearch'];
  clientAdministration: ClientsDeps['clientAdministration'];
}

const pages: readonly AdminPage<AdminDeps>[] = [overview, clients, accounts, why, audit, keys, webhooks, settings];

export const adminConsole: Console = {
  path: '/admin',
  label: 'frame.admin',
  navigation: pages.map(({ place }) => place),
  role: 'auditor',
};

export function adminRoutes(deps: AdminDeps): Route[] {
  return pages.flatMap(({ routes }) => routes(deps));
}
