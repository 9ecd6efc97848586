import type { MessageChannel } from '../../src/domain/message.ts';
import { createKept, type Readable } from '../../src/messages/kept.ts';
import { createWriting } from '../../src/messages/writing.ts';
import type { Services } from '../../src/services.ts';

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

export interface Written extends Readable {
  /** The first code in it. Throws where it has none. */
  code: string;
  /** The first link to a page of ours. Throws where it has none. */
  link: string;
}

export function openMailbox(channel: MessageChannel, services: () => Services): Mailbox {
  async function all(): Promise<Written[]> {
    const { config, ...rest } = services();
    const kept = createKept({ ...rest, writing: createWriting(config) });
    const messages = (await kept.list()).filter((message) => message.channel === channel);

    return messages.toReversed().map((message) => ({
      ...message,
      get code() {
        return first(message.text, /(?:^ {4}|\b)(\d{6})\b|^ {4}(\S{8,})$/m);
      },
      get link() {
        return first(message.text, new RegExp(`^(${config.issuer}/\\S*)$`, 'm'));
      },
    }));
  }

  return {
    async to(whom, template) {
      const messages = await all();
      const found = messages.findLast((one) => one.to === whom && (template ?? one.template) === one.template);
      if (found) return found;

      const others = messages.map((one) => `${one.template} to ${one.to}`).join(', ');
      throw new Error(`nothing ${template ?? ''} was written to ${whom}; there is: ${others || 'nothing'}`);
    },

    allTo: async (whom) => (await all()).filter((one) => one.to === whom),
  };
}

function first(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.slice(1).find(Boolean);
  if (found === undefined) throw new Error(`no ${String(pattern)} in: ${text}`);

  return found;
}
