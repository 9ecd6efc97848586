import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import ejs from 'ejs';

import { Html } from './html.ts';
import { iconNames } from './icons.ts';
import type { IconName } from './icons.ts';

/**
 * Turns templates into HTML. Everything that a template puts out is escaped, except what a template made (`Html`), so
 * no template can put out raw text by mistake: tags that would are refused when it is loaded.
 */
export interface Renderer {
  /** `name` as under `views/`, without the ending; partials by their name alone. */
  render(name: string, fields: object): Html;
  icon(name: IconName): Html;
}

type Template = (fields: object) => string;

/** Loads every template below the folders. Throws on one that could put out something unescaped. */
export function createRenderer(folders: readonly [string, ...string[]]): Renderer {
  const templates = new Map(
    folders.flatMap((folder) => templateFiles(folder).map((name) => [name, load(folder, name)])),
  );
  const icons = readIcons(readFileSync(join(folders[0], 'partials/icons.svg'), 'utf8'));

  return {
    render(name, fields) {
      const template = templates.get(name) ?? templates.get(`partials/${name}`);

      if (!template) throw new Error(`no template is called ${name}`);

      return Html.trusted(template(fields));
    },

    icon(name) {
      const icon = icons.get(name);

      if (!icon) throw new Error(`no icon is called ${name}`);

      return icon;
    },
  };
}

/** The names of all templates of pages. Those of messages are another room's. */
export function templateFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ejs') && !path.startsWith('messages/'))
    .map((path) => path.slice(0, -'.ejs'.length))
    .toSorted();
}

function load(folder: string, name: string): Template {
  const file = join(folder, `${name}.ejs`);

  return compileTemplate(readFileSync(file, 'utf8'), `views/${name}.ejs`);
}

/** `file` is only for messages. */
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

function readIcons(sprite: string): Map<string, Html> {
  const symbols = [...sprite.matchAll(/<symbol id="([\w-]+)">(.*?)<\/symbol>/gs)];

  const icons = new Map(
    symbols.map(([, name = '', shapes = '']) => [
      name,
      Html.trusted(
        `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" aria-hidden="true">${shapes}</svg>`,
      ),
    ]),
  );

  const wrong = [...new Set<string>(iconNames).symmetricDifference(new Set(icons.keys()))];

  if (wrong.length > 0) throw new Error(`views/partials/icons.svg and src/web/icons.ts differ in ${wrong.join(', ')}`);

  return icons;
}
