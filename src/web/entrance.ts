import type { Context } from 'koa';

import { hasRole } from '../domain/account.ts';
import { strengthOf } from '../domain/acr.ts';
import type { Clock } from '../domain/clock.ts';
import { AnotherAccount, Forbidden, NotFound, RecentSignInRequired, SignInRequired } from '../domain/errors.ts';
import type { Answers } from './answers.ts';
import { arrivalOf, exchangeOf } from './arrivals.ts';
import type { Cookies } from './cookies.ts';
import type { Csrf } from './csrf.ts';
import type { Drafts } from './drafts.ts';
import type { Fields } from './forms.ts';
import { parseFields } from './forms.ts';
import { sayIn } from './locale.ts';
import { keepNotice } from './notices.ts';
import type { Ask, Exchange, Outcome, Page, Route, SignedIn } from './route.ts';
import type { Visitors } from './visitors.ts';

/** Who is signed in, and how somebody becomes it. */
export interface Gate {
  /** `found` is told of the account before it is known to be signed in: for reading ahead, and nothing else. */
  current(exchange: Exchange, found?: (accountId: string) => void): Promise<SignedIn | undefined>;
  /** Begins a sign-in that ends at `returnTo`; `maxAge` in seconds asks for a proof that is not older. */
  signIn(returnTo: string, options: SignInWanted & { locale?: string }): Outcome;
  /** Whether this session was proved with less than the strongest factor that the person has enrolled (S96). */
  isWeak(signedIn: SignedIn): Promise<boolean>;
  /** Sends for what `isWeak` looks at. */
  ahead(accountId: string): void;
  /** Seconds for which a proof counts as recent. */
  recentSignIn: number;
  /** `all`: every page that needs a session needs a recent one. */
  recentSignInFor: 'sensitive' | 'all';
}

/** `again`: everything is to be proved once more, however fresh the last proof is. */
interface SignInWanted {
  maxAge?: number;
  again?: true;
}

export interface EntranceDeps {
  /** Where to go when no better place is known. */
  home: string;
  clock: Clock;
  visitors: Visitors;
  answers: Answers;
  cookies: Cookies;
  csrf: Csrf;
  drafts: Drafts;
  gate: Gate;
}

/** What a route is asked, with the session where it wants one. */
export type Asked = Ask & Partial<SignedIn>;

export interface Visit {
  context: Context;
  route: Route;
  /** What was typed and may be shown again. */
  typed: Fields;
  /** Whether it came from a form that this browser has from us: from nobody else is anything kept. */
  isOurs: boolean;
  /** Whom that form was shown to, as `Csrf` names them. */
  shownTo: string;
}

/** The way into a route: the session that it wants, a recent one where it must be, and back again after signing in. */
export interface Entrance {
  pass(visit: Visit, enter: (ask: Asked) => Promise<void>): Promise<void>;
  /** What was typed before the person had to sign in. `others`: on a form that was shown to another account. */
  findDraft(visit: Visit, ask: Asked): Promise<Fields | 'others' | undefined>;
  /** The closest page above a path that has none of its own. */
  above(context: Context): string;
}

const longestParameter = 200;

export function createEntrance(pages: ReadonlyMap<string, Page>, deps: EntranceDeps): Entrance {
  const { answers, clock, cookies, csrf, drafts, gate, visitors } = deps;

  return { pass, findDraft, above };

  async function pass(visit: Visit, enter: (ask: Asked) => Promise<void>): Promise<void> {
    const { context, route } = visit;

    arrivalOf(context.req).route = route.path;

    const exchange = exchangeOf(context);
    const params = parametersOf(context);
    const query = queryOf(context, route);
    const signedIn = route.access === 'anyone' ? undefined : await gate.current(exchange, (id) => ahead(route, id));
    const visitor = visitors.of(context, signedIn?.account);
    if ('ui_locales' in query) visitors.keepAsked(context, placeOf(context, route));
    const ask: Asked = { params, query, visitor, say: sayIn(visitor.locale), exchange, ...signedIn };

    if (route.access !== 'anyone' && !signedIn) {
      tellSignedOut(visit);

      return signIn(visit, ask, wantsRecent(route) ? { maxAge: maxAge() } : {});
    }

    if (signedIn && visit.shownTo !== '' && visit.shownTo !== csrf.nameOf(signedIn.account.id)) {
      throw new AnotherAccount('a form that was shown to another account');
    }

    if (signedIn && route.role) {
      if (!hasRole(signedIn.account, route.role)) throw new Forbidden(`not without the role ${route.role}`);
      // Signed in before they had the role: it takes two factors from then on.
      if (strengthOf(signedIn.session) < 3) return signIn(visit, ask, { again: true });
    }

    if (signedIn && wantsRecent(route)) {
      if (!isRecent(signedIn)) return signIn(visit, ask, { maxAge: maxAge() });
      if (await gate.isWeak(signedIn)) return signIn(visit, ask, { again: true });
    }

    try {
      await enter(ask);
    } catch (error) {
      if (error instanceof SignInRequired) return signIn(visit, ask, {});
      if (error instanceof RecentSignInRequired) return signIn(visit, ask, { maxAge: maxAge() });

      throw error;
    }
  }

  /** Their session has ended elsewhere, perhaps by the very thing. It says nothing that hangs on anybody's account. */
  function tellSignedOut({ context, route, isOurs, shownTo }: Visit): void {
    if (route.kind !== 'action' || route.signedOut === undefined || !isOurs || shownTo === '') return;

    keepNotice(cookies, context, { tone: 'warn', key: route.signedOut });
  }

  function ahead(route: Route, accountId: string): void {
    if (wantsRecent(route)) gate.ahead(accountId);
    if (route.kind !== 'page') return;

    // A failure is for whoever really asks.
    for (const one of route.ahead?.(accountId) ?? []) one.catch(() => undefined);
  }

  function wantsRecent(route: Route): boolean {
    return route.access === 'recent' || gate.recentSignInFor === 'all';
  }

  function isRecent({ session }: SignedIn): boolean {
    return clock.now() - session.signedInAt <= gate.recentSignIn * 1000;
  }

  /** A second less than we ask for: what is too old here must not be fresh there, where time is in whole seconds. */
  function maxAge(): number {
    return Math.max(0, gate.recentSignIn - 1);
  }

  /** To the sign-in, and back with what was typed. */
  async function signIn(visit: Visit, ask: Asked, options: SignInWanted): Promise<void> {
    const { context, route } = visit;
    const { locale } = ask.visitor;
    const back = pages.has(route.path) ? await backHere(visit, ask) : above(context);

    answers.write(context, gate.signIn(back, { ...options, locale }));
  }

  async function backHere({ context, typed, isOurs, shownTo }: Visit, ask: Asked): Promise<string> {
    const { ip, deviceId } = ask.visitor;
    const place = { path: context.path, deviceId, shownTo, ip };
    const isTyped = isOurs && Object.keys(typed).length > 0;
    const draft = isTyped ? await drafts.keep(typed, place) : draftOf(context);

    return withQuery(context.path, { ...ask.query, ...(draft !== undefined && { draft }) });
  }

  async function findDraft(
    { context, route }: Visit,
    { account, visitor }: Asked,
  ): Promise<Fields | 'others' | undefined> {
    const draft = draftOf(context);

    if (route.access === 'anyone' || draft === undefined || !account) return undefined;

    return drafts.find(draft, {
      path: context.path,
      deviceId: visitor.deviceId,
      shownTo: csrf.nameOf(account.id),
    });
  }

  function above(context: Context): string {
    const parts = context.path.split('/');
    const paths = parts.map((_part, index) => parts.slice(0, parts.length - index).join('/'));

    return paths.find((path) => pages.has(path)) ?? deps.home;
  }
}

/** A parameter that none of our links holds leads nowhere. */
export function parametersOf(context: Context): Record<string, string> {
  const parameters = (context as Context & { params: Record<string, string> }).params;

  if (Object.values(parameters).some((value) => value.length > longestParameter || /\p{Cc}/u.test(value))) {
    throw new NotFound('an impossible path parameter');
  }

  return parameters;
}

/** `/sign-in/:uid` of whatever is below it: the address up to the first parameter. */
function placeOf({ path }: Context, route: Route): string {
  const parameter = route.path.split('/').findIndex((part) => part.startsWith(':'));

  return parameter < 0 ? path : path.split('/', parameter + 1).join('/');
}

function queryOf(context: Context, route: Route): Fields {
  const { draft, ...query } = parseFields(context.querystring);

  return route.access === 'anyone' && draft !== undefined ? { ...query, draft } : query;
}

function draftOf(context: Context): string | undefined {
  return parseFields(context.querystring)['draft'];
}

export function withQuery(path: string, query: Fields): string {
  const text = new URLSearchParams(query).toString();

  return text === '' ? path : `${path}?${text}`;
}
