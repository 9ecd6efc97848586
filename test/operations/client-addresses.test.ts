import { describe, expect, test } from '@jest/globals';

import { readClientMetadata } from '../../src/operations/client-metadata.ts';

const web = { client_name: 'Wiki', redirect_uris: ['https://wiki.example.net/cb'] };
const native = { ...web, application_type: 'native', token_endpoint_auth_method: 'none' };

type Mode = 'development' | 'production';

const read = (metadata: unknown, { mode = 'production' as Mode } = {}) => {
  const result = readClientMetadata(metadata, { mode, resources: [], introspectable: [] });

  return result.ok ? result.value : result.problems.map(({ path, key }) => `${path} ${key}`);
};

const scripts = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,x',
  'vbscript:x',
  'blob:https://a.example/x',
  'file:///etc/passwd',
  'mailto:a@b.example',
];
const hiddenScripts = [
  ' javascript:alert(1)',
  '\tjavascript:alert(1)',
  '\u0001javascript:alert(1)',
  'java\nscript:alert(1)',
  'https://a.example/\r\nx',
  'https://a.example/ü',
  'https:\\\\a.example',
];
const links = [
  'client_uri',
  'logo_uri',
  'policy_uri',
  'tos_uri',
  'initiate_login_uri',
  'jwks_uri',
  'sector_identifier_uri',
  'backchannel_logout_uri',
];
const lists = ['redirect_uris', 'post_logout_redirect_uris'];

describe('S52: no address can run a script', () => {
  test.each(links)('%s', (field) => {
    for (const mode of ['development', 'production'] as const) {
      for (const address of scripts)
        expect(read({ ...native, [field]: address }, { mode })).toContain(`${field} problem.uriScheme`);
      for (const address of hiddenScripts)
        expect(read({ ...native, [field]: address }, { mode })).toContain(`${field} problem.uriCharacters`);
    }
  });

  test.each(lists)('%s', (field) => {
    for (const base of [web, native]) {
      for (const address of scripts)
        expect(read({ ...base, [field]: [address] })).toContain(`${field}[0] problem.uriScheme`);
      for (const address of hiddenScripts)
        expect(read({ ...base, [field]: [address] })).toContain(`${field}[0] problem.uriCharacters`);
    }
  });
});

describe('S54: plain http is for loopback alone', () => {
  const loopback = [
    'http://127.0.0.1/cb',
    'http://127.0.0.1:8080/cb',
    'http://[::1]:9/cb',
    'http://localhost:3001',
    'http://localhost',
  ];
  const elsewhere = [
    'http://a.example/cb',
    'http://10.0.0.1/cb',
    'http://localhost.evil.example/cb',
    'http://127.0.0.1.evil.example/',
    'http://2130706433/cb',
    'http://0177.0.0.1/cb',
    'http://127.1/cb',
    'http://[::ffff:127.0.0.1]/cb',
    'http://LOCALHOST/cb',
    'http://0.0.0.0/cb',
  ];

  test.each(lists)('%s of native apps', (field) => {
    expect(read({ ...native, [field]: loopback })).toMatchObject({ [field]: loopback });
    for (const address of elsewhere)
      expect(read({ ...native, [field]: [address] })).toContain(`${field}[0] problem.uriHttp`);
  });

  test.each(lists)('%s of web apps, in development', (field) => {
    expect(read({ ...web, [field]: loopback }, { mode: 'development' })).toMatchObject({ [field]: loopback });
    for (const address of elsewhere) {
      expect(read({ ...web, [field]: [address] }, { mode: 'development' })).toContain(
        `${field}[0] problem.uriHttpDevelopment`,
      );
    }
    for (const address of loopback)
      expect(read({ ...web, [field]: [address] })).toContain(`${field}[0] problem.uriHttp`);
  });

  test.each(links)('%s', (field) => {
    expect(read({ ...web, [field]: 'http://a.example/x' })).toContain(`${field} problem.uriHttp`);
    expect(read({ ...web, [field]: 'http://127.0.0.1/x' })).toContain(`${field} problem.uriHttp`);
    expect(read({ ...web, [field]: 'http://127.0.0.1/x' }, { mode: 'development' })).toMatchObject({
      client_name: 'Wiki',
    });
  });
});

describe('redirect URIs', () => {
  test.each([
    ['https://a.example/cb#part', 'problem.uriFragment'],
    ['https://a.example/cb#', 'problem.uriFragment'],
    ['https://user@a.example/cb', 'problem.uriUserinfo'],
    ['https://user:secret@a.example/cb', 'problem.uriUserinfo'],
    ['https://@a.example/cb', 'problem.uriUserinfo'],
    ['https://*.a.example/cb', 'problem.uriWildcard'],
    ['https://a.example/*', 'problem.uriWildcard'],
    ['https:/a.example/cb', 'problem.uri'],
    ['https:a.example/cb', 'problem.uri'],
    ['https://', 'problem.uri'],
    ['/cb', 'problem.uri'],
    ['', 'problem.uri'],
    ['com.example.app:/cb', 'problem.uriPrivateScheme'],
    ['myapp:/cb', 'problem.uriScheme'],
  ])('of web apps: %s', (address, problem) => {
    expect(read({ ...web, redirect_uris: [address] })).toEqual([`redirect_uris[0] ${problem}`]);
  });

  test('of native apps may have the scheme of a domain in reverse', () => {
    const redirect_uris = ['com.example.app:/cb', 'com.example.app://cb', 'https://app.example.com/cb'];

    expect(read({ ...native, redirect_uris })).toMatchObject({ redirect_uris });
    expect(read({ ...native, redirect_uris: ['myapp:/cb', 'com.example.app:', 'com..app:/cb'] })).toEqual([
      'redirect_uris[0] problem.uriScheme',
      'redirect_uris[1] problem.uriPrivateScheme',
      'redirect_uris[2] problem.uriPrivateScheme',
    ]);
  });

  test('are there for whatever people sign in to, once each', () => {
    expect(read({ client_name: 'Wiki' })).toEqual(['redirect_uris problem.clientRedirectUri']);
    expect(read({ ...web, redirect_uris: [...web.redirect_uris, ...web.redirect_uris] })).toEqual([
      'redirect_uris[1] problem.duplicate',
    ]);
    expect(read({ ...web, redirect_uris: [`https://a.example/${'x'.repeat(2048)}`] })).toEqual([
      'redirect_uris[0] problem.tooLong',
    ]);
    expect(
      read({ ...web, redirect_uris: Array.from({ length: 101 }, (_, index) => `https://a.example/${index}`) }),
    ).toEqual(['redirect_uris problem.tooManyEntries']);
  });

  test('after sign-out may be a bare origin', () => {
    expect(read({ ...web, post_logout_redirect_uris: ['https://wiki.example.net'] })).toMatchObject({
      post_logout_redirect_uris: ['https://wiki.example.net'],
    });
  });
});
