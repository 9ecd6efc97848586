import { z } from 'zod';

import { choice, list, neededText, optionalDuration, table } from './forms.ts';
import { language, resourceIdentifier, scopeName } from './rules.ts';

const scope = {
  name: neededText(
    {
      description: 'The scope as apps ask for it.',
      expects: 'a scope without spaces that is none of openid, profile, email, phone, address and offline_access',
      example: 'orders:read',
    },
    scopeName,
  ),
  description: table(language, z.string().min(1).max(200), {
    description: 'What it allows, in words for the consent page, by language.',
    expects: 'a text of at most 200 characters for each language',
    example: '{en: Read your orders, de: Ihre Bestellungen lesen}',
  }),
};

const resource = {
  identifier: neededText(
    {
      description: 'The absolute URI that names the API: `resource` in requests, `aud` in its tokens.',
      expects: 'an absolute URI without a fragment (RFC 8707), such as https://api.example.com',
      example: 'https://api.example.com',
    },
    resourceIdentifier,
  ),
  name: neededText(
    {
      description: 'What people are shown on the consent page.',
      expects: 'a text of at most 64 characters',
      example: 'Orders',
    },
    z.string().min(1).max(64),
  ),
  scopes: list(z.strictObject(scope), {
    description: 'What can be allowed at the API.',
    expects: 'a list of scopes, each with a name',
    each: 'a group with a name and perhaps descriptions',
    shape: scope,
  }),
  format: choice(
    ['jwt', 'opaque'],
    'jwt',
    'Signed tokens that the API reads by itself (RFC 9068), or ones that it must ask about.',
  ),
  signing_algorithm: choice(['ES256', 'RS256'], 'ES256', 'How its JWT access tokens are signed.'),
  access_token: optionalDuration(['30s', '24h'], {
    description: 'How long its access tokens live.',
    unset: 'as tokens.access_token',
    example: '5m',
  }),
  introspected_by: list(z.string().min(1).max(256), {
    description:
      'Client identifiers that may introspect tokens made for this API, beside the client that a token was given to.',
    expects: 'a list of client identifiers',
    each: 'a client identifier',
  }),
  key_scopes: list(z.string().min(1).max(128), {
    description:
      'Which of its scopes people may give to API keys of theirs, which it then has to ask about (introspected_by).',
    expects: 'a list of names of its scopes',
    each: 'the name of a scope',
  }),
};

/** The registered APIs (resource servers, RFC 8707). */
export const resources = list(z.strictObject(resource), {
  description: 'Registered APIs (resource servers): what access tokens can be asked for.',
  expects: 'a list of APIs, each with an identifier and a name',
  each: 'a group with an identifier and a name',
  shape: resource,
});
