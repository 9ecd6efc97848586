import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { Context } from 'koa';

import { accountConsole } from '../../src/account/index.ts';
import { adminConsole } from '../../src/admin/index.ts';
import { referenceConsole } from '../../src/api/reference.ts';
import type { Account, Locale } from '../../src/domain/account.ts';
import { createAnswers, type Situation } from '../../src/web/answers.ts';
import { sayIn } from '../../src/web/locale.ts';
import { createRenderer } from '../../src/web/render.ts';
import { show, type Frame, type MessageKey, type Say, type View } from '../../src/web/route.ts';
import { ana } from '../support/interactions.ts';

/** A page as somebody meets it: a view, what it is given, and what stands around it. */
export interface Sample {
  /** `sign-in/sign-in, with problems` */
  name: string;
  /** The template. */
  view: string;
  /** Another one of the same view has everything but these words. */
  onlyWords: boolean;
  /** The whole document. */
  render(locale: Locale): string;
}

export interface Around {
  /** Tells samples of one view apart. */
  as?: string;
  /** Field -> what is wrong with it. */
  problems?: Readonly<Record<string, MessageKey>>;
  /** What was typed, where there are problems with it. */
  values?: Readonly<Record<string, string>>;
  notice?: MessageKey;
  titleValues?: Frame['titleValues'];
  onlyWords?: boolean;
}

/** In which language, and when: milliseconds. */
export interface Told {
  say: Say;
  locale: Locale;
  now: number;
}

export const now = Date.UTC(2026, 10, 24, 12);
export const day = 86_400_000;

export function sample<T extends object>(
  view: View<T>,
  data: (told: Told) => NoInfer<T>,
  { as, problems, values = {}, notice, titleValues, onlyWords = false }: Around = {},
): Sample {
  return {
    name: as === undefined ? view.name : `${view.name}, ${as}`,
    view: view.name,
    onlyWords,

    render(locale) {
      const say = sayIn(locale);
      const texts = Object.entries(problems ?? {}).map(([field, key]) => [
        field,
        say(key, { max: 20, min: 15, number: '0171 1234567' }),
      ]);
      const area = view.name.startsWith('admin/') ? '/admin' : '/account';
      const account: Account = { ...ana, locale, roles: area === '/admin' ? ['admin'] : [] };

      return written(locale, {
        path: view.name.startsWith('api/') ? '/api' : `${area}/personal-information`,
        outcome: show(view, data({ say, locale, now }), titleValues === undefined ? {} : { titleValues }),
        situation: {
          // Pages before the sign-in offer the other languages at their foot.
          ...(view.layout === 'shell' && !view.name.startsWith('api/') ? { account } : { here: '/here' }),
          ...(problems && { form: { values, problems: Object.fromEntries(texts), sent: true } }),
          ...(notice && { notice: { tone: 'good', key: notice } }),
        },
      });
    },
  };
}

const views = fileURLToPath(new URL('../../views/', import.meta.url));
const renderer = createRenderer([views]);

/** For the head of a document that is not fetched from anywhere. */
export const stylesheet = readFileSync(`${views}assets/style.css`, 'utf8');

function written(
  locale: Locale,
  { path, outcome, situation }: { path: string; outcome: ReturnType<typeof show>; situation: Situation },
) {
  const context = { path, set: () => undefined, body: '' };
  const nothing = () => undefined;

  createAnswers({
    renderer,
    assets: { url: (name: string) => `/assets/${name}`, has: () => false, text: () => '' },
    cookies: { get: nothing },
    csrf: { token: () => 'csrf' },
    visitors: { of: () => ({ locale }) },
    clock: { now: () => now },
    branding: { name: 'Northwind ID', links: { privacy: 'https://a.example/', terms: 'https://b.example/' } },
    consoles: [accountConsole, adminConsole, referenceConsole],
    home: '/account',
  } as unknown as Parameters<typeof createAnswers>[0]).write(context as unknown as Context, outcome, situation);

  return context.body;
}
