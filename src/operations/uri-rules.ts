import { z } from 'zod';

import type { ProblemKey } from './problems.ts';

/** What addresses a client may register. They are compared, shown and fetched later, so every trick ends here. */

export interface UriRule {
  /** Development lets web clients use http on loopback. */
  development: boolean;
  /** A native app (RFC 8252): http on loopback, and a scheme of its own. */
  native?: boolean;
  /** Whether people or responses are sent there: a fragment would swallow the answer (RFC 6749 section 3.1.2). */
  redirect?: boolean;
}

const longest = 2048;
/** Spelt out, so that no other spelling of a loopback address (decimal, octal, mapped) passes. */
const loopback = /^http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d{1,5})?(?:[/?]|$)/;
/** RFC 8252 section 7.1: the reverse of a domain name that the app's maker owns. */
const privateScheme = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:$/;

export function uri(rule: UriRule) {
  return z
    .string()
    .max(longest, { abort: true })
    .superRefine((value, ctx) => {
      const found = uriProblem(value, rule);

      if (found) ctx.addIssue({ code: 'custom', message: found.key, params: found.values ?? {} });
    });
}

export function uriProblem(
  value: string,
  { development, native = false, redirect = false }: UriRule,
): { key: ProblemKey; values?: Record<string, string> } | undefined {
  // Before parsing: URL drops tabs and line breaks, and with them what hides `javascript:` (S52).
  if (/[^\x21-\x7e]|["<>\\^`{|}]/.test(value)) return { key: 'problem.uriCharacters' };
  if (!URL.canParse(value)) return { key: 'problem.uri' };

  const { protocol, username, password, hostname } = new URL(value);
  if (value.includes('#') && redirect) return { key: 'problem.uriFragment' };
  if (value.includes('*')) return { key: 'problem.uriWildcard' };

  if (protocol === 'https:' || protocol === 'http:') {
    // `https:host` and `https:/host` are read as addresses too, but compared with none.
    if (!/^https?:\/\/[^/?#]/i.test(value) || hostname === '') return { key: 'problem.uri' };
    if (username !== '' || password !== '' || /^[^/?#]*\/\/[^/?#]*@/.test(value)) return { key: 'problem.uriUserinfo' };
    if (protocol === 'https:') return undefined;
    if ((native || development) && loopback.test(value)) return undefined;

    return { key: development ? 'problem.uriHttpDevelopment' : 'problem.uriHttp' };
  }

  if (redirect && protocol.includes('.')) {
    return native && privateScheme.test(protocol) && value.length > protocol.length && !value.includes('@')
      ? undefined
      : { key: 'problem.uriPrivateScheme' };
  }

  return { key: 'problem.uriScheme', values: { scheme: protocol } };
}
