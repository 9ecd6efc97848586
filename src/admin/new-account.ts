import { z } from 'zod';

import { locales } from '../domain/account.ts';
import { localeNames } from '../domain/texts.ts';
import type { Invitations } from '../operations/invitations.ts';
import type { LookingAfter } from '../operations/looking-after.ts';
import { byField } from '../operations/problems.ts';
import { action, page, to, view, type Route } from '../web/route.ts';
import { accountPath, accountsPath } from './account-places.ts';
import { doing } from './page.ts';

export interface NewAccountDeps {
  lookingAfter: Pick<LookingAfter, 'create'>;
  invitations: Pick<Invitations, 'possible'>;
}

export interface NewAccountView {
  /** Whether mail can be sent. */
  mayInvite: boolean;
  languages: readonly { value: string; label: string; lang: string }[];
  /** With which language the form begins. */
  language: string;
}

export const newAccountView = view<NewAccountView>('admin/new-account', 'shell', 'accounts.new');

export const languages = locales.map((locale) => ({ value: locale, label: localeNames[locale], lang: locale }));

const path = `${accountsPath}/new` as const;

const form = z.object({
  email: z.string(),
  displayName: z.string().optional(),
  firstName: z.string().optional(),
  lastName: z.string().optional(),
  locale: z.string().optional(),
  invite: z.string().optional(),
});

/** An account for somebody else: what they sign in with they choose themselves. */
export function newAccountRoutes({ lookingAfter, invitations }: NewAccountDeps): Route[] {
  return [
    page(
      path,
      newAccountView,
      ({ visitor }) => ({ mayInvite: invitations.possible, languages, language: visitor.locale }),
      doing,
    ),

    action(
      path,
      form,
      async ({ account, visitor }, { invite, ...given }, wrong) => {
        const isInvited = invite !== undefined && invitations.possible;
        const by = { actor: account.id, administrator: true, from: visitor } as const;
        const created = await lookingAfter.create({ ...given, invite: isInvited }, by);
        if (!created.ok) return wrong(byField(created.problems));

        return to(accountPath(created.value.id), isInvited ? 'accounts.done.invited' : 'accounts.done.created');
      },
      doing,
    ),
  ];
}
