import { hasRole } from '../domain/account.ts';
import type { ClientAdministration } from '../operations/client-administration.ts';
import { page, view, type Route } from '../web/route.ts';
import { clientChangeRoutes } from './client-changes.ts';
import { clientsPath as path } from './client-places.ts';
import { clientRevocationRoutes, type ClientRevocationDeps } from './client-revocation.ts';
import { clientSecretRoutes } from './client-secrets.ts';
import { shownClientRow, type ShownClientRow } from './client-words.ts';
import { clientRoutes, type ClientDeps } from './client.ts';
import { newClientRoutes, type NewClientDeps } from './new-client.ts';
import { seeing, type AdminPage } from './page.ts';

export interface ClientsDeps extends NewClientDeps, ClientDeps, ClientRevocationDeps {
  clientAdministration: ClientAdministration;
}

export interface ClientsView {
  rows: ShownClientRow[];
  search: string;
  /** Whether apps can be registered by whoever looks at it. */
  isAdmin: boolean;
  /** Where the next ones are. */
  next?: string;
}

export const clientsView = view<ClientsView>('admin/clients', 'shell', 'clients.title');

const longestSearch = 200;

/** Apps: found by name, registered by kind, looked after. */
export const clients: AdminPage<ClientsDeps> = {
  place: { path, label: 'clients.title', icon: 'apps' },

  routes: (deps): Route[] => [
    page(
      path,
      clientsView,
      async ({ account, query, say }): Promise<ClientsView> => {
        const search = (query['search'] ?? '').trim().slice(0, longestSearch);
        const { rows, next } = await deps.clientAdministration.list({ search, after: query['after'] });
        const parameters = new URLSearchParams({ ...(search !== '' && { search }), after: next ?? '' });

        return {
          rows: rows.map((row) => shownClientRow(row, say)),
          search,
          isAdmin: hasRole(account, 'admin'),
          ...(next !== undefined && { next: `${path}?${parameters.toString()}` }),
        };
      },
      seeing,
    ),

    ...newClientRoutes(deps),
    ...clientRoutes(deps),
    ...clientChangeRoutes(deps),
    ...clientSecretRoutes(deps),
    ...clientRevocationRoutes(deps),
  ],
};
