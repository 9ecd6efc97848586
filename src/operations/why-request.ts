import { createHash } from 'node:crypto';

import { z } from 'zod';

import type { Client } from '../domain/client.ts';
import { newSecret } from '../domain/ids.ts';
import { problem, read, refused, type Result } from './problems.ts';
import { problemIs } from './text-rules.ts';

/** The authorization request that somebody wants explained: pasted as it was sent, or put together from a few fields. */

/** How the person is signed in beforehand. */
export const signedInBefore = ['no', 'one-factor', 'two-factors'] as const;

const longestRequest = 8000;
const longestValue = 2000;
const longestAgo = 366 * 86_400;

const value = z.string().trim().max(longestValue).optional();

/** Parameters of an authorization request by their own names (OpenID Connect Core 1.0 section 3.1.2.1). */
export const requestFields = {
  response_type: value,
  redirect_uri: value,
  scope: value,
  resource: value,
  acr_values: value,
  max_age: value,
  prompt: value,
  claims: value,
} as const;

export type RequestField = keyof typeof requestFields;

export const askedWhy = z.strictObject({
  /** The id of an account. */
  account: z.string().min(1).max(200),
  /** The id of a client; not needed where the request names it. */
  client: z.string().trim().max(200).optional(),
  /** A whole address with its query, or the query alone; then no other parameter is looked at. */
  request: z.string().trim().max(longestRequest).optional(),
  ...requestFields,
  signed_in: z.enum(signedInBefore).optional(),
  /** Seconds that the sign-in is ago. */
  signed_in_ago: z
    .string()
    .regex(/^\d{1,9}$/, 'problem.notNumber')
    .refine((text) => Number(text) <= longestAgo, problemIs('problem.notNumber'))
    .optional(),
});

export type AskedWhy = z.output<typeof askedWhy>;

export function readAskedWhy(input: unknown): Result<AskedWhy> {
  return read(askedWhy, input, Object.keys(askedWhy.shape));
}

/** The parameters that were pasted; undefined: nothing was. */
export function pastedRequest({ request = '' }: Pick<AskedWhy, 'request'>): Result<URLSearchParams> | undefined {
  if (request === '') return undefined;

  const [, query = request] = /\?([^#]*)/.exec(request) ?? [];
  const params = new URLSearchParams(query);

  return params.get('client_id') === null
    ? refused(problem('request', 'problem.noRequest'))
    : { ok: true, value: params };
}

/** What an app as it is registered would send, with what is asked about in the place of that. */
export function plainRequest(client: Client, asked: AskedWhy): URLSearchParams {
  const { redirect_uris: uris = [], response_types: types = ['code'], scope } = client.metadata;
  const type = asked.response_type || types[0] || 'code';
  const given = Object.keys(requestFields).map((name) => [name, asked[name as RequestField] ?? ''] as const);

  return new URLSearchParams(
    Object.entries({
      client_id: client.id,
      redirect_uri: uris[0] ?? '',
      scope: scope ?? 'openid',
      state: 'why',
      ...(type === 'id_token' && { nonce: 'why', response_mode: 'form_post' }),
      ...(type === 'code' && { code_challenge: challengeOf(newSecret()), code_challenge_method: 'S256' }),
      ...Object.fromEntries(given.filter(([, text]) => text !== '')),
      response_type: type,
    }).filter(([, text]) => text !== ''),
  );
}

/**
 * The same request with a challenge (RFC 7636) that can be answered here: what the app keeps to itself nobody else has. One
 * that would be refused is left as it is.
 */
export function answerable(request: URLSearchParams): { request: URLSearchParams; verifier?: string } {
  const challenge = request.getAll('code_challenge');
  if (challenge.length !== 1 || !/^[\w.~-]{43,128}$/.test(challenge[0] ?? '')) return { request };

  const verifier = newSecret();
  const ours = new URLSearchParams(request);
  ours.set('code_challenge', challengeOf(verifier));

  return { request: ours, verifier };
}

function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}
