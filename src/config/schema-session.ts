import { duration, onOff, section } from './forms.ts';

export const session = section('How long a browser stays signed in.', {
  idle: duration('14d', ['1m', '365d'], 'A session ends when it was not used for this long.'),
  absolute: duration('30d', ['5m', '365d'], 'A session ends this long after the sign-in, used or not.'),
  remember: onOff(true, 'Whether the session outlives closing the browser.'),
});
