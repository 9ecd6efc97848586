import { describe, expect, test } from '@jest/globals';

import { readClientMetadata, type ClientKind } from '../../src/operations/client-metadata.ts';
import { problemText } from '../../src/operations/problems.ts';

const resources = [{ identifier: 'https://api.example.com', scopes: [{ name: 'read' }, { name: 'write' }] }];
const introspectable = resources.map(({ identifier }) => identifier);
const rules = { mode: 'production', resources, introspectable } as const;
const web = { client_name: 'Wiki', redirect_uris: ['https://wiki.example.net/cb'] };
const publicKey = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };

type Mode = 'development' | 'production';

const read = (metadata: unknown, { mode = 'production' as Mode, kind = undefined as ClientKind | undefined } = {}) => {
  const result = readClientMetadata(metadata, { mode, resources, introspectable }, kind);

  return result.ok ? result.value : result.problems.map(({ path, key }) => `${path} ${key}`);
};

describe('what is left out', () => {
  test('means what RFC 7591 says', () => {
    expect(read(web)).toEqual({
      ...web,
      application_type: 'web',
      token_endpoint_auth_method: 'client_secret_basic',
      response_types: ['code'],
      grant_types: ['authorization_code'],
    });
  });

  test('follows from the grants or responses that are there', () => {
    expect(read({ client_name: 'Job', grant_types: ['client_credentials'] })).toMatchObject({
      response_types: [],
      redirect_uris: [],
    });
    expect(read({ ...web, response_types: ['id_token'] })).toMatchObject({ grant_types: ['implicit'] });
    expect(read({ ...web, response_types: ['none'] })).toMatchObject({ grant_types: [] });
  });

  test.each<[ClientKind, object]>([
    [
      'web',
      { token_endpoint_auth_method: 'client_secret_basic', grant_types: ['authorization_code', 'refresh_token'] },
    ],
    [
      'spa',
      {
        token_endpoint_auth_method: 'none',
        application_type: 'web',
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    ['native', { token_endpoint_auth_method: 'none', application_type: 'native', response_types: ['code'] }],
    [
      'machine',
      { token_endpoint_auth_method: 'client_secret_basic', grant_types: ['client_credentials'], response_types: [] },
    ],
    [
      'device',
      {
        token_endpoint_auth_method: 'none',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        response_types: [],
      },
    ],
  ])('is filled in by the kind %s', (kind, expected) => {
    expect(read(web, { kind })).toMatchObject(expected);
    expect(read({ ...web, token_endpoint_auth_method: 'client_secret_post' }, { kind })).toMatchObject({
      token_endpoint_auth_method: 'client_secret_post',
    });
  });
});

describe('what must fit together', () => {
  test.each([
    [
      'S4: no PKCE without a secret',
      { token_endpoint_auth_method: 'none', require_pkce: false },
      'require_pkce problem.clientPkce',
    ],
    ['a portal of somebody else', { portal: true }, 'portal problem.clientPortal'],
    [
      'a public machine',
      { grant_types: ['authorization_code', 'client_credentials'], token_endpoint_auth_method: 'none' },
      'token_endpoint_auth_method problem.clientMachine',
    ],
    [
      'refreshing nothing',
      { grant_types: ['refresh_token'], response_types: ['none'] },
      'grant_types problem.clientRefresh',
    ],
    [
      'a code that nobody redeems',
      { response_types: ['code'], grant_types: [] },
      'grant_types problem.clientGrantForResponse',
    ],
    [
      'S11: an ID token that was not asked for',
      { response_types: ['code'], grant_types: ['authorization_code', 'implicit'] },
      'response_types problem.clientGrantForResponse',
    ],
    ['S11: an access token from the front', { response_types: ['token'] }, 'response_types[0] problem.notOneOf'],
    ['S11: both from the front', { response_types: ['id_token token'] }, 'response_types[0] problem.notOneOf'],
    ['S11: passwords', { grant_types: ['password'] }, 'grant_types[0] problem.notOneOf'],
    [
      'two sets of keys',
      { jwks: { keys: [publicKey] }, jwks_uri: 'https://wiki.example.net/jwks' },
      'jwks problem.clientKeysTwice',
    ],
    ['no keys', { token_endpoint_auth_method: 'private_key_jwt' }, 'jwks problem.clientKeysMissing'],
    ['a private key', { jwks: { keys: [{ ...publicKey, d: 'd' }] } }, 'jwks.keys[0] problem.clientKey'],
    ['a symmetric key', { jwks: { keys: [{ kty: 'oct', k: 'k' }] } }, 'jwks.keys[0] problem.clientKey'],
    [
      'S32: an algorithm of no signature',
      {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [publicKey] },
        token_endpoint_auth_signing_alg: 'none',
      },
      'token_endpoint_auth_signing_alg problem.notOneOf',
    ],
    [
      'an algorithm for no key',
      { token_endpoint_auth_signing_alg: 'ES256' },
      'token_endpoint_auth_signing_alg problem.clientKeyAlgorithm',
    ],
    ['an API that is not registered', { resources: ['https://other.example'] }, 'resources[0] problem.clientResource'],
    ['an unknown scope', { scope: 'openid admin' }, 'scope problem.clientScope'],
    [
      'S57: pairwise on several hosts',
      { subject_type: 'pairwise', redirect_uris: ['https://a.example/', 'https://b.example/'] },
      'sector_identifier_uri problem.clientSector',
    ],
  ])('%s', (_what, change, problem) => {
    expect(read({ ...web, ...change })).toEqual([problem]);
  });

  test('S57: pairwise on one host needs no sector, and on several a sector will do', () => {
    expect(
      read({ ...web, subject_type: 'pairwise', redirect_uris: ['https://a.example/1', 'https://a.example/2'] }),
    ).toHaveProperty('subject_type');
    const sector_identifier_uri = 'https://a.example/sector.json';
    expect(
      read({
        ...web,
        subject_type: 'pairwise',
        redirect_uris: ['https://a.example/', 'https://b.example/'],
        sector_identifier_uri,
      }),
    ).toHaveProperty('subject_type');
  });

  test('what real apps need is accepted', () => {
    expect(
      read({
        ...web,
        require_pkce: false,
        claims_in_id_token: true,
        scope: 'openid email read',
        resources: ['https://api.example.com'],
      }),
    ).toHaveProperty('require_pkce', false);
    expect(
      read({ ...web, response_types: ['id_token'], grant_types: ['implicit'], token_endpoint_auth_method: 'none' }),
    ).toHaveProperty('grant_types');
    expect(
      read({
        client_name: 'Console',
        first_party: true,
        redirect_uris: ['https://id.example/account/signed-in'],
        response_types: ['none'],
        grant_types: [],
        token_endpoint_auth_method: 'none',
      }),
    ).toHaveProperty('first_party');
  });
});

describe('names', () => {
  test('have at most 60 characters, and no invisible ones', () => {
    expect(read({ ...web, client_name: '\u{1f511}'.repeat(60) })).toHaveProperty('client_name');
    expect(read({ ...web, client_name: 'x'.repeat(61) })).toEqual(['client_name problem.tooLong']);
    expect(read({ ...web, client_name: 'x'.repeat(50_000) })).toEqual(['client_name problem.tooLong']);
    expect(read({ ...web, client_name: 'Wiki\u202egnp.exe' })).toEqual(['client_name problem.controlCharacters']);
    expect(read({ ...web, client_name: 'Wi\u200bki' })).toEqual(['client_name problem.controlCharacters']);
    expect(read({ ...web, client_name: ' ' })).toEqual(['client_name problem.required']);
  });

  test('of metadata that is unknown are told with the nearest right one', () => {
    const result = readClientMetadata({ ...web, redirect_uri: 'x', isAdmin: true }, rules);

    expect(result.ok ? [] : result.problems.map(problemText)).toEqual([
      'redirect_uri: This is not known here. Did you mean redirect_uris?',
      'isAdmin: This is not known here.',
    ]);
  });

  test('S53: of what is not for metadata are refused', () => {
    expect(
      read({ ...web, client_id: 'a', client_secret: 'b', secrets: [], disabled: false, skipConsent: true }),
    ).toEqual(
      ['client_id', 'client_secret', 'secrets', 'disabled', 'skipConsent'].map((name) =>
        expect.stringMatching(`^${name} problem.unknown`),
      ),
    );
  });

  test.each([[null], [[]], ['{}'], [7], [{}]])('%j is no metadata', (input) => {
    expect(read(input)).toEqual([expect.any(String)]);
    expect(read(input, { kind: 'web' })).toEqual([expect.any(String)]);
  });
});
