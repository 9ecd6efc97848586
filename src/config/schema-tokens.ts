import { duration, section } from './forms.ts';

export const tokens = section('How long codes and tokens live.', {
  authorization_code: duration('60s', ['5s', '60s'], 'From the redirect to the app until it redeems the code.'),
  device_code: duration(
    '10m',
    ['1m', '10m'],
    'How long the code that a device without a browser shows can be typed and allowed.',
  ),
  access_token: duration('10m', ['30s', '24h'], 'Access tokens, unless the API that they are for says otherwise.'),
  id_token: duration('1h', ['30s', '24h'], 'ID tokens.'),
  refresh_token_idle: duration('14d', ['5m', '3650d'], 'A refresh token that was not used for this long is dead.'),
  refresh_token_absolute: duration(
    '90d',
    ['5m', '3650d'],
    'After this long the app must send the person to sign in again.',
  ),
  interaction: duration('1h', ['5m', '24h'], 'How long a started sign-in can be finished.'),
});
