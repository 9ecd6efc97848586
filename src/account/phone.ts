import { z } from 'zod';

import type { PasswordPolicy } from '../credentials/password-policy.ts';
import type { Locale } from '../domain/account.ts';
import { phoneCountries, readPhoneNumber } from '../messages/phone-numbers.ts';
import type { PhoneChange } from '../operations/phone-change.ts';
import { byField } from '../operations/problems.ts';
import type { TwoFactor } from '../operations/two-factor.ts';
import { action, page, to, view, type Route } from '../web/route.ts';
import { askingOf, codeRoutes, notSent, personalPath } from './contact.ts';
import { byOf, isLast, passwordFirst } from './two-factor.ts';

export interface PhoneDeps {
  phoneChange: PhoneChange;
  twoFactor: TwoFactor;
  policy: PasswordPolicy;
  /** Where text messages are sent at all (setting `messages.sms.countries`), the first one first. */
  textCountries: readonly string[];
}

export interface PhoneView {
  countries: { value: string; label: string }[];
  /** What is begun with. */
  country: string;
  canSend: boolean;
}

export const phoneView = view<PhoneView>('account/phone', 'shell', 'contact.phoneTitle');

export interface PhoneRemovalView {
  number: string;
  /** Whether it is a second factor, and the only way to get codes. */
  factor: 'none' | 'one' | 'last';
  /** So many characters the password must have before: see `passwordFirst`. */
  passwordFirst?: number;
}

export const phoneRemovalView = view<PhoneRemovalView>('account/phone-removal', 'shell', 'contact.phoneRemoveTitle');

export const phonePath = `${personalPath}/phone` as const;

const recent = { access: 'recent' } as const;

/** Where most people who read a language are, for whom nothing better is known. */
const countryOfLanguage: Readonly<Record<string, string>> = { de: 'DE', es: 'ES', fr: 'FR', ja: 'JP', ko: 'KR' };

/** The mobile number: another one, its proof, none any more. */
export function phoneRoutes({ phoneChange, twoFactor, policy, textCountries }: PhoneDeps): Route[] {
  return [
    page(
      phonePath,
      phoneView,
      async ({ account, visitor }) => {
        const had = account.phone && (await readPhoneNumber(account.phone.number));

        return {
          countries: await countriesIn(visitor.locale),
          country: had?.country ?? textCountries[0] ?? countryOfLanguage[visitor.locale] ?? 'US',
          canSend: phoneChange.canSend(),
        };
      },
      recent,
    ),

    action(
      phonePath,
      z.object({
        number: z.string().trim().min(1),
        country: z.string().max(2).optional(),
        unproved: z.string().optional(),
      }),
      async (ask, { number, country, unproved }, wrong) => {
        const typed = { number, ...(country !== undefined && { country }), unproved: unproved !== undefined };
        const sent = await phoneChange.ask(ask.account, typed, askingOf(ask));

        if (sent === 'sent') return to(`${phonePath}/code`);
        if (sent === 'kept') return to(personalPath, 'contact.phoneKept');

        // A number that names its country is that one's, whatever is chosen above it.
        const own = (await readPhoneNumber(number, country))?.country;
        const again = own === undefined ? {} : { country: own };

        if (sent === 'unproved') {
          const had = await writtenNumber(ask.account.phone?.number ?? '');
          const problem = { key: 'problem.phoneUnproved', values: { number: had } } as const;

          return wrong({ number: problem }, 422, { ...again, offer: 'unproved' });
        }

        if (typeof sent === 'object' && 'ok' in sent) {
          return sent.ok ? to(phonePath) : wrong(byField(sent.problems), 422, again);
        }

        return wrong({ number: notSent(sent, ask.visitor) }, 429, again);
      },
      recent,
    ),

    page(
      `${phonePath}/remove`,
      phoneRemovalView,
      async ({ account }) => {
        if (!account.phone) return to(personalPath);

        const shown = await twoFactor.show(account);
        const factor: PhoneRemovalView['factor'] = shown.text.on ? (isLast(shown) ? 'last' : 'one') : 'none';

        return {
          number: await writtenNumber(account.phone.number),
          factor,
          ...(factor === 'last' && passwordFirst(shown, policy)),
        };
      },
      recent,
    ),

    action(
      `${phonePath}/remove`,
      z.object({}),
      async (ask, _input, wrong) => {
        const removed = await phoneChange.remove(ask.account, byOf(ask));

        return removed.ok ? to(personalPath, 'contact.phoneRemoved') : wrong(byField(removed.problems));
      },
      recent,
    ),

    ...codeRoutes({ base: phonePath, change: phoneChange, written: writtenNumber, done: 'contact.phoneDone' }),
  ];
}

/** As it is dialled in its country, which is not named; E.164 where it has none. */
export async function writtenNumber(number: string): Promise<string> {
  return (await readPhoneNumber(number))?.national ?? number;
}

/** "Germany" */
export async function countryOfNumber(number: string, locale: Locale): Promise<string | undefined> {
  const country = (await readPhoneNumber(number))?.country;

  return country === undefined ? undefined : new Intl.DisplayNames([locale], { type: 'region' }).of(country);
}

const countryLists = new Map<Locale, PhoneView['countries']>();

/** Made when first shown: the names of a language take 20 ms. */
async function countriesIn(locale: Locale): Promise<PhoneView['countries']> {
  const made = countryLists.get(locale);
  if (made) return made;

  const names = new Intl.DisplayNames([locale], { type: 'region' });
  const countries = (await phoneCountries())
    .map(({ country, callingCode }) => ({ value: country, label: `${names.of(country) ?? country} (+${callingCode})` }))
    .toSorted((a, b) => a.label.localeCompare(b.label, locale));

  countryLists.set(locale, countries);
  return countries;
}
