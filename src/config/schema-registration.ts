import { choice, onOff, section, wholeNumber } from './forms.ts';

/** How accounts come to be that nobody but their owner makes. */
export const registration = section('Creating accounts on the sign-in page.', {
  allowed: onOff(
    false,
    'Whether people may create accounts themselves. Nothing is one before a code from its mailbox was typed, so it needs a mail server.',
  ),
  per_address: wholeNumber(
    20,
    { min: 1, max: 100_000, unit: 'accounts' },
    'Begun from one IP address (IPv6: /64) in an hour, before it must wait.',
  ),
});

export const verifyEmail = choice(
  ['required', 'offered', 'off'],
  'required',
  'Whether somebody whose e-mail address is not verified (an account made by you) types a code from the mailbox after signing in: always, unless they say “not now”, or never. Where no mail can be sent: never.',
);
