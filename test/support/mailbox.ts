import type { Message, MessageChannel } from '../../src/domain/message.ts';
import { openContent } from '../../src/messages/content.ts';
import { createWriting } from '../../src/messages/writing.ts';
import type { Services } from '../../src/services.ts';
import { everyRow } from '../../src/storage/records.ts';

/**
 * What an app in development mode has written to people, as they would read it. There as soon as the request that caused
 * it is answered:
 *
 *     const { code } = await app.mail.to('ana@example.com');
 *     const { link } = await app.mail.to('ana@example.com', 'reset-password');
 */
export interface Mailbox {
  /** The newest one to an address or number, of a template where one is named. Throws where there is none. */
  to(whom: string, template?: string): Promise<Written>;
  /** All of them, oldest first. */
  allTo(whom: string): Promise<Written[]>;
}

export interface Written {
  template: string;
  locale: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  /** The first code in it. Throws where it has none. */
  code: string;
  /** The first link to a page of ours. Throws where it has none. */
  link: string;
  message: Message;
}

export function openMailbox(channel: MessageChannel, services: () => Services): Mailbox {
  async function all(): Promise<Written[]> {
    const { records, sealing, config, clock } = services();
    const writing = createWriting(config);
    const rows = new Map<string, Message>();

    // Queued first: what is sent meanwhile is found among the sent ones.
    for (const state of ['queued', 'sent']) {
      const list = everyRow((page) => records.messages.list('state', `${state} ${channel}`, page));
      for await (const row of list) if (row.sealed !== undefined) rows.set(row.id, row);
    }

    return [...rows.values()]
      .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
      .map((message) => {
        const content = openContent(sealing, message.id, message.sealed ?? '');
        const mail = channel === 'email' ? writing.mail(message, content, clock.now()) : undefined;
        const text = mail?.text ?? writing.text(message, content, clock.now()) ?? '';

        return {
          template: message.template,
          locale: message.locale,
          to: content.to,
          subject: mail?.subject ?? '',
          text,
          html: mail?.html ?? '',
          message,
          get code() {
            return first(text, /(?:^ {4}|\b)(\d{6})\b|^ {4}(\S{8,})$/m);
          },
          get link() {
            return first(text, new RegExp(`^(${config.issuer}/\\S*)$`, 'm'));
          },
        };
      });
  }

  return {
    async to(whom, template) {
      const found = (await all()).findLast(
        (one) => one.to === whom && (template === undefined || one.template === template),
      );

      if (!found) {
        const others = (await all()).map((one) => `${one.template} to ${one.to}`);
        throw new Error(
          `nothing ${template ?? ''} was written to ${whom}; there is: ${others.join(', ') || 'nothing'}`,
        );
      }

      return found;
    },

    allTo: async (whom) => (await all()).filter((one) => one.to === whom),
  };
}

function first(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.slice(1).find(Boolean);
  if (found === undefined) throw new Error(`no ${String(pattern)} in: ${text}`);

  return found;
}
