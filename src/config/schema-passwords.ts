import { optionalNumber, section, wholeNumber } from './forms.ts';

export const passwords = section('Rules for passwords, and what checking one costs.', {
  minimum_length: wholeNumber(15, { min: 8, max: 64, unit: 'characters' }, 'When the password is the only factor.'),
  minimum_length_with_second_factor: wholeNumber(
    8,
    { min: 8, max: 64, unit: 'characters' },
    'When the account has a second factor.',
  ),
  maximum_length: wholeNumber(
    256,
    { min: 64, max: 1024, unit: 'characters' },
    'Longer ones are refused before anything is hashed.',
  ),
  argon2: section('Parameters of argon2id; hashes made with lower ones are renewed at the next sign-in.', {
    memory_kib: wholeNumber(
      19_456,
      { min: 8, max: 1_048_576, unit: 'KiB' },
      'Memory of one hash; at least 19456 in production.',
    ),
    iterations: wholeNumber(2, { min: 1, max: 20 }, 'Passes over the memory; at least 2 in production.'),
    parallelism: wholeNumber(1, { min: 1, max: 8 }, 'Lanes.'),
  }),
  hash_queue: section('Hashing is bounded, so that a storm of sign-ins leaves room for everything else.', {
    concurrency: optionalNumber(
      { min: 1, max: 64, unit: 'hashes' },
      { description: 'How many are computed at once.', unset: 'as many as there are cores, at most 4', example: '4' },
    ),
    waiting: wholeNumber(
      200,
      { min: 1, max: 100_000, unit: 'hashes' },
      'How many may wait; beyond, a sign-in is answered 503.',
    ),
  }),
});
