import { z } from 'zod';

import { locales, type Account } from '../domain/account.ts';
import type { FurtherClaim } from '../domain/claims.ts';
import { NotFound } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';
import { localeNames } from '../domain/texts.ts';
import type { Accounts } from '../operations/accounts.ts';
import { byField } from '../operations/problems.ts';
import { action, page, to, view } from '../web/route.ts';
import type { ConsolePage } from './page.ts';

export interface PersonalInformationDeps {
  accounts: Pick<Accounts, 'updateProfile'>;
  /** Further standard claims that people see (setting `account.claims_shown`). */
  claimsShown: readonly FurtherClaim[];
}

export interface PersonalInformationView {
  account: Pick<
    Account,
    'email' | 'emailVerified' | 'phone' | 'firstName' | 'lastName' | 'displayName' | 'task' | 'locale'
  >;
  languages: { value: string; label: string; lang: string }[];
  /** What else is known, as the operator keeps it: only those that have a value. */
  further: { label: string; value: string }[];
}

const path = '/account/personal-information';

export const personalInformationView = view<PersonalInformationView>(
  'account/personal-information',
  'shell',
  'account.personalInformation',
);

/** Only what keeps a form from being a form; the rules of profiles are those of `operations/`. */
const profile = z.object({
  firstName: z.string(),
  lastName: z.string(),
  displayName: z.string(),
  task: z.string(),
  locale: z.string(),
});

const languages = locales.map((locale) => ({ value: locale, label: localeNames[locale], lang: locale }));

export const personalInformation: ConsolePage<PersonalInformationDeps> = {
  place: { path, label: 'account.personalInformation', icon: 'person' },

  routes: ({ accounts, claimsShown }) => [
    page(
      path,
      personalInformationView,
      ({ account, say }) => ({
        account,
        languages,
        further: claimsShown.flatMap((name) => {
          const value = inWords(account.claims[name]);

          return value === '' ? [] : [{ label: say(`account.claim.${name}`), value }];
        }),
      }),
      { access: 'signed-in' },
    ),

    action(
      path,
      profile,
      async ({ account, visitor }, input, wrong) => {
        const changed = await accounts.updateProfile(account.id, input, { actor: account.id, from: visitor });

        if (changed === undefined) throw new NotFound('the account is gone');
        if (!changed.ok) return wrong(byField(changed.problems));

        return to(path, 'account.saved');
      },
      { access: 'signed-in' },
    ),
  ],
};

/** A claim's value as text; an address (section 5.1.1) as its lines. */
function inWords(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map(inWords).join(', ');
  if (typeof value !== 'object') return String(value);

  return inWords(value['formatted']) || Object.values(value).map(inWords).filter(Boolean).join(', ');
}
