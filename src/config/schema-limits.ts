import { duration, section, wholeNumber } from './forms.ts';

export const limits = section('Guessing and flooding.', {
  sign_in: section('Failed sign-ins. Successes never count.', {
    window: duration('15m', ['1m', '24h'], 'How long a failure is counted.'),
    failures_per_pair: wholeNumber(
      5,
      { min: 1, max: 1000, unit: 'failures' },
      'By one IP address at one account, before it must wait.',
    ),
    failures_per_account: wholeNumber(
      20,
      { min: 1, max: 1000, unit: 'failures' },
      'At one account, before unknown browsers must wait.',
    ),
    failures_per_address: wholeNumber(
      50,
      { min: 1, max: 100_000, unit: 'failures' },
      'By one IP address (IPv6: /64), before it must wait.',
    ),
    first_wait: duration('5s', ['1s', '1h'], 'The first wait; each further failure doubles it.'),
    longest_wait: duration('5m', ['1s', '24h'], 'No wait is longer than this.'),
  }),
  recovery: section('Mails with a link to a new password, counted for an hour.', {
    per_account: wholeNumber(
      5,
      { min: 1, max: 20, unit: 'mails' },
      'To one address; beyond, none is sent, and whoever asks is told the same as ever.',
    ),
    per_address: wholeNumber(
      30,
      { min: 1, max: 100_000, unit: 'requests' },
      'Asked for by one IP address (IPv6: /64), which hundreds of people may share; beyond, 429.',
    ),
    per_hour: wholeNumber(1000, { min: 1, max: 1_000_000, unit: 'mails' }, 'Altogether.'),
  }),
  requests: section('Requests of one IP address (IPv6: /64), which hundreds of people may share.', {
    window: duration('1m', ['1s', '1h'], 'How long a request is counted.'),
    authorizations: wholeNumber(
      600,
      { min: 1, max: 1_000_000, unit: 'requests' },
      'Requests to sign in or out that apps send people with; beyond, 429.',
    ),
    sign_ins: wholeNumber(300, { min: 1, max: 1_000_000, unit: 'requests' }, 'Forms of sign-in; beyond, 429.'),
    api: wholeNumber(
      600,
      { min: 1, max: 1_000_000, unit: 'requests' },
      'At the account API, also of one API key from wherever; beyond, 429.',
    ),
  }),
});
