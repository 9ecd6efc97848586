import { z } from 'zod';

import { optionalText, section, text } from './forms.ts';
import { colour, link } from './rules.ts';

export const branding = section('What people see.', {
  name: text(
    'Gatehouse',
    { description: 'The name of the service.', expects: 'a text of at most 40 characters' },
    z.string().min(1).max(40),
  ),
  logo: optionalText({
    description: 'The file of a logo (SVG, PNG or WebP), which Gatehouse serves itself.',
    expects: 'the path of a file',
    unset: 'the name alone',
    example: './logo.svg',
  }),
  accent: section('The colour of buttons, links and marks. Text in it, and on it, must stay easy to read.', {
    light: optionalText(
      {
        description: 'On light pages.',
        unset: 'a blue',
        expects: 'a colour of six digits, such as #2b55d9',
        example: '"#2b55d9"',
      },
      colour,
    ),
    dark: optionalText(
      {
        description: 'On dark pages.',
        unset: 'a light blue',
        expects: 'a colour of six digits, such as #8ba6ff',
        example: '"#8ba6ff"',
      },
      colour,
    ),
  }),
  css: optionalText({
    description:
      'The file of a stylesheet of yours, which follows ours on every page outside administration. It fetches nothing from elsewhere, and has at most 20 kB.',
    unset: 'ours alone',
    expects: 'the path of a file',
    example: './ours.css',
  }),
  links: section('Links in the footer of every page.', {
    privacy: optionalText(
      {
        description: 'Privacy policy.',
        unset: 'not shown',
        expects: 'an https address',
        example: 'https://example.com/privacy',
      },
      link,
    ),
    terms: optionalText(
      {
        description: 'Terms of service.',
        unset: 'not shown',
        expects: 'an https address',
        example: 'https://example.com/terms',
      },
      link,
    ),
    help: optionalText(
      { description: 'Help.', unset: 'not shown', expects: 'an https address', example: 'https://example.com/help' },
      link,
    ),
  }),
});
