import type { Clock } from '../domain/clock.ts';
import type { Message, MessageChannel } from '../domain/message.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { openContent } from './content.ts';
import type { Writing } from './writing.ts';

/** Messages that can still be read: what development mode shows instead of sending it. */
export interface Kept {
  /** Newest first. */
  list(): Promise<Readable[]>;
  get(id: string): Promise<Readable | undefined>;
}

/** A message as the person would get it. */
export interface Readable {
  id: string;
  channel: MessageChannel;
  template: string;
  to: string;
  /** Milliseconds. */
  createdAt: number;
  /** Empty for a text message. */
  subject: string;
  text: string;
  /** Undefined for a text message. The operator's picture is within it. */
  html?: string;
}

export interface KeptDeps {
  records: Pick<Records, 'messages'>;
  sealing: Pick<Sealing, 'open'>;
  clock: Clock;
  writing: Writing;
}

/** Of each channel and state. */
const most = 100;

export function createKept({ records: { messages }, sealing, clock, writing }: KeptDeps): Kept {
  function read(message: Message): Readable[] {
    if (message.sealed === undefined) return [];

    const { id, channel, template, createdAt } = message;
    const content = openContent(sealing, id, message.sealed);
    if (content.nobody) return [];

    const about = { id, channel, template, createdAt, to: content.to };

    if (channel === 'sms') {
      const text = writing.text(message, content, clock.now());

      return text === undefined ? [] : [{ ...about, subject: '', text }];
    }

    const mail = writing.mail(message, content, clock.now());
    if (!mail) return [];

    const { subject, text, html, logo } = mail;
    const picture = logo && `data:${logo.type};base64,${logo.bytes.toString('base64')}`;

    return [{ ...about, subject, text, html: picture ? html.replaceAll('cid:logo', picture) : html }];
  }

  return {
    async list() {
      const rows = new Map<string, Message>();

      // Those that are queued first: what moves on meanwhile is found among the others.
      for (const group of ['queued email', 'queued sms', 'sent email', 'sent sms']) {
        const page = await messages.list('state', group, { limit: most, descending: true });
        for (const row of page.rows) rows.set(row.id, row);
      }

      return [...rows.values()].toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1)).flatMap(read);
    },

    async get(id) {
      const row = await messages.get(id);

      return row && read(row)[0];
    },
  };
}
