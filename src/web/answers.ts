import { Readable } from 'node:stream';

import type { Context } from 'koa';

import { hasRole, type Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { localeNames } from '../domain/texts.ts';
import { timeZoneOf } from '../domain/time-zone.ts';
import type { Assets } from './assets.ts';
import type { Cookies } from './cookies.ts';
import type { Csrf } from './csrf.ts';
import { createFrame, isLocalPath } from './frame.ts';
import { contentSecurityPolicy, documentPolicy, isolate } from './headers.ts';
import { sayIn } from './locale.ts';
import { Html } from './html.ts';
import { keepNotice, takeNotice } from './notices.ts';
import type { Notice } from './notices.ts';
import type { LayoutData } from './partials.ts';
import type { Renderer } from './render.ts';
import type { Console, FormState, Frame, NavigationItem, Outcome, Say } from './route.ts';
import type { Visitors } from './visitors.ts';

/** Writes what a page or an action answers with: a framed page, or a 303. */
export interface Answers {
  write(context: Context, outcome: Outcome, situation?: Situation): void;
}

/** What is known beside the outcome; everything can be found out from the request except who is signed in. */
export interface Situation {
  account?: Account;
  form?: Omit<FormState, 'csrf'>;
  notice?: Notice;
  /** The path of the page, where it can be asked for again: then its language can be switched. */
  here?: string;
}

export interface Branding {
  name: string;
  logo?: string | undefined;
  accent?: { light?: string | undefined; dark?: string | undefined };
  css?: string | undefined;
  links: { privacy?: string | undefined; terms?: string | undefined; help?: string | undefined };
}

export interface AnswerDeps {
  renderer: Renderer;
  assets: Assets;
  cookies: Cookies;
  csrf: Csrf;
  visitors: Visitors;
  clock: Clock;
  branding: Branding;
  /** In which times are shown to whoever has chosen none. */
  timeZone: string;
  /** The first is for pages that are in none. */
  consoles: readonly [Console, ...Console[]];
  /** Where the brand in the corner leads. */
  home: string;
}

type Shown = Extract<Outcome, { kind: 'show' }>;

const noForm: Omit<FormState, 'csrf'> = { values: {}, problems: {}, sent: false };

export function createAnswers(deps: AnswerDeps): Answers {
  return {
    write(context, outcome, situation = {}) {
      switch (outcome.kind) {
        case 'show':
          show(deps, context, { outcome, situation });
          break;
        case 'to':
          seeOther(context, localPath(outcome.path));
          if (outcome.locale) deps.visitors.chooseLocale(context, outcome.locale);
          if (outcome.notice) keepNotice(deps.cookies, context, { tone: outcome.tone ?? 'good', key: outcome.notice });
          break;
        case 'leave':
          seeOther(context, address(outcome.url));
          if (outcome.locale) deps.visitors.chooseLocale(context, outcome.locale);
          break;
        case 'document':
          document(context, outcome.html);
          break;
        case 'data':
          context.body = outcome.data;
          break;
        case 'download':
          context.attachment(outcome.name);
          context.type = outcome.type;
          // Koa hands it on at the pace of the browser, and destroys the connection when reading fails.
          context.body = Readable.from(outcome.text, { highWaterMark: 1 });
          break;
        case 'answered':
          context.respond = false;
          break;
        case 'wrong':
          throw new TypeError('problems without a page to show them on');
      }
    },
  };
}

function show(deps: AnswerDeps, context: Context, { outcome, situation }: { outcome: Shown; situation: Situation }) {
  const { view, data, frame } = outcome;
  const { account } = situation;
  const { locale } = deps.visitors.of(context, account);
  const say = sayIn(locale);
  const images = new Set<string>();

  const fields = createFrame(deps.renderer, {
    say,
    locale,
    form: { ...(situation.form ?? noForm), csrf: deps.csrf.token(context, account?.id) },
    now: deps.clock.now(),
    timeZone: timeZoneOf(account?.claims['zoneinfo'], deps.timeZone),
    images,
  });

  const notice = situation.notice ?? takeNotice(deps.cookies, context);
  const title = say(view.title, frame.titleValues);
  const wrong = Object.keys(fields.form.problems).length > 0;

  if (frame.look) {
    const css = `${deps.assets.text('style.css')}\n${frame.look.css}\n:root { color-scheme: ${frame.look.scheme}; }`;
    const content = deps.renderer.render(view.name, { ...data, ...fields });

    return document(context, fields.part('layout/look', { title, content, css: Html.trusted(css) }).toString());
  }

  const layout: LayoutData = {
    ...placeOf(deps, context, {
      say,
      locale,
      situation,
      at: hereOf(context, situation, frame),
    }),
    title: `${wrong ? say('frame.problemTitle', { title }) : title} · ${deps.branding.name}`,
    content: deps.renderer.render(view.name, { ...data, ...fields }),
    ...(notice && { notice: { tone: notice.tone, text: say(notice.key) } }),
  };

  context.status = frame.status ?? 200;
  context.type = 'html';
  context.body = fields.part(`layout/${view.layout}`, layout).toString();
  if (frame.retryAfter !== undefined) context.set('Retry-After', String(Math.ceil(frame.retryAfter)));
  context.set('Content-Language', locale);
  context.set(
    'Content-Security-Policy',
    contentSecurityPolicy({
      formAction: frame.formAction ?? [],
      images: [...images],
      frames: frame.frames ?? false,
    }),
  );
  if (view.layout === 'shell') isolate(context);
}

function document(context: Context, html: string): void {
  context.type = 'html';
  context.body = html;
  context.set('Content-Security-Policy', documentPolicy);
}

/** A longer address than the form at the foot takes can't be come back to. */
const longestHere = 2000;

/** A request of an app: what it holds is repeated nowhere (S17). */
const protocol = /^\/oauth\//;

/** What was opened can be opened again; what was sent has an address only where a page stands at it. */
function hereOf(context: Context, { here, account }: Situation, { keepsLanguage, reopens }: Frame): string | undefined {
  const opened = context.method === 'GET' && (reopens || !protocol.test(context.path)) ? context.url : undefined;
  const address = here ?? opened;

  // A person who is signed in has a language of their own, changed where their other settings are.
  if (keepsLanguage || account || address === undefined) return undefined;

  return address.length <= longestHere && isLocalPath(address) ? address : undefined;
}

function placeOf(
  deps: AnswerDeps,
  context: Context,
  { say, situation, locale, at }: { say: Say; situation: Situation; locale: string; at: string | undefined },
): Omit<LayoutData, 'title' | 'content'> {
  const { branding } = deps;
  const { account } = situation;
  const here = consoleAt(deps.consoles, context.path);
  const others = deps.consoles.filter(
    (one) => one !== here && !one.apart && account && (!one.role || hasRole(account, one.role)),
  );
  const links = (['privacy', 'terms', 'help'] as const).map((name) => ({
    url: branding.links[name],
    text: say(`frame.${name}`),
  }));

  return {
    brand: branding.name,
    logo: branding.logo === undefined ? undefined : deps.assets.url(branding.logo),
    home: deps.home,
    stylesheet: deps.assets.url('style.css'),
    sheets: sheetsFor(deps, context.path),
    favicon: deps.assets.url(branding.logo ?? 'icon.svg'),
    ...(account && {
      account: { email: account.email, consoles: others.map(({ path, label }) => ({ path, label: say(label) })) },
    }),
    navigation: here.navigation.map(({ path, label, icon }) => ({
      path,
      label: say(label),
      icon,
      current: path === nearest(here.navigation, context.path),
    })),
    links: links.flatMap(({ url, text }) => (url === undefined ? [] : [{ url, text }])),
    languages:
      at === undefined
        ? []
        : Object.entries(localeNames)
            .filter(([name]) => name !== locale)
            .map(([name, text]) => ({ locale: name, name: text })),
    here: at ?? '',
  };
}

/** The operator's own never stands in administration: whoever has hidden everything with it can take it back. */
function sheetsFor({ assets }: AnswerDeps, path: string): string[] {
  const isAdministration = path === '/admin' || path.startsWith('/admin/');
  const names = ['accent.css', ...(isAdministration ? [] : ['branding.css'])];

  return names.filter((name) => assets.has(name)).map((name) => assets.url(name));
}

function consoleAt(consoles: AnswerDeps['consoles'], path: string): Console {
  return consoles.find((one) => path === one.path || path.startsWith(`${one.path}/`)) ?? consoles[0];
}

/** The entry that is the page or the closest place above it. */
function nearest(navigation: readonly NavigationItem[], path: string): string | undefined {
  return navigation
    .map((item) => item.path)
    .filter((place) => path === place || path.startsWith(`${place}/`))
    .toSorted((a, b) => b.length - a.length)[0];
}

/** 303 also after POST: the method and the body go nowhere else (S14). */
function seeOther(context: Context, location: string): void {
  context.status = 303;
  context.set('Location', location);
  context.body = '';
}

function localPath(path: string): string {
  if (!isLocalPath(path)) throw new TypeError('a redirect inside goes to a local path');

  return encodeURI(path).replaceAll('%25', '%');
}

/** Registered redirect URIs may have schemes of their own; those that run something in our origin are not among them. */
function address(url: string): string {
  if (/^(javascript|data|vbscript|blob|file):/i.test(url) || !/^[\x21-\x7e]+$/.test(url)) {
    throw new TypeError('a redirect to what is no address');
  }

  return url;
}
