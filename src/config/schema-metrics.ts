import { z } from 'zod';

import { optionalNumber, optionalText, section, text } from './forms.ts';

export const metrics = section('Figures for Prometheus at /metrics: off unless a port or a token is given.', {
  port: optionalNumber(
    { min: 0, max: 65_535 },
    {
      description: 'A TCP port of its own, where whoever reaches it may read them.',
      unset: 'no port of its own',
      example: '9464',
    },
  ),
  host: text('127.0.0.1', { description: 'The address of that port.', expects: 'an IP address or a host name' }),
  token: optionalText(
    {
      description: 'Opens /metrics beside everything else, as a bearer token.',
      unset: '/metrics is not there',
      expects: 'a random text of at least 32 characters',
      secret: true,
    },
    z.string().min(32),
  ),
});
