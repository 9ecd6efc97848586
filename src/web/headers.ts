import type { ServerResponse } from 'node:http';

import type { Context, Middleware } from 'koa';

/** What a page may load and where its forms may end, beyond ourselves. */
export interface PolicyAdditions {
  formAction?: readonly string[];
  /** Origins of images that the page shows. */
  images?: readonly string[];
  /** Whether it shows documents of ours within itself. */
  frames?: boolean;
}

/** A source that can't end its directive (Content Security Policy Level 3 section 2.3.1): a scheme or an origin. */
const source = /^[a-z][a-z0-9+.-]*:(\/\/[a-z0-9.:[\]*-]+)?$/i;

/**
 * No inline anything (S110) and no frames (S16). `script-src` is named although `default-src` would do: the protocol
 * library adds the hash of its one script page to it.
 */
export function contentSecurityPolicy(additions: PolicyAdditions = {}): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src ${sources(additions.images)}`,
    "font-src 'self'",
    "connect-src 'self'",
    ...(additions.frames ? ["frame-src 'self'"] : []),
    `form-action ${sources(additions.formAction)}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/**
 * For a document that is not a page of ours but stands within one: it runs nothing and fetches nothing, is of no origin,
 * and what it leads to opens beside it. Mails bring their styles and their picture with them.
 */
export const documentPolicy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "frame-ancestors 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  'sandbox allow-popups allow-popups-to-escape-sandbox',
].join('; ');

function sources(further: readonly string[] = []): string {
  const refused = further.find((one) => !source.test(one));

  if (refused !== undefined) {
    throw new TypeError(`${refused} is no source of a content security policy`);
  }

  return ["'self'", ...new Set(further)].join(' ');
}

/** What every single answer carries, also those that are given before Koa. */
export function setEverywhere(secure: boolean, response: ServerResponse): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  // Two years. Not for subdomains: those are other people's services as a rule.
  if (secure) response.setHeader('Strict-Transport-Security', 'max-age=63072000');
}

/** What every answer through Koa begins with; what comes later may set a header again. */
export function securityHeaders(): Middleware {
  const headers = {
    'Content-Security-Policy': contentSecurityPolicy(),
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    'Cache-Control': 'no-store',
  };

  return (context, next) => {
    context.set(headers);

    return next();
  };
}

/**
 * The console's pages share no browsing context group with other sites. The pages outside it don't say so: an app that
 * signs people in through a popup window would lose its handle on the window.
 */
export function isolate(context: Context): void {
  context.set('Cross-Origin-Opener-Policy', 'same-origin');
}
