import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { Html } from './html.ts';
import { iconNames } from './icons.ts';
import type { IconName } from './icons.ts';
import { compileTemplate, type Template } from './templates.ts';

/**
 * Turns templates into HTML. Everything that a template puts out is escaped, except what a template made (`Html`), so
 * no template can put out raw text by mistake: tags that would are refused when it is loaded.
 */
export interface Renderer {
  /** `name` as under `views/`, without the ending; partials by their name alone. */
  render(name: string, fields: object): Html;
  icon(name: IconName): Html;
}

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
  return everyTemplate(folder).filter((name) => !name.startsWith('messages/'));
}

export function everyTemplate(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ejs'))
    .map((path) => path.slice(0, -'.ejs'.length))
    .toSorted();
}

function load(folder: string, name: string): Template {
  const file = join(folder, `${name}.ejs`);

  return compileTemplate(readFileSync(file, 'utf8'), `views/${name}.ejs`);
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
