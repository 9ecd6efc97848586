import { text } from './forms.ts';
import { timeZoneName } from './rules.ts';

export const timeZone = text(
  'UTC',
  {
    description: 'Of people who have chosen none: in it they are shown times.',
    expects: 'a time zone such as Europe/Berlin',
  },
  timeZoneName,
);
