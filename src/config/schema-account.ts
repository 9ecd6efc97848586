import { durationOrOff, text } from './forms.ts';
import { timeZoneName } from './rules.ts';

export const timeZone = text(
  'UTC',
  {
    description: 'Of people who have chosen none: in it they are shown times.',
    expects: 'a time zone such as Europe/Berlin',
  },
  timeZoneName,
);

export const closingGrace = durationOrOff('off', ['1h', '90d'], {
  description:
    'For how long a closed account can still be kept by signing in. It is closed for everything else at once, and deleted afterwards; off: it is deleted at once.',
});
