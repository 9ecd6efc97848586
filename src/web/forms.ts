import type { IncomingMessage } from 'node:http';

import type { z } from 'zod';

import { Invalid, TooLarge } from '../domain/errors.ts';
import { isMessageKey } from './locale.ts';
import type { MessageKey, ProblemText } from './route.ts';

/**
 * How what was sent becomes values, strictly: one flat list of names and texts. What no honest page of ours sends
 * (other types, doubled fields, brackets, NUL, too much) is refused as Invalid before anything looks at it (S24, S111).
 */
export type Fields = Readonly<Record<string, string>>;

/** Of a body. */
export const mostBytes = 64_000;
/** Where files are handed in. */
export const mostOfFiles = 200_000;
const mostFields = 200;
const longestName = 300;

/** Reads the body of a POST. `files`: it may hold some, whose fields are then their bytes in base64. Throws Invalid. */
export async function readForm(request: IncomingMessage, files = false): Promise<Fields> {
  const type = request.headers['content-type'] ?? '';

  if (files && /^multipart\/form-data\s*;/i.test(type))
    return fieldsOfParts(await readBody(request, mostOfFiles), type);

  if (!/^application\/x-www-form-urlencoded(\s*;\s*charset=utf-8)?$/i.test(type)) {
    throw new Invalid('not a form');
  }

  return parseFields((await readBody(request)).toString('latin1'));
}

/** RFC 7578. */
async function fieldsOfParts(body: Buffer, type: string): Promise<Fields> {
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  const parts = await new Response(new Uint8Array(body), { headers: { 'content-type': type } })
    .formData()
    .catch((error: unknown) => {
      throw new Invalid('not a form', { cause: error });
    });

  for (const [name, value] of parts) {
    const isFull = Object.keys(fields).length >= mostFields;
    if (isFull || !isFieldName(name) || name in fields) throw new Invalid('a doubled or impossible field');
    if (typeof value === 'string' && value.includes('\0')) throw new Invalid('NUL in a field');

    fields[name] = typeof value === 'string' ? value : Buffer.from(await value.arrayBuffer()).toString('base64');
  }

  return fields;
}

/** Throws TooLarge. */
export async function readBody(request: IncomingMessage, most = mostBytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;

  if (Number(request.headers['content-length'] ?? 0) > most) throw new TooLarge('too large');

  // Stopping early must not close the connection: the answer still has to go out on it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;

    if (size > most) throw new TooLarge('too large');

    chunks.push(chunk);
  }

  return Buffer.concat(chunks);
}

/** Reads a query or a form body (URL Standard section 5.1, but refusing what that would repair). Throws Invalid. */
export function parseFields(text: string): Fields {
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  const pairs = text.split('&').filter((pair) => pair !== '');

  if (pairs.length > mostFields) throw new Invalid('too many fields');

  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const name = decode(at < 0 ? pair : pair.slice(0, at));

    if (!isFieldName(name) || name in fields) throw new Invalid('a doubled or impossible field');

    fields[name] = at < 0 ? '' : decode(pair.slice(at + 1));
  }

  return fields;
}

function decode(text: string): string {
  const decoded = decodeOrRefuse(text.replaceAll('+', ' '));

  if (decoded.includes('\0')) throw new Invalid('NUL in a field');

  return decoded;
}

function decodeOrRefuse(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new Invalid('not UTF-8', { cause: error });
  }
}

/** `a[]`, `a[$ne]` and names that mean something to objects are never ours. */
function isFieldName(name: string): boolean {
  return (
    name !== '' &&
    name.length <= longestName &&
    !/[[\]\p{Cc}]/u.test(name) &&
    !['__proto__', 'constructor', 'prototype'].includes(name)
  );
}

/** What must never be shown again or kept, by its name. */
export function isSecretField(name: string): boolean {
  return /password|passphrase|secret|token/i.test(name) || name === 'code' || name === 'csrf';
}

export function withoutSecrets(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !isSecretField(name)));
}

export type Checked = { ok: true; input: object } | { ok: false; problems: Readonly<Record<string, ProblemText>> };

/** Holds what was sent against an action's form; one problem a field, `form` for what has no field. */
export async function checkForm(form: z.ZodObject, fields: Fields): Promise<Checked> {
  const result = await form.safeParseAsync(fields);

  if (result.success) return { ok: true, input: result.data };

  const problems: Record<string, ProblemText> = {};

  for (const issue of result.error.issues) {
    // A strict form names every field that it knows: no page of ours sends another.
    if (issue.code === 'unrecognized_keys') throw new Invalid('an unknown field');

    const name = String(issue.path[0] ?? 'form');

    problems[name] ??= { key: keyOf(issue, fields[name]), values: limitsOf(issue) };
  }

  return { ok: false, problems };
}

function keyOf(issue: z.core.$ZodIssue, value: string | undefined): MessageKey {
  if (isMessageKey(issue.message)) return issue.message;

  return value === undefined || value === '' ? 'problem.required' : 'problem.invalid';
}

/** What fills `{max}` and `{min}` in a problem's text. */
function limitsOf(issue: z.core.$ZodIssue): Record<string, number> {
  return {
    ...(issue.code === 'too_big' && { max: Number(issue.maximum) }),
    ...(issue.code === 'too_small' && { min: Number(issue.minimum) }),
  };
}
