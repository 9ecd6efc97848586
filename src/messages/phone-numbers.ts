/**
 * Phone numbers of every country, as people write and read them. The plan of all numbers is large: it is loaded when the
 * first one is looked at.
 */

export interface PhoneNumber {
  /** E.164 */
  number: string;
  /** Two letters of ISO 3166-1; undefined for numbers that belong to no country. */
  country?: string;
  /** As it is dialled within its country. */
  national: string;
}

/** Longer than any number with whatever stands between its digits. */
const longestTyped = 60;

/**
 * A number as somebody typed it: with + and its country code, or as it is dialled within `country`. Undefined for what is
 * too short, too long or no number at all; whether somebody answers there only a code can tell.
 */
export async function readPhoneNumber(typed: string, country?: string): Promise<PhoneNumber | undefined> {
  if (typed.length > longestTyped) return undefined;

  const { isSupportedCountry, parsePhoneNumberFromString } = await plan();
  const text = typed
    .normalize('NFKC')
    .trim()
    .replace(/^00(?=[1-9])/, '+');
  const parsed = parsePhoneNumberFromString(text, {
    extract: false,
    ...(country !== undefined && isSupportedCountry(country) && { defaultCountry: country }),
  });
  // What follows it (an extension) nobody can send a message to.
  if (parsed?.isPossible() !== true || parsed.ext !== undefined) return undefined;

  return {
    number: parsed.number,
    national: parsed.formatNational(),
    ...(parsed.country !== undefined && { country: parsed.country }),
  };
}

/** Whether a number (E.164) is surely none of a mobile phone; in many countries the digits alone don't tell. */
export async function isLandline(number: string): Promise<boolean> {
  const { parsePhoneNumberFromString } = await kinds();

  return parsePhoneNumberFromString(number)?.getType() === 'FIXED_LINE';
}

/** Every country that has numbers, with its code: `{ country: 'DE', callingCode: '49' }`. */
export async function phoneCountries(): Promise<{ country: string; callingCode: string }[]> {
  const { getCountries, getCountryCallingCode } = await plan();

  return getCountries().map((country) => ({ country, callingCode: getCountryCallingCode(country) }));
}

const plan = () => import('libphonenumber-js/min');
const kinds = () => import('libphonenumber-js/max');
