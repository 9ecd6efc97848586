import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { Locale } from '../domain/account.ts';
import { compileTemplate } from '../web/templates.ts';
import type { Letter } from './letter.ts';
import type { NamedLink } from './plain.ts';

/** What each template under `views/messages/` is given; the template check goes by it. */
export interface MailViews {
  'messages/mail': MailView;
}

export interface MailView extends Letter {
  locale: Locale;
  /** The operator's name. */
  brand: string;
  /** For `src` of its picture. */
  logo?: string | undefined;
  /** What lists of mails show behind the subject. */
  preview: string;
  footer: string;
  links: readonly NamedLink[];
}

export type ToHtml = (view: MailView) => string;

/** Reads the template of mails. Throws on one that could put out something unescaped. */
export function createMailHtml(): ToHtml {
  const name = 'messages/mail.ejs';
  const file = fileURLToPath(new URL(`../../views/${name}`, import.meta.url));

  return compileTemplate(readFileSync(file, 'utf8'), `views/${name}`) as (view: object) => string;
}
