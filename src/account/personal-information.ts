import { z } from 'zod';

import { locales, type Account } from '../domain/account.ts';
import type { FurtherClaim } from '../domain/claims.ts';
import type { Clock } from '../domain/clock.ts';
import { NotFound } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';
import { localeNames } from '../domain/texts.ts';
import { timeZoneOf } from '../domain/time-zone.ts';
import type { Accounts } from '../operations/accounts.ts';
import type { ContactChange } from '../operations/contact-change.ts';
import { byField } from '../operations/problems.ts';
import { action, page, to, view, type Ask, type SignedIn } from '../web/route.ts';
import { personalPath as path } from './contact.ts';
import { emailRoutes, type EmailDeps } from './email.ts';
import type { ConsolePage } from './page.ts';
import { countryOfNumber, phoneRoutes, writtenNumber, type PhoneDeps } from './phone.ts';
import { timeIn, zoneChoices, type ZoneChoice } from './time-zones.ts';
import { bindingOf } from './two-factor.ts';

export interface PersonalInformationDeps extends EmailDeps, PhoneDeps {
  accounts: Pick<Accounts, 'updateProfile'>;
  /** Further standard claims that people see (setting `account.claims_shown`). */
  claimsShown: readonly FurtherClaim[];
  /** Of people who have chosen none. */
  timeZone: string;
  clock: Clock;
}

export interface PersonalInformationView {
  account: Pick<Account, 'email' | 'emailVerified' | 'firstName' | 'lastName' | 'displayName' | 'task' | 'locale'>;
  /** As it is dialled in its country. */
  phone?: {
    number: string;
    /** E.164 */
    e164: string;
    country: string | undefined;
    verified: boolean;
    /** Whether a code can be sent to it. */
    provable: boolean;
  };
  /** Where a code went that is waited for, as people write it. */
  awaited: { email: string | undefined; phone: string | undefined };
  canSend: { email: boolean; text: boolean };
  languages: { value: string; label: string; lang: string }[];
  zones: ZoneChoice[];
  /** `unset`: what holds where none is chosen. */
  zone: { chosen: string; unset: string; now: string };
  /** What else is known, as the operator keeps it: only those that have a value. */
  further: { label: string; value: string }[];
}

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
  zoneinfo: z.string(),
});

const languages = locales.map((locale) => ({ value: locale, label: localeNames[locale], lang: locale }));

export const personalInformation: ConsolePage<PersonalInformationDeps> = {
  place: { path, label: 'account.personalInformation', icon: 'person' },

  routes: (deps) => [
    page(path, personalInformationView, (ask) => shown(deps, ask), {
      access: 'signed-in',
      // Whichever browser asked: this is about what is on its way.
      ahead: (accountId) => [deps.emailChange, deps.phoneChange].map((change) => change.waiting(accountId, '')),
    }),

    action(
      path,
      profile,
      async ({ account, visitor }, { zoneinfo, ...fields }, wrong) => {
        const input = { ...fields, claims: { zoneinfo: zoneinfo === '' ? null : zoneinfo } };
        const changed = await deps.accounts.updateProfile(account.id, input, { actor: account.id, from: visitor });

        if (changed === undefined) throw new NotFound('the account is gone');
        if (!changed.ok) return wrong(byField(changed.problems.map(asField)));

        return to(path, 'account.saved');
      },
      { access: 'signed-in' },
    ),

    ...emailRoutes(deps),
    ...phoneRoutes(deps),
  ],
};

/** The time zone is a claim that has a field here. */
function asField<T extends { path: string }>(problem: T): T {
  return problem.path === 'claims.zoneinfo' ? { ...problem, path: 'zoneinfo' } : problem;
}

async function shown(
  deps: PersonalInformationDeps,
  { account, session, visitor, say }: Ask & SignedIn,
): Promise<PersonalInformationView> {
  const { emailChange, phoneChange, claimsShown, timeZone: unset, clock } = deps;
  const { locale } = visitor;
  const { phone } = account;
  const toOf = async (change: ContactChange) => (await change.waiting(account.id, bindingOf(session)))?.to;
  const [email, number] = await Promise.all([toOf(emailChange), toOf(phoneChange)]);
  const zoneinfo = account.claims['zoneinfo'];
  const chosen = typeof zoneinfo === 'string' ? zoneinfo : '';
  const zone = timeZoneOf(zoneinfo, unset);

  return {
    account,
    ...(phone && {
      phone: {
        number: await writtenNumber(phone.number),
        e164: phone.number,
        country: await countryOfNumber(phone.number, locale),
        verified: phone.verified,
        provable: await phoneChange.canProve(phone.number),
      },
    }),
    awaited: { email, phone: number && (await writtenNumber(number)) },
    canSend: { email: emailChange.canSend(), text: phoneChange.canSend() },
    languages,
    zones: zoneChoices(locale, chosen),
    zone: { chosen, unset, now: timeIn(zone, { locale, now: clock.now() }) },
    further: claimsShown.flatMap((name) => {
      const value = name === 'zoneinfo' ? '' : inWords(account.claims[name]);

      return value === '' ? [] : [{ label: say(`account.claim.${name}`), value }];
    }),
  };
}

/** A claim's value as text; an address (section 5.1.1) as its lines. */
function inWords(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map(inWords).join(', ');
  if (typeof value !== 'object') return String(value);

  return inWords(value['formatted']) || Object.values(value).map(inWords).filter(Boolean).join(', ');
}
