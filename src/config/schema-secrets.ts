import { list, optionalText, section } from './forms.ts';
import { cookieKey, keyText } from './rules.ts';

export const secrets = section('Secrets. Keep them out of the file: every one can be read from a file of its own.', {
  encryption_key: optionalText(
    {
      description:
        'Encrypts what is secret in the database; the other secrets are derived from it unless they are set. Without it, what is encrypted is lost: keep a copy apart from the backups.',
      unset: 'generated in development mode and kept in <data>/gatehouse.key; production must set it',
      expects: '32 random bytes in base64url (make them with: openssl rand -base64 32)',
      secret: true,
    },
    keyText,
  ),
  former_encryption_keys: list(keyText, {
    description:
      'Keys that were used before, newest first: what they encrypted can still be read. Secrets that are not set are derived from the oldest of all keys, so that a new key changes nobody’s identifiers.',
    expects: 'a list of keys, each of 32 random bytes in base64url',
    each: '32 random bytes in base64url',
    secret: true,
  }),
  cookie_keys: list(cookieKey, {
    description: 'Sign the cookies: the first signs, all are accepted. Put a new one in front to rotate.',
    unset: 'derived from the encryption key',
    expects: 'a list of random texts of at least 32 characters each',
    each: 'a random text of at least 32 characters',
    secret: true,
  }),
  hash_key: optionalText(
    {
      description: 'Keys the hashes of one-time codes and links.',
      unset: 'derived from the encryption key',
      expects: '32 random bytes in base64url (make them with: openssl rand -base64 32)',
      secret: true,
    },
    keyText,
  ),
  pairwise_salt: optionalText(
    {
      description:
        'Goes into the identifiers that differ from app to app (pairwise `sub`). Changing it gives every person a new identifier at those apps.',
      unset: 'derived from the encryption key',
      expects: 'a random text of at least 32 characters',
      secret: true,
    },
    cookieKey,
  ),
});
