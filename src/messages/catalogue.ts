import { accountMails, type AccountMails } from './account-mails.ts';
import { codeMails, type CodeMails } from './code-mails.ts';
import type { Letter } from './letter.ts';
import { securityMails, type SecurityMails } from './security-mails.ts';
import type { Template } from './template.ts';
import { texts, type Texts } from './texts.ts';
import type { Words } from './words.ts';

/**
 * Every message that is ever sent, with the type of what it is given. A new one is an entry in one of the files that
 * this one brings together, and its words in each language.
 */
export interface Mails extends CodeMails, AccountMails, SecurityMails {}

export type MailName = keyof Mails;
export type TextName = keyof Texts;
export type { Texts };

export const mails: { readonly [Name in MailName]: Template<Mails[Name], Letter> } = {
  ...codeMails,
  ...accountMails,
  ...securityMails,
};

export { texts };

/** The same without the types of the data: what comes out of the queue was checked when it went in. */
export function mailTemplate(name: string): Template<unknown, Letter> | undefined {
  return Object.hasOwn(mails, name) ? (mails[name as MailName] as Template<unknown, Letter>) : undefined;
}

export function textTemplate(name: string): Template<unknown, string> | undefined {
  return Object.hasOwn(texts, name) ? (texts[name as TextName] as Template<unknown, string>) : undefined;
}

/** Also where a later release queued what this one does not know: then there is nothing to say. */
export function writtenMail(name: string, data: unknown, words: Words): Letter | undefined {
  return mailTemplate(name)?.write(data, words);
}

export function writtenText(name: string, data: unknown, words: Words): string | undefined {
  return textTemplate(name)?.write(data, words);
}
