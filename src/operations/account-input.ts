import { z } from 'zod';

import { emailKey, locales, type Account, type Locale } from '../domain/account.ts';
import type { Json } from '../domain/json.ts';
import { claimRules, phoneNumber } from './claim-rules.ts';
import { problem, read, refused, type Problem, type Result } from './problems.ts';
import { emailAddress, line, neededLine } from './text-rules.ts';

/** What may be said about an account, checked and in the form in which it is kept. */

export const displayNameLength = 20;
export const nameLength = 64;
export const taskLength = 20;

const names = {
  displayName: line(displayNameLength).optional(),
  firstName: line(nameLength).optional(),
  lastName: line(nameLength).optional(),
  task: line(taskLength).optional(),
  locale: z.enum(locales).optional(),
};

/** Claims by their standard names. Those with a field of their own go there. */
const claimsInput = z
  .strictObject({
    ...claimRules,
    name: line(displayNameLength),
    given_name: line(nameLength),
    family_name: line(nameLength),
    locale: z
      .string()
      .transform((value) => value.split(/[-_]/)[0]?.toLowerCase())
      .pipe(z.enum(locales)),
    phone_number: phoneNumber,
    phone_number_verified: z.boolean(),
    email: emailAddress,
    email_verified: z.boolean(),
    sub: z.undefined('problem.setByService'),
    updated_at: z.undefined('problem.setByService'),
  })
  .partial();

const newAccount = z.strictObject({
  email: emailAddress,
  emailVerified: z.boolean().optional(),
  password: z.string().optional(),
  claims: claimsInput.optional(),
  ...names,
});

const profile = z.strictObject({
  ...names,
  displayName: neededLine(displayNameLength).optional(),
  claims: z
    .strictObject(
      Object.fromEntries(Object.entries(claimRules).map(([name, rule]) => [name, rule.nullable().optional()])),
    )
    .optional(),
});

export type NewAccount = Pick<
  Account,
  | 'email'
  | 'emailKey'
  | 'emailVerified'
  | 'displayName'
  | 'firstName'
  | 'lastName'
  | 'task'
  | 'locale'
  | 'claims'
  | 'phone'
> & { password?: string };

/** `{email, password?, emailVerified?, displayName?, firstName?, lastName?, task?, locale?, claims?}` */
export function readNewAccount(input: unknown): Result<NewAccount> {
  const parsed = read(newAccount, input, Object.keys(newAccount.shape).concat(Object.keys(claimsInput.shape)));
  if (!parsed.ok) return parsed;

  const { email, password, emailVerified, claims = {}, ...given } = parsed.value;
  const { name, given_name, family_name, locale, phone_number, phone_number_verified, ...rest } = claims;
  const { email: claimedEmail, email_verified, ...further } = rest;
  const problems: Problem[] = [];

  if (claimedEmail !== undefined && emailKey(claimedEmail) !== emailKey(email)) {
    problems.push(problem('claims.email', 'problem.setByService'));
  }

  if (phone_number_verified === true && phone_number === undefined) {
    problems.push(problem('claims.phone_number', 'problem.required'));
  }

  if (problems.length > 0) return refused(...problems);

  return {
    ok: true,
    value: {
      email,
      emailKey: emailKey(email),
      emailVerified: emailVerified ?? email_verified ?? false,
      displayName: given.displayName ?? name ?? '',
      firstName: given.firstName ?? given_name ?? '',
      lastName: given.lastName ?? family_name ?? '',
      task: given.task ?? '',
      locale: given.locale ?? locale ?? 'en',
      claims: withoutUnset(further),
      ...(phone_number === undefined
        ? {}
        : { phone: { number: phone_number, verified: phone_number_verified ?? false } }),
      ...(password === undefined ? {} : { password }),
    },
  };
}

export interface ProfileChange {
  fields: { displayName?: string; firstName?: string; lastName?: string; task?: string; locale?: Locale };
  /** Null removes a claim. */
  claims: Record<string, Json>;
}

/** The same without address, password and status, each optional: only what is given is changed. */
export function readProfileChange(input: unknown): Result<ProfileChange> {
  const parsed = read(profile, input, Object.keys(profile.shape));
  if (!parsed.ok) return parsed;

  const { claims = {}, ...fields } = parsed.value;

  return { ok: true, value: { fields: withoutUnset(fields), claims: withoutUnset(claims) } };
}

function withoutUnset<T extends object>(of: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as never;
}
