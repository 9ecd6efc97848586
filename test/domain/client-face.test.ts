import { describe, expect, test } from '@jest/globals';

import type { ClientMetadata } from '../../src/domain/client.ts';
import { clientFace, formActionFor, wayBack } from '../../src/domain/client-face.ts';

const metadata: ClientMetadata = { client_name: 'Wiki', redirect_uris: ['https://wiki.example.net/cb'] };
const face = (of: Partial<ClientMetadata>, redirectUri?: string) =>
  clientFace({ id: 'c1', metadata: { ...metadata, ...of } }, redirectUri);

describe('how a client is shown', () => {
  test('a web app: its name and host', () => {
    expect(face({ first_party: true })).toEqual({
      id: 'c1',
      name: 'Wiki',
      firstParty: true,
      host: 'wiki.example.net',
      onThisComputer: false,
      impersonable: false,
    });
  });

  test.each([
    ['<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['Pay\u202Elap\u202C', 'Paylap'],
    ['\u2066Wiki\u2069\u200F\u061C', 'Wiki'],
    ['Wi\u0000ki\r\n\tby  us', 'Wi ki by us'],
    ['Wi\u200Bki\uFEFF\u00AD', 'Wiki'],
    ['line\u2028two', 'line two'],
    ['\u3164\u2800', 'c1'],
    ['\u200D\u200C', 'c1'],
    ['', 'c1'],
    ['\u{E0041}\u{E0042}Tag', 'Tag'],
    ['می\u200Cخواهم', 'می\u200Cخواهم'],
    ['👩\u200D🚀 App', '👩\u200D🚀 App'],
  ])('S21: a name is one inert line: %j', (name, shown) => {
    expect(face({ client_name: name }).name).toBe(shown);
  });

  test('S21: a name of 50,000 characters is cut at 60', () => {
    const { name } = face({ client_name: 'ä'.repeat(50_000) });

    expect(Array.from(name)).toHaveLength(60);
    expect(name.endsWith('…')).toBe(true);
  });

  test('S21: a cut never halves a character', () => {
    expect(face({ client_name: '😀'.repeat(100) }).name).toBe(`${'😀'.repeat(59)}…`);
  });

  test.each(['javascript:alert(1)', 'JaVaScRiPt:alert(1)', ' data:text/html,x', 'http://evil.example/', 'no address'])(
    'S52: %j is no link',
    (uri) => {
      const shown = face({ logo_uri: uri, client_uri: uri, policy_uri: uri, tos_uri: uri });

      expect(Object.keys(shown)).toEqual(['id', 'name', 'firstParty', 'host', 'onThisComputer', 'impersonable']);
      expect(wayBack({ ...metadata, client_uri: uri, initiate_login_uri: uri })).toBeUndefined();
    },
  );

  test('an address in letters of another script is shown as it is resolved', () => {
    expect(face({}, 'https://аpple.example/cb').host).toBe('xn--pple-43d.example');
  });

  test.each([
    ['http://127.0.0.1:4711/cb', { onThisComputer: true }],
    ['http://localhost/cb', { onThisComputer: true }],
    ['http://[::1]:80/cb', { onThisComputer: true }],
    ['com.example.app:/cb', { onThisComputer: false, host: 'com.example.app' }],
  ])('S20: a public client at %s could be anybody', (uri, place) => {
    expect(face({ token_endpoint_auth_method: 'none' }, uri)).toMatchObject({ impersonable: true, ...place });
    expect(face({ token_endpoint_auth_method: 'client_secret_basic' }, uri).impersonable).toBe(false);
  });

  test('S20: without a request, one such address is enough', () => {
    const redirect_uris = ['https://app.example/cb', 'com.example.app:/cb'];
    const app = { token_endpoint_auth_method: 'none', redirect_uris } as const;

    expect(face(app).impersonable).toBe(true);
    expect(face(app, 'https://app.example/cb').impersonable).toBe(false);
  });

  test('the way back is where the app begins to sign in, else its own page', () => {
    const client_uri = 'https://app.example/';

    expect(wayBack({ ...metadata, client_uri })).toBe(client_uri);
    expect(wayBack({ ...metadata, client_uri, initiate_login_uri: 'https://app.example/login' })).toBe(
      'https://app.example/login',
    );
  });
});

describe('where forms may end', () => {
  test.each([
    [undefined, ['https:']],
    ['https://app.example/cb', ['https:']],
    ['http://127.0.0.1:4711/cb?x=1', ['https:', 'http://127.0.0.1:4711']],
    ['com.example.app:/cb', ['https:', 'com.example.app:']],
    ['http://evil.example/', ['https:']],
  ])('%s', (uri, sources) => {
    expect(formActionFor(uri)).toEqual(sources);
  });
});
