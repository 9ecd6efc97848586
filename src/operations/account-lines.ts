import { z } from 'zod';

import { isPasswordHash } from '../credentials/hashing.ts';
import { roles, type Account, type Lock, type Role } from '../domain/account.ts';
import { readNewAccount, type NewAccount } from './account-input.ts';
import { reasonLength } from './locking.ts';
import { problem, read, refused, type Result } from './problems.ts';
import { line } from './text-rules.ts';

/**
 * One account as a line of JSON, as it is imported and exported:
 * `{id?, email, emailVerified?, displayName?, firstName?, lastName?, task?, locale?, claims?, phone?, roles?, status?,
 * lock?, createdAt?, passwordHash?}`; `lock` is `{at, reason, until?}` of one that is `disabled`. What a name means is what it means to `account create`; `phone` is `{number, verified}`.
 */
export interface AccountLine {
  /** The subject that apps know it by. */
  id?: string;
  given: NewAccount;
  roles: Role[];
  status: 'active' | 'disabled';
  /** Of one that is disabled. */
  lock?: Lock;
  /** Milliseconds. */
  createdAt?: number;
  passwordHash?: string;
}

/** In bytes of UTF-8. */
export const longestLine = 64 * 1024;

const time = z.iso.datetime({ offset: true });

/** What stands for something else where an account id stands, too. */
const reserved = /^(?:key|client):|^(?:command-line|server|anonymous|nobody|new)$/;

const ours = z.looseObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][\w.~:|@-]{0,199}$/, 'problem.subject')
    .refine((id) => !reserved.test(id), 'problem.subject')
    .optional(),
  roles: z.array(z.enum(roles)).max(roles.length).optional(),
  status: z.enum(['active', 'disabled']).optional(),
  lock: z.strictObject({ at: time, reason: line(reasonLength), until: time.optional() }).optional(),
  createdAt: time.optional(),
  passwordHash: z.string().max(1000).refine(isPasswordHash, 'problem.passwordHash').optional(),
  phone: z.strictObject({ number: z.string(), verified: z.boolean().optional() }).optional(),
  password: z.undefined('problem.passwordInFile').optional(),
});

export function readAccountLine(text: string): Result<AccountLine> {
  const parsed = parse(text);
  if (parsed === undefined) return refused(problem('', 'problem.notJson'));

  const own = read(ours, parsed);
  const { id: _id, roles: _roles, status: _status, createdAt: _at, passwordHash: _hash, phone, ...rest } = parsed;
  const { password: _password, lock: _lock, ...about } = rest;
  const given = readNewAccount(withPhone(about, phone));
  if (!own.ok || !given.ok) return refused(...(own.ok ? [] : own.problems), ...(given.ok ? [] : given.problems));

  const { id, status = 'active', lock, createdAt, passwordHash } = own.value;

  return {
    ok: true,
    value: {
      ...(id !== undefined && { id }),
      given: given.value,
      roles: own.value.roles ?? [],
      status,
      ...(status === 'disabled' && lock && { lock: lockIn(lock) }),
      ...(createdAt !== undefined && { createdAt: Date.parse(createdAt) }),
      ...(passwordHash !== undefined && { passwordHash }),
    },
  };
}

/** The same account as a line: read again it is equal. A closing one is on its way out, and is none. */
export function accountLine(account: Account, passwordHash: string | undefined): string | undefined {
  const { id, email, emailVerified, displayName, firstName, lastName, task, locale, claims, phone, status } = account;
  if (status === 'closing') return undefined;

  return JSON.stringify({
    id,
    email,
    emailVerified,
    displayName,
    firstName,
    lastName,
    task,
    locale,
    claims,
    ...(phone && { phone }),
    ...(account.roles.length > 0 && { roles: account.roles }),
    status,
    ...lockOf(account),
    createdAt: new Date(account.createdAt).toISOString(),
    ...(passwordHash !== undefined && { passwordHash }),
  });
}

function lockIn({ at, reason, until }: { at: string; reason: string; until?: string | undefined }): Lock {
  return { at: Date.parse(at), reason, ...(until !== undefined && { until: Date.parse(until) }) };
}

/** One without a reason and an end says no more than the status does. */
function lockOf({ status, lock }: Account): { lock?: object } {
  if (status !== 'disabled' || !lock || (lock.reason === '' && lock.until === undefined)) return {};

  const { at, reason, until } = lock;
  const iso = (time: number): string => new Date(time).toISOString();

  return { lock: { at: iso(at), reason, ...(until !== undefined && { until: iso(until) }) } };
}

function parse(text: string): Record<string, unknown> | undefined {
  if (Buffer.byteLength(text) > longestLine) return undefined;

  try {
    const value: unknown = JSON.parse(text);

    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    // What is wrong with it is told with its line.
    return undefined;
  }
}

/** A number of its own stands where the claims have it. */
function withPhone(about: Record<string, unknown>, phone: unknown): Record<string, unknown> {
  if (typeof phone !== 'object' || phone === null) return about;

  const { number, verified } = phone as { number?: unknown; verified?: unknown };
  const claims = { ...Object(about['claims'] ?? {}), phone_number: number, phone_number_verified: verified ?? false };

  return { ...about, claims };
}
