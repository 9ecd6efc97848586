import type { IncomingMessage, ServerResponse } from 'node:http';

import type { z } from 'zod';

import type { Account, Locale, Role } from '../domain/account.ts';
import type { FieldError } from './endpoint.ts';
import type { IconName } from './icons.ts';
import type { MessageKey, Say } from './locale.ts';

/**
 * The shapes that features are written in: a page, an action, a route. This file is the only door between features and
 * the web: it holds types and small constructors and knows no framework. `web/serve.ts` turns routes into answers.
 */

export type { IconName, MessageKey, Say };

/** `'/sign-in/:uid'` -> `{ uid: string }` */
export type ParamsOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { [K in Name]: string } & ParamsOf<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? { [K in Name]: string }
    : unknown;

/** Who is in front of the browser, as far as the request tells. */
export interface Visitor {
  locale: Locale;
  /** The client's address; forwarded headers count only from configured proxies (S60). */
  ip: string;
  userAgent: string;
  /** Also in the log and in the answer's `X-Request-Id`. */
  requestId: string;
  /** A random name of this browser from a cookie of its own, made on the first visit. It proves nothing but "the same browser". */
  deviceId: string;
}

/** The request and its answer, to be handed on to `oidc/interactions`; features never look inside. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What a page or an action is asked. Query values are single strings: a doubled one was refused (S24). */
export interface Ask<Path extends string = string> {
  params: ParamsOf<Path>;
  query: Readonly<Record<string, string>>;
  visitor: Visitor;
  say: Say;
  exchange: Exchange;
}

/** How the person in this browser is signed in. */
export interface SignedIn {
  account: Account;
  session: { uid: string; /** Milliseconds. */ signedInAt: number; amr: readonly string[]; acr?: string };
}

/**
 * - `anyone`: no session is looked up.
 * - `signed-in`: without a session the person signs in first and comes back to where they were going.
 * - `recent`: the same when the last proof is older than `account.recent_sign_in`; what was typed is kept.
 */
export type Access = 'anyone' | 'signed-in' | 'recent';

export type AskFor<Path extends string, A extends Access> = A extends 'anyone' ? Ask<Path> : Ask<Path> & SignedIn;

/** A template under `views/` with the type of what it is given; `layout` and `title` say how it is framed. */
export interface View<T extends object> {
  readonly name: string;
  readonly layout: 'door' | 'shell';
  readonly title: MessageKey;
  /** Never set: carries T for the template check. */
  readonly data?: T;
}

/** Templates are checked against T by `npm run check`: export each view as a constant. */
export function view<T extends object>(name: string, layout: 'door' | 'shell', title: MessageKey): View<T> {
  return { name, layout, title };
}

export interface Frame {
  status?: number;
  /** Further sources for `form-action`, on pages whose form ends at an app (DESIGN.md, "Form posts that end at an app"). */
  formAction?: readonly string[];
  /** Seconds until another try makes sense (RFC 9110 section 10.2.3). */
  retryAfter?: number;
  /** Fills `{placeholders}` of the title's message. */
  titleValues?: Readonly<Record<string, string>>;
  /** Shows documents of ours within itself. */
  frames?: true;
  /** Is such a document: how a page would look. */
  look?: Look;
  /** Offers no other language here: switching would undo what was ticked. */
  keepsLanguage?: true;
  /** Of an endpoint of the protocol, and all the same it may be opened again in another language as it is. */
  reopens?: true;
}

/** `css`: what would follow our stylesheet, harmless already (domain/branding-files.ts). */
export interface Look {
  css: string;
  scheme: 'light' | 'dark';
}

/** What is wrong with a field: a message, with what fills its `{placeholders}` where it has some. */
export type ProblemText = MessageKey | { key: MessageKey; values?: Readonly<Record<string, string | number>> };

/** What a page or an action answers with. */
export type Outcome =
  | { kind: 'show'; view: View<object>; data: object; frame: Frame }
  /** 303. A local path that begins with a single `/`. */
  | { kind: 'to'; path: string; notice?: MessageKey; tone?: 'warn'; locale?: Locale }
  /** 303 to a place that `oidc/` vouches for: a registered redirect URI, or the protocol's own resume path. */
  | { kind: 'leave'; url: string; locale?: Locale }
  /** The same page again with what was typed and what is wrong with it. */
  | {
      kind: 'wrong';
      problems: Readonly<Record<string, ProblemText>>;
      status: number;
      values?: Readonly<Record<string, string>>;
    }
  /** A whole document that is shown within a page and may run and fetch nothing: the HTML of a mail. */
  | { kind: 'document'; html: string }
  /** Facts for a script of ours on the page that asked, as JSON. */
  | { kind: 'data'; data: object }
  /**
   * A file to keep, as text that is written while it is read: only as much of it is read as the browser takes. Should
   * reading fail in the middle the connection is cut, so that nobody takes what has arrived for all of it.
   */
  | { kind: 'download'; name: string; type: string; text: AsyncIterable<string> }
  /** `oidc/` has written the answer itself. */
  | { kind: 'answered' };

export function show<T extends object>(of: View<T>, data: NoInfer<T>, frame: Frame = {}): Outcome {
  return { kind: 'show', view: of, data, frame };
}

/** 303 to a path of ours; `notice` stands on top of the next page, once. */
export function to(path: `/${string}`, notice?: MessageKey): Outcome {
  return notice === undefined ? { kind: 'to', path } : { kind: 'to', path, notice };
}

/** The same, where nothing was done: why not stands on top of the next page. */
export function backTo(path: `/${string}`, why: MessageKey): Outcome {
  return { kind: 'to', path, notice: why, tone: 'warn' };
}

/** From here on this browser's pages speak the language of the account: whose it is was just proved. */
export function inLanguageOf({ locale }: Pick<Account, 'locale'>, outcome: Outcome): Outcome {
  return outcome.kind === 'to' || outcome.kind === 'leave' ? { ...outcome, locale } : outcome;
}

export interface Rule<A extends Access = Access> {
  access: A;
  /** Whom it is for, of those who are signed in: with this role and two factors. An administrator may what an auditor may. */
  role?: A extends 'anyone' ? never : Role;
  /** Sends for what the page will show, while it is still being looked up whether it may be seen; the page asks again. */
  ahead?: (accountId: string) => readonly Promise<unknown>[];
  /** Of an action: what the sign-in page says to whoever sends a form that they were shown while signed in. */
  signedOut?: MessageKey;
  /** Of an action: files may be handed in (`multipart/form-data`); a field of one has its bytes in base64. */
  files?: true;
}

export interface Page {
  kind: 'page';
  path: string;
  view: View<object>;
  data: (ask: never) => object | Promise<object>;
  access: Access;
  role?: Role;
  ahead?: Rule['ahead'];
}

export interface Action {
  kind: 'action';
  path: string;
  form: z.ZodObject;
  run: (ask: never, input: never, wrong: never) => Promise<Outcome>;
  access: Access;
  role?: Role;
  signedOut?: Rule['signedOut'];
  files?: Rule['files'];
}

export type Route = Page | Action;

const anyone: Rule<'anyone'> = { access: 'anyone' };

/**
 * GET. `data` answers what the view shows, or an Outcome (`show` another view, go elsewhere). What a view shows is told
 * from an Outcome by the latter's `kind`, so view data has no field `kind` with one of an Outcome's values.
 */
export function page<const Path extends string, T extends object, A extends Access = 'anyone'>(
  path: Path,
  of: View<T>,
  data: (ask: AskFor<Path, A>) => NoInfer<T> | Outcome | Promise<NoInfer<T> | Outcome>,
  rule: Rule<A> = anyone as Rule<A>,
): Page {
  return { kind: 'page', path, view: of, data, ...rule };
}

/**
 * Ends an action with problems beside the fields; `form` is the key for what belongs to no single field. `values` is what
 * the page is told beside what was typed.
 */
export type Wrong<Fields> = (
  problems: Partial<Record<Extract<keyof Fields, string> | 'form', ProblemText>>,
  status?: number,
  values?: Readonly<Record<string, string>>,
) => Outcome;

/**
 * POST, `application/x-www-form-urlencoded`, with a CSRF token. The page at the same path is what `wrong` shows again
 * (422). The form's zod messages are catalogue keys. `data` of that page runs with the same ask.
 */
export function action<const Path extends string, F extends z.ZodObject, A extends Access = 'anyone'>(
  path: Path,
  form: F,
  run: (ask: AskFor<Path, A>, input: z.output<F>, wrong: Wrong<z.output<F>>) => Promise<Outcome>,
  rule: Rule<A> = anyone as Rule<A>,
): Action {
  return { kind: 'action', path, form, run, ...rule };
}

/** What every template finds under `v` beside its own fields. */
export interface FormState {
  /** What was typed, by field; passwords never come back. */
  values: Readonly<Record<string, string>>;
  problems: Readonly<Record<string, string>>;
  csrf: string;
  /** Whether `values` was typed by the person; if not, fields show what is stored. */
  sent: boolean;
}

/** One entry of the shell's navigation. `path` marks itself and everything below it as the current place. */
export interface NavigationItem {
  path: `/${string}`;
  label: MessageKey;
  icon: IconName;
}

/** Pages under `path` with a navigation of their own. */
export interface Console {
  path: `/${string}`;
  label: MessageKey;
  navigation: readonly NavigationItem[];
  /** Who is led to it. */
  role?: Role;
  /** Nobody is: it is no part of what somebody signs in for. */
  apart?: true;
}

/** An error page for what no route of ours threw: `oidc/` fills it in for errors of the protocol library. */
export interface ShownFailure {
  status: number;
  /** A FailureCode, or an OAuth error code (RFC 6749 section 4.1.2.1), which is shown as it is. */
  code: string;
  /** What happened and what to do; unset: the catalogue's texts for the code or the status. */
  title?: MessageKey;
  advice?: MessageKey;
  /** A way back to the app, where its address is known to be registered. */
  client?: { name: string; uri?: string };
  /** What stands in the log beside the reference; unset: the request id. */
  reference?: string;
  /** For programs alone: what is wrong with what they sent. */
  detail?: string;
  errors?: readonly FieldError[];
}
