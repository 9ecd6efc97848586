import { readFileSync } from 'node:fs';
import { extname } from 'node:path';

import type { Config } from '../config/schema.ts';
import type { Locale } from '../domain/account.ts';
import type { Message } from '../domain/message.ts';
import { writtenMail, writtenText } from './catalogue.ts';
import type { Content } from './content.ts';
import { createMailHtml } from './html.ts';
import { toPlainText } from './plain.ts';
import { createWords } from './words.ts';

/** Makes what is sent of what is queued, in the words of the moment at which it is sent. */
export interface Writing {
  /** Undefined for a template that this release does not know. */
  mail(message: Message, content: Content, now: number): WrittenMail | undefined;
  text(message: Message, content: Content, now: number): string | undefined;
}

export interface WrittenMail {
  locale: Locale;
  subject: string;
  text: string;
  /** `cid:logo` stands for the operator's picture, where there is one. */
  html: string;
  logo?: Picture;
}

export interface Picture {
  type: string;
  bytes: Buffer;
}

/** What mail programs show; of SVG most show nothing. */
const pictures: Readonly<Record<string, string>> = { '.png': 'image/png', '.jpg': 'image/jpeg', '.gif': 'image/gif' };

export function createWriting({
  issuer,
  branding,
  messages,
  uploaded: { logo: handedIn },
}: Pick<Config, 'issuer' | 'branding' | 'messages' | 'uploaded'>): Writing {
  const toHtml = createMailHtml();
  const logo = handedIn ? shownOf(handedIn) : pictureOf(branding.logo);
  const words = ({ locale, usefulUntil }: Message, { timeZone }: Content, now: number) =>
    createWords({ locale, timeZone, service: branding.name, issuer, now, usefulUntil });

  return {
    mail(message, content, now) {
      const { say } = words(message, content, now);
      const letter = writtenMail(message.template, content.data, words(message, content, now));
      if (!letter) return undefined;

      const footer = say(messages.reply_to === undefined ? 'message.footer' : 'message.footerReply');
      const links = (['help', 'privacy', 'terms'] as const).flatMap((name) => {
        const url = branding.links[name];

        return url === undefined ? [] : [{ url, text: say(`frame.${name}`) }];
      });
      const [first] = letter.blocks;
      const preview = first?.kind === 'text' ? first.text : '';

      return {
        locale: message.locale,
        subject: letter.subject,
        text: toPlainText(letter, { footer, links, colon: say('message.colon') }),
        html: toHtml({
          ...letter,
          locale: message.locale,
          brand: branding.name,
          logo: logo && 'cid:logo',
          preview,
          footer,
          links,
        }),
        ...(logo && { logo }),
      };
    },

    text: (message, content, now) => writtenText(message.template, content.data, words(message, content, now)),
  };
}

function shownOf(picture: Picture): Picture | undefined {
  return Object.values(pictures).includes(picture.type) ? picture : undefined;
}

function pictureOf(file: string | undefined): Picture | undefined {
  const type = file === undefined ? undefined : pictures[extname(file).toLowerCase()];

  return file === undefined || type === undefined ? undefined : { type, bytes: readFileSync(file) };
}
