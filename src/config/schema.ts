// The settings of Gatehouse: what each one means, its unit, its default, and how the defaults that depend on others
// are resolved. It must not know where values come from (load.ts) nor what the program does with them.

import { availableParallelism } from 'node:os';
import { resolve as absolute } from 'node:path';

import { z } from 'zod';

import { accountApiWords } from '../domain/account-api.ts';
import type { LogoType } from '../domain/branding-files.ts';
import { adminApiWords, adminScopes } from '../domain/admin-api.ts';
import { ephemeraBackends, recordsBackends } from '../storage/backends.ts';
import { isLoopback, issuerText, originOf } from './addresses.ts';
import {
  backend,
  choice,
  duration,
  list,
  onOff,
  optionalNumber,
  optionalOnOff,
  optionalText,
  section,
  size,
  text,
  wholeNumber,
} from './forms.ts';
import { cidr, claimName } from './rules.ts';
import { closingGrace, timeZone } from './schema-account.ts';
import { apiKeys } from './schema-api-keys.ts';
import { branding } from './schema-branding.ts';
import { events } from './schema-events.ts';
import { keys } from './schema-keys.ts';
import { limits } from './schema-limits.ts';
import { metrics } from './schema-metrics.ts';
import { messages, resolveMessages } from './schema-messages.ts';
import { passwords } from './schema-passwords.ts';
import { registration, verifyEmail } from './schema-registration.ts';
import { resources } from './schema-resources.ts';
import { secrets } from './schema-secrets.ts';
import { session } from './schema-session.ts';
import { tokens } from './schema-tokens.ts';

export const settings = z.strictObject({
  issuer: optionalText(
    {
      description:
        'The address that people and apps reach Gatehouse at, and `iss` in every token. A loopback address means development mode, any other means production and must be https.',
      unset: 'http://localhost:<port>',
      expects: 'an origin without path, query or trailing slash, such as https://id.example.com',
      example: 'https://id.example.com',
      suggest: originOf,
    },
    issuerText,
  ),
  host: text('127.0.0.1', {
    description: 'The address to listen on. In development mode it is always 127.0.0.1; in a container use 0.0.0.0.',
    expects: 'an IP address or a host name',
  }),
  port: optionalNumber(
    { min: 0, max: 65_535 },
    {
      description: 'The TCP port to listen on; 0 takes a free one.',
      unset: 'the port of a loopback issuer, else 3000',
      example: '3000',
    },
  ),
  data: text('./data', {
    description: 'The folder that holds the embedded database and, in development mode, the generated key file.',
    expects: 'the path of a folder',
  }),

  log: section('The log on standard output, one line of JSON each.', {
    level: choice(['debug', 'info', 'warn', 'error', 'silent'], 'info', 'The least important lines that are written.'),
  }),

  metrics,

  proxy: section('Gatehouse speaks plain HTTP: in production a proxy in front of it ends TLS.', {
    trusted: list(cidr, {
      description: 'Addresses of proxies whose X-Forwarded-For is believed; from anyone else the header is ignored.',
      expects: 'a list of IP addresses or CIDR blocks, such as [127.0.0.1, 10.0.0.0/8]',
      each: 'an IP address or a CIDR block, such as 10.0.0.0/8',
      example: '[127.0.0.1/32]',
    }),
  }),

  storage: section('Where things are kept.', {
    records: backend(
      'What must last: accounts, clients, grants, sessions, refresh tokens, keys, events.',
      'sqlite',
      recordsBackends,
    ),
    ephemera: backend(
      'What may be lost and redone in a minute: started sign-ins, access tokens, counters.',
      'sqlite',
      ephemeraBackends,
    ),
  }),

  secrets,

  session,

  tokens,

  keys,

  passwords,

  limits,

  account: section('The account console.', {
    recent_sign_in: duration('5m', ['1m', '1h'], 'How long a sign-in counts as recent.'),
    recent_sign_in_for: choice(
      ['sensitive', 'all'],
      'sensitive',
      'What needs a recent sign-in: pages that change something sensitive, or every page.',
    ),
    time_zone: timeZone,
    verify_email: verifyEmail,
    closing_grace: closingGrace,
    claims_shown: list(claimName, {
      description: `Further standard claims of OpenID Connect Core 5.1 that people are shown, of: ${claimName.options.join(', ')}.`,
      expects: `a list of ${claimName.options.join(', ')}`,
      each: `one of ${claimName.options.join(', ')}`,
      example: '[nickname, picture]',
    }),
  }),

  api_keys: apiKeys,

  events,

  registration,

  branding,

  messages,

  geoip: section('Where an IP address is, roughly, for security mails; without it they name the address alone.', {
    file: optionalText({
      description:
        'A city database in MaxMind’s format, such as GeoLite2 City, which the server holds in memory. Renew it and restart.',
      unset: 'no place is named',
      expects: 'the path of an .mmdb file',
      example: '/var/lib/GeoIP/GeoLite2-City.mmdb',
    }),
  }),

  outbound: section('Requests that Gatehouse makes to addresses that clients name (jwks_uri, logout notices).', {
    allow_private: onOff(false, 'Whether private and loopback addresses may be asked.'),
    trusted_ca_file: optionalText({
      description:
        'A PEM file with certificate authorities to trust beside the built-in ones, also at the mail server.',
      expects: 'the path of a file',
      unset: 'the built-in ones alone',
      example: '/etc/ssl/company-ca.pem',
    }),
    timeout: duration('2.5s', ['100ms', '30s'], 'For the whole request.'),
    max_bytes: size('256kB', [1000, 10_000_000], 'Longer answers are cut off and refused.'),
  }),

  demo: section('The sample app of development mode.', {
    enabled: optionalOnOff({
      description: 'Whether it is started.',
      unset: 'true in development mode; production refuses it',
      example: 'true',
    }),
    port: wholeNumber(3001, { min: 0, max: 65_535 }, 'Its TCP port; 0 takes a free one.'),
  }),

  resources,
});

export type Settings = z.output<typeof settings>;

const defaultPort = 3000;

function portOf(issuer: URL): number {
  if (!isLoopback(issuer.hostname) || issuer.protocol !== 'http:') return defaultPort;

  return issuer.port === '' ? 80 : Number(issuer.port);
}

interface Uploaded {
  logo?: { type: LogoType; bytes: Buffer };
  css?: string;
}

/** Fills in the defaults that depend on other settings. Durations are in seconds, sizes in bytes, paths absolute. */
export function resolveSettings(given: Settings, uploaded: Uploaded = {}) {
  const issuer = given.issuer ?? `http://localhost:${given.port || defaultPort}`;
  const address = new URL(issuer);
  const mode: 'development' | 'production' = isLoopback(address.hostname) ? 'development' : 'production';
  const { hash_queue: queue } = given.passwords;
  const access_token = given.tokens.access_token;
  const resources = given.resources.map((api) => ({ ...api, access_token: api.access_token ?? access_token }));

  return {
    ...given,
    /** What administrators have handed in, in the place of a file: it goes before `branding.logo` and `branding.css`. */
    uploaded,
    mode,
    issuer,
    port: given.port ?? portOf(address),
    data: absolute(given.data),
    passwords: {
      ...given.passwords,
      // argon2 runs on libuv's pool of four threads: more hashes at once only wait inside it.
      hash_queue: { ...queue, concurrency: queue.concurrency ?? Math.min(availableParallelism(), 4) },
    },
    messages: resolveMessages(given.messages, given.branding.name),
    demo: { ...given.demo, enabled: given.demo.enabled ?? mode === 'development' },
    resources,
    /** What access tokens and API keys can be made for: the registered APIs, and our own two. */
    apis: [...resources, ...ownApis(issuer, given).map((api) => ({ ...api, access_token }))],
  };
}

function ownApis(issuer: string, { branding, api_keys }: Settings) {
  const words = { issuer, brand: branding.name };
  const ours = { format: 'opaque' as const, signing_algorithm: 'ES256' as const, introspected_by: [] as string[] };

  return [
    { ...accountApiWords(words), ...ours, key_scopes: [...api_keys.account_scopes] as string[] },
    { ...adminApiWords(words), ...ours, key_scopes: [...adminScopes] as string[] },
  ];
}

/** Every setting, resolved; `mode` follows from the issuer. */
export type Config = ReturnType<typeof resolveSettings>;
