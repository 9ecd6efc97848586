import { hasRole } from '../domain/account.ts';
import type { Webhooks } from '../operations/webhooks.ts';
import { page, show, view, type Outcome, type Route } from '../web/route.ts';
import { seeing, type AdminPage } from './page.ts';
import { webhookDoingRoutes } from './webhook-doings.ts';
import { gone, webhookFormRoutes } from './webhook-form.ts';
import { newWebhookPath, webhookPath, webhooksPath as path } from './webhook-places.ts';
import { shownDelivery, shownWebhook, type ShownDelivery, type ShownWebhook } from './webhook-rows.ts';

export interface WebhooksPageDeps {
  webhooks: Webhooks;
}

export interface WebhooksView {
  rows: ShownWebhook[];
  /** Where a new one is made; absent: not by whoever looks at it. */
  newPath?: string;
}

/** Times in milliseconds. */
export interface WebhookView {
  webhook: ShownWebhook;
  createdAt: number;
  updatedAt: number;
  waiting: number;
  secrets: { id: string; createdAt: number; endsAt?: number }[];
  deliveries: ShownDelivery[];
  /** Where older deliveries are. */
  next?: string;
  /** Where something is done to it; absent: not by whoever looks at it. */
  places?: Record<'edit' | 'secret' | 'switch' | 'test' | 'delete', string>;
}

export const webhooksView = view<WebhooksView>('admin/webhooks', 'shell', 'webhooks.title');
export const webhookView = view<WebhookView>('admin/webhook', 'shell', 'webhooks.one');

/** Who is told of events, and what came of it. */
export const webhooks: AdminPage<WebhooksPageDeps> = {
  place: { path, label: 'webhooks.title', icon: 'globe' },

  routes: ({ webhooks: of }): Route[] => [
    page(
      path,
      webhooksView,
      async ({ account }): Promise<WebhooksView> => ({
        rows: (await of.list()).map(shownWebhook),
        ...(hasRole(account, 'admin') && { newPath: newWebhookPath }),
      }),
      seeing,
    ),

    ...webhookFormRoutes({ webhooks: of }),
    ...webhookDoingRoutes({ webhooks: of }),

    page(
      `${path}/:id`,
      webhookView,
      async ({ account, params: { id }, query }): Promise<Outcome> => {
        const { after } = query;
        const [found, deliveries] = await Promise.all([of.find(id), of.deliveries(id, { after })]);
        if (!found || !deliveries) return gone;

        const { webhook, waiting } = found;
        const shown = shownWebhook(webhook);
        const mayDo = hasRole(account, 'admin');
        const older = new URLSearchParams({ after: deliveries.next ?? '' });

        return show(
          webhookView,
          {
            webhook: shown,
            createdAt: webhook.createdAt,
            updatedAt: webhook.updatedAt,
            waiting,
            secrets: webhook.secrets.map(({ id: secretId, createdAt, expiresAt }) => ({
              id: secretId,
              createdAt,
              ...(expiresAt !== undefined && { endsAt: expiresAt }),
            })),
            deliveries: deliveries.rows.map((row) => shownDelivery(row, mayDo && webhook.enabled)),
            ...(deliveries.next !== undefined && { next: `${webhookPath(id)}?${older.toString()}` }),
            ...(mayDo && {
              places: {
                edit: webhookPath(id, 'edit'),
                secret: webhookPath(id, 'secret'),
                switch: webhookPath(id, webhook.enabled ? 'disable' : 'enable'),
                test: webhookPath(id, 'test'),
                delete: webhookPath(id, 'delete'),
              },
            }),
          },
          { titleValues: { webhook: shown.name } },
        );
      },
      seeing,
    ),
  ],
};
