import ejs from 'ejs';

import { Html } from './html.ts';

export type Template = (fields: object) => string;

/**
 * How a template becomes a function of its fields, for pages and for mails alike: everything that it puts out is escaped,
 * except what is `Html` already. It knows no folder and no field. `file` is only for messages.
 */
export function compileTemplate(text: string, file: string): Template {
  if (/<%-/.test(text)) throw new Error(`${file}: <%- would put out raw text`);

  // What ejs calls its own way of writing, and of reading other files.
  if (/<%[^#%](?:(?!%>)[\s\S])*\b(__append|__output|escapeFn|include)\b/.test(text)) {
    throw new Error(`${file}: only <%= puts something out`);
  }

  // A line that holds nothing but a statement leaves no empty line behind.
  const tidy = text.replace(/^([ \t]*<%(?![=#%])(?:(?!%>)[^\n])*)%>[ \t]*$/gm, '$1-%>').trimEnd();

  return ejs.compile(tidy, { strict: true, localsName: 'v', escape, filename: file });
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };

/** The one way out: text is escaped for content and for quoted attributes, our own HTML stays. */
export function escape(value: unknown): string {
  if (value instanceof Html) return value.toString();

  switch (typeof value) {
    case 'string':
      return value.replace(/[&<>"']/g, (character) => entities[character] ?? '');
    case 'number':
      return String(value);
    case 'undefined':
      return '';
    default:
      throw new TypeError(`a template puts out a ${value === null ? 'null' : typeof value}`);
  }
}
