import { NotFound } from '../domain/errors.ts';
import { page, show, view, type Route } from '../web/route.ts';
import type { Kept, Readable } from './kept.ts';

/**
 * The outbox: what development mode would have sent, as people would get it. There in development mode alone, which
 * listens on this machine only. A mail's HTML is shown as what it is, a document of its own that may run nothing.
 */
export interface OutboxDeps {
  kept: Kept;
  issuer: string;
}

export interface OutboxView {
  messages: { path: string; isMail: boolean; title: string; to: string; at: number }[];
}

export interface OutboxMessageView {
  message: Pick<Readable, 'template' | 'to' | 'createdAt' | 'text'>;
  heading: string;
  /** Where its HTML is; unset for a text message. */
  htmlPath: string | undefined;
  /** Pages of ours that it leads to: a mail that is shown within a page leads nowhere. */
  links: string[];
}

const path = '/dev/outbox';

export const outboxView = view<OutboxView>('outbox/outbox', 'shell', 'outbox.title');
export const outboxMessageView = view<OutboxMessageView>('outbox/message', 'shell', 'outbox.title');

export function outboxRoutes({ kept, issuer }: OutboxDeps): Route[] {
  async function find(id: string): Promise<Readable> {
    const found = await kept.get(id);
    if (!found) throw new NotFound('no such message');

    return found;
  }

  return [
    page(path, outboxView, async () => ({
      messages: (await kept.list()).map((message) => ({
        path: `${path}/${message.id}`,
        isMail: message.channel === 'email',
        title: titleOf(message),
        to: message.to,
        at: message.createdAt,
      })),
    })),

    page(`${path}/:id`, outboxMessageView, async ({ params }) => {
      const message = await find(params.id);

      const data = {
        message,
        heading: titleOf(message),
        htmlPath: message.html === undefined ? undefined : `${path}/${message.id}/html`,
        links: message.text.split('\n').filter((line) => line.startsWith(`${issuer}/`)),
      };

      return show(outboxMessageView, data, { frames: true });
    }),

    page(`${path}/:id/html`, outboxMessageView, async ({ params }) => {
      const { html } = await find(params.id);
      if (html === undefined) throw new NotFound('a text message has no HTML');

      return { kind: 'document', html };
    }),
  ];
}

/** A text message has no subject: its first line is what people see first. */
function titleOf({ subject, text }: Readable): string {
  return subject === '' ? (text.split('\n')[0] ?? '') : subject;
}
