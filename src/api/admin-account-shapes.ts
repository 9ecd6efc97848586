import { z } from 'zod';

import { locales, roles, type Account } from '../domain/account.ts';
import type { Ended } from '../domain/receipt.ts';
import { roleOf } from '../operations/roles.ts';
import { time, timeOf } from './endpoint.ts';

/** What the admin API says of an account, and of what was ended of one. */

export const account = z.strictObject({
  /** The subject (`sub`). */
  id: z.string(),
  email: z.string(),
  emailVerified: z.boolean(),
  displayName: z.string(),
  firstName: z.string(),
  lastName: z.string(),
  task: z.string(),
  /** E.164 */
  phone: z.strictObject({ number: z.string(), verified: z.boolean() }).optional(),
  language: z.enum(locales),
  /** Further standard claims (OpenID Connect Core 1.0 section 5.1). */
  claims: z.record(z.string(), z.json()),
  role: z.enum(roles).nullable(),
  status: z.enum(['active', 'locked', 'closing']),
  lock: z.strictObject({ at: time, reason: z.string(), until: time.optional() }).optional(),
  createdAt: time,
  updatedAt: time,
});

/** What has ended, of which the person has a receipt. */
export const ended = z.strictObject({
  receipt: z.string(),
  sessions: z.int(),
  applications: z.array(
    z.strictObject({ clientId: z.string(), name: z.string(), grants: z.int(), refreshTokens: z.int() }),
  ),
});

const statuses = { active: 'active', disabled: 'locked', closing: 'closing' } as const;

export function shownAccount(row: Account): z.input<typeof account> {
  const { id, email, emailVerified, displayName, firstName, lastName, task, phone, locale, claims, lock } = row;

  return {
    id,
    email,
    emailVerified,
    displayName,
    firstName,
    lastName,
    task,
    ...(phone && { phone }),
    language: locale,
    claims: claims as z.input<typeof account>['claims'],
    role: roleOf(row),
    status: statuses[row.status],
    ...(lock && {
      lock: {
        at: timeOf(lock.at),
        reason: lock.reason,
        ...(lock.until !== undefined && { until: timeOf(lock.until) }),
      },
    }),
    createdAt: timeOf(row.createdAt),
    updatedAt: timeOf(row.updatedAt),
  };
}

export function shownEnded({ receipt, ended: what }: { receipt: string; ended: Ended }): z.input<typeof ended> {
  return {
    receipt,
    sessions: what.sessions.length,
    applications: what.applications.map(({ clientId, name, grants, refreshTokens }) => ({
      clientId,
      name,
      grants,
      refreshTokens,
    })),
  };
}
