import { z } from 'zod';

import { accountScopes } from '../domain/account-api.ts';
import { list, section, wholeNumber } from './forms.ts';

export const apiKeys = section('Keys that people make for programs of their own.', {
  limit: wholeNumber(5, { min: 0, max: 50, unit: 'keys' }, 'Of one account. 0: nobody makes new ones.'),
  account_scopes: list(
    z.enum(accountScopes),
    {
      description: `What keys may be good for at the account API, of: ${accountScopes.join(', ')}. For APIs of your own see resources[].key_scopes.`,
      expects: 'a list of scopes of the account API',
      example: '[profile:read, activity:read]',
      each: `one of ${accountScopes.join(', ')}`,
    },
    { fallback: [...accountScopes] },
  ),
});
