import { z } from 'zod';

import { newId } from '../domain/ids.ts';
import { NotFound } from '../domain/errors.ts';
import type { Account } from '../domain/account.ts';
import type { NoticeCounts } from '../domain/client-receipt.ts';
import type { ClientAdministration } from '../operations/client-administration.ts';
import { action, backTo, page, show, to, view, type Outcome, type Route } from '../web/route.ts';
import { notDone } from './client-changes.ts';
import { clientPath, clientReceiptPath, clientsPath } from './client-places.ts';
import { holdingsInWords, nameOf, type ShownHoldings } from './client-words.ts';
import { gone } from './client.ts';
import { doing, seeing } from './page.ts';

export interface ClientRevocationDeps {
  clientAdministration: Pick<ClientAdministration, 'find' | 'revoke' | 'receipt'>;
  records: { accounts: { get(id: string): Promise<Pick<Account, 'email'> | undefined> } };
}

/** What it would hit, before it does. */
export interface ClientImpactView {
  name: string;
  holdings: ShownHoldings;
  /** Whether the app is told of everybody who is signed out of it. */
  isTold: boolean;
  /** Names this form: sent twice it ends things once. */
  once: string;
  path: string;
  back: string;
}

export const clientImpactView = view<ClientImpactView>('admin/client-impact', 'shell', 'clients.revokeTitle');

/** Times in milliseconds. */
export interface ClientReceiptView {
  name: string;
  at: number;
  expiresAt: number;
  /** Who did it: their address while they have an account here, else as the audit log has it. */
  by: string;
  people: number;
  sessions: number;
  grants: number;
  refreshTokens: number;
  accessTokensUntil?: number;
  notices: number;
  progress: NoticeCounts;
  back: string;
}

export const clientReceiptView = view<ClientReceiptView>('admin/client-receipt', 'shell', 'clients.receiptTitle');

const form = z.object({ once: z.string().min(1).max(100) });

/** Ending everything that an app was given, and what was ended. */
export function clientRevocationRoutes({ clientAdministration: clients, records }: ClientRevocationDeps): Route[] {
  return [
    page(
      `${clientsPath}/:id/revoke`,
      clientImpactView,
      async ({ params: { id }, say }): Promise<Outcome> => {
        const found = await clients.find(id);
        if (!found) return gone;
        if (found.isOurs) return backTo(clientPath(id), 'problem.clientOurs');

        const { metadata } = found.client;
        const name = nameOf(found.client);
        return show(
          clientImpactView,
          {
            name,
            holdings: holdingsInWords(found.holdings, say),
            isTold: metadata.backchannel_logout_uri !== undefined,
            once: newId(),
            path: clientPath(id, 'revoke'),
            back: clientPath(id),
          },
          { titleValues: { client: name } },
        );
      },
      doing,
    ),

    action(
      `${clientsPath}/:id/revoke`,
      form,
      async ({ account, params: { id }, visitor }, { once }) => {
        const revoked = await clients.revoke(id, { actor: account.id, from: visitor }, { once });
        if (revoked === undefined) return gone;

        return revoked.ok ? to(clientReceiptPath(id, revoked.value.receipt)) : notDone(id, revoked);
      },
      doing,
    ),

    page(
      `${clientsPath}/:id/receipts/:receiptId`,
      clientReceiptView,
      async ({ params: { id, receiptId } }): Promise<Outcome> => {
        const found = await clients.receipt(id, receiptId);
        if (!found) throw new NotFound('no such receipt of this app');

        const { receipt, notices: progress } = found;
        const { id: _, clientId, actor, ...facts } = receipt;
        const name = nameOf({ id: clientId, metadata: { client_name: receipt.name } });
        const account = await records.accounts.get(actor);

        return show(
          clientReceiptView,
          { ...facts, name, by: account?.email ?? actor, progress, back: clientPath(clientId) },
          { titleValues: { client: name } },
        );
      },
      seeing,
    ),
  ];
}
