import { z } from 'zod';

import { isEmailAddress } from '../domain/email-address.ts';
import { isLoopback } from './addresses.ts';
import { choice, list, optionalNumber, optionalText, section, wholeNumber } from './forms.ts';

const email = z.string().refine(isEmailAddress);

/** A country by its two letters (ISO 3166-1), not by another name for it: UK is GB. */
const country = z.string().refine(isCountry);

function isCountry(code: string): boolean {
  if (!/^[A-Z]{2}$/.test(code) || Intl.getCanonicalLocales(`und-${code}`)[0] !== `und-${code}`) return false;

  return new Intl.DisplayNames('en', { type: 'region', fallback: 'none' }).of(code) !== undefined;
}

/** Letters and digits that stand in the place of a number (Twilio: at most 11, at least one letter), or a number. */
const sender = z.string().regex(/^(\+[1-9]\d{6,14}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11})$/);

const apiOrigin = z.string().refine((value) => {
  const url = URL.parse(value);

  return url?.origin === value && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)));
});

const smtp = section('The mail server that takes e-mail from Gatehouse. Without one, none is sent.', {
  host: optionalText({
    description: 'Its host name.',
    unset: 'no e-mail is sent; development mode shows it at /dev/outbox',
    expects: 'a host name or an IP address',
    example: 'smtp.example.com',
  }),
  port: optionalNumber(
    { min: 1, max: 65_535 },
    { description: 'Its TCP port.', unset: '587, or 465 when security is tls', example: '587' },
  ),
  security: choice(
    ['starttls', 'tls', 'none'],
    'starttls',
    'How the connection is encrypted: with STARTTLS (refused if the server has none), with TLS from the start, or, on this machine alone, not at all.',
  ),
  user: optionalText({ description: 'Whom to sign in as.', unset: 'no signing in', example: 'gatehouse' }),
  password: optionalText({ description: 'The password for it.', unset: 'no signing in', secret: true }),
});

const sms = section(
  'Text messages through Twilio. They cost money whenever a stranger can cause one, so they are off until countries are named.',
  {
    account_sid: optionalText(
      {
        description: 'The account at Twilio.',
        unset: 'no text message is sent; development mode shows it at /dev/outbox',
        expects: 'AC and 32 letters and digits',
        example: 'AC00000000000000000000000000000000',
      },
      z.string().regex(/^AC[0-9a-f]{32}$/),
    ),
    auth_token: optionalText({ description: 'Its auth token.', unset: 'no text message is sent', secret: true }),
    from: optionalText(
      {
        description: 'Whom messages come from, unless messaging_service_sid is set.',
        unset: 'the messaging service',
        expects: 'a number such as +14155550100, or at most 11 letters and digits',
        example: '"+14155550100"',
      },
      sender,
    ),
    messaging_service_sid: optionalText(
      {
        description: 'The messaging service that chooses whom messages come from.',
        unset: 'the sender in from',
        expects: 'MG and 32 letters and digits',
        example: 'MG00000000000000000000000000000000',
      },
      z.string().regex(/^MG[0-9a-f]{32}$/),
    ),
    api_url: optionalText(
      {
        description: 'Where Twilio’s API is asked, for another region or a relay of your own.',
        unset: 'https://api.twilio.com',
        expects: 'an https origin (http on this machine)',
        example: 'https://api.dublin.ie1.twilio.com',
      },
      apiOrigin,
    ),
    countries: list(
      country,
      {
        description: 'The only countries whose numbers get text messages, as ISO 3166-1 codes.',
        expects: 'a list of country codes of two letters, such as [DE, GB]',
        each: 'a country code of two letters, such as DE or GB',
        example: '[DE, AT, CH]',
      },
      { max: 300 },
    ),
    caps: section('How many text messages are sent at most, counted until midnight UTC.', {
      per_number: wholeNumber(
        5,
        { min: 1, max: 100, unit: 'messages' },
        'To one number, and as many again where a number is yet to be proved: anybody can type one.',
      ),
      per_address: wholeNumber(
        10,
        { min: 1, max: 10_000, unit: 'messages' },
        'That one IP address (IPv6: /64) asks for.',
      ),
      per_prefix: wholeNumber(
        20,
        { min: 1, max: 100_000, unit: 'messages' },
        'To numbers that differ in their last four digits only: fraud goes through whole blocks.',
      ),
      per_day: wholeNumber(
        200,
        { min: 1, max: 1_000_000, unit: 'messages' },
        'Altogether: when it is used up, text messages switch themselves off until midnight UTC.',
      ),
    }),
  },
);

export const messages = section('E-mail and text messages to people.', {
  from: optionalText(
    {
      description: 'The address that e-mail comes from.',
      unset: 'must be set to send e-mail',
      expects: 'an e-mail address',
      example: 'id@example.com',
    },
    email,
  ),
  from_name: optionalText(
    {
      description: 'The name beside it.',
      unset: 'branding.name',
      expects: 'a text of at most 64 characters',
      example: 'Example ID',
    },
    z
      .string()
      .min(1)
      .max(64)
      .regex(/^\P{Cc}+$/u),
  ),
  reply_to: optionalText(
    {
      description: 'Where answers go.',
      unset: 'the mail says that nobody reads them',
      expects: 'an e-mail address',
      example: 'help@example.com',
    },
    email,
  ),
  smtp,
  sms,
});

/** Fills in what depends on other settings. */
export function resolveMessages(given: z.output<typeof messages>, serviceName: string) {
  const { smtp, sms } = given;

  return {
    ...given,
    from_name: given.from_name ?? serviceName,
    smtp: { ...smtp, port: smtp.port ?? (smtp.security === 'tls' ? 465 : 587) },
    sms: { ...sms, api_url: sms.api_url ?? 'https://api.twilio.com' },
  };
}
