import type { Account } from '../domain/account.ts';
import type { noFactors } from '../domain/factors.ts';
import type { Json } from '../domain/json.ts';
import type { NoticeView } from '../domain/receipt.ts';

/** Parts of "Download my data", written field by field as their sections are (data-sections.ts). */

/** Undefined: not in it. */
export type Fields = { readonly [name: string]: Json | undefined };

export function profileOf(account: Account): Fields {
  return {
    sub: account.id,
    email: account.email,
    email_verified: account.emailVerified,
    display_name: account.displayName,
    first_name: account.firstName,
    last_name: account.lastName,
    task: account.task,
    phone: account.phone?.number,
    phone_verified: account.phone?.verified,
    language: account.locale,
    claims: account.claims,
    roles: account.roles,
    created_at: time(account.createdAt),
    updated_at: time(account.updatedAt),
  };
}

export function formerEmailOf({ email, until }: NonNullable<Account['formerEmails']>[number]): Fields {
  return { email, can_be_taken_back_until: time(until) };
}

export function factorsOf({ authenticators, email, text, preferred, recovery }: ReturnType<typeof noFactors>): Fields {
  return {
    preferred,
    authenticators: authenticators.map(({ name, addedAt, lastUsedAt }) => ({
      name,
      added_at: time(addedAt) ?? null,
      last_used_at: time(lastUsedAt) ?? null,
    })),
    email_added_at: time(email?.addedAt),
    text_message_added_at: time(text?.addedAt),
    recovery_codes_made_at: time(recovery?.madeAt),
    recovery_codes_left: recovery?.hashes.length,
  };
}

export function noticeOf(notice: NoticeView): { [name: string]: Json | undefined } {
  const { state, at, why } = { at: undefined, why: undefined, ...notice };

  return { state, at: time(at), why };
}

export async function* inTurn(rows: readonly Fields[]): AsyncGenerator<Fields> {
  yield* rows;
}

/** RFC 3339. */
export function time(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : new Date(milliseconds).toISOString();
}
