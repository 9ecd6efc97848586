import { duration, section } from './forms.ts';

export const events = section('The record of what happened to accounts and to the installation.', {
  kept_for: duration(
    '400d',
    ['30d', '3650d'],
    'What is older is removed, little by little. People see what happened to their account for as long.',
  ),
});
