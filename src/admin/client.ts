import { hasRole } from '../domain/account.ts';
import type { ClientAdministration } from '../operations/client-administration.ts';
import { backTo, page, show, view, type MessageKey, type Outcome, type Route } from '../web/route.ts';
import { clientPath, clientReceiptPath, clientsPath, secretPath } from './client-places.ts';
import { settingsOf, shownClientRow, type ShownClientRow } from './client-words.ts';
import { seeing } from './page.ts';
import { whyPathOf } from './why-places.ts';

export interface ClientDeps {
  clientAdministration: Pick<ClientAdministration, 'find' | 'receipts'>;
}

/** Times in milliseconds. */
export interface ClientView {
  client: ShownClientRow;
  createdAt: number;
  updatedAt: number;
  /** Where it stands what would happen at a sign-in. */
  why: string;
  settings: { name: string; values: string[] }[];
  secrets: ShownSecret[];
  /** What was ended before. */
  receipts: { path: string; at: number }[];
  /** Where something is done to it; absent: not by whoever looks at it, or not to this one. */
  places?: Record<'edit' | 'secret' | 'switch' | 'revoke' | 'delete', string>;
}

/** Times in milliseconds. */
export interface ShownSecret {
  id: string;
  createdAt: number;
  lastUsedAt?: number;
  endsAt?: number;
  badge: { words: MessageKey; tone: 'good' | 'warn' };
  /** Where it is ended. */
  path?: string;
}

export const clientView = view<ClientView>('admin/client', 'shell', 'clients.one');

export const badges = {
  newest: { words: 'clients.secretNewest', tone: 'good' },
  safe: { words: 'clients.secretSafe', tone: 'good' },
  older: { words: 'clients.secretOlder', tone: 'warn' },
} as const satisfies Record<string, ShownSecret['badge']>;

/** In another tab, or before Back was pressed; or it never was. */
export const gone = backTo(clientsPath, 'clients.gone');

/** One app: what it is registered with, what it holds, and its secrets without what proves them. */
export function clientRoutes({ clientAdministration: clients }: ClientDeps): Route[] {
  return [
    page(
      `${clientsPath}/:id`,
      clientView,
      async ({ account, params: { id }, say }): Promise<Outcome> => {
        const [found, receipts] = await Promise.all([clients.find(id), clients.receipts(id)]);
        if (!found) return gone;

        const row = shownClientRow(found, say);
        const mayChange = hasRole(account, 'admin') && !found.isOurs;

        return show(
          clientView,
          {
            client: row,
            createdAt: found.client.createdAt,
            updatedAt: found.client.updatedAt,
            why: whyPathOf({ client: id }),
            settings: settingsOf(found.client.metadata),
            secrets: found.secrets.map(({ isNewest, isSafeToRemove, ...secret }) => ({
              ...secret,
              badge: isNewest ? badges.newest : isSafeToRemove ? badges.safe : badges.older,
              ...(mayChange && !isNewest && { path: secretPath(id, secret.id) }),
            })),
            receipts: receipts.rows.map((receipt) => ({ path: clientReceiptPath(id, receipt.id), at: receipt.at })),
            ...(mayChange && {
              places: {
                edit: clientPath(id, 'edit'),
                secret: clientPath(id, 'secret'),
                switch: clientPath(id, row.disabled ? 'enable' : 'disable'),
                revoke: clientPath(id, 'revoke'),
                delete: clientPath(id, 'delete'),
              },
            }),
          },
          { titleValues: { client: row.name } },
        );
      },
      seeing,
    ),
  ];
}
