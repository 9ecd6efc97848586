import { describe, expect, test } from '@jest/globals';

import { printProblems } from '../../src/config/problems.ts';
import { key, pathsOf, problemsOf } from './given.ts';

describe('what is wrong', () => {
  const file = [
    'issuer: https://id.example.com/auth',
    'port: lots',
    'sesion: {idle: 1h}',
    'session:',
    '  idle: 5 parsecs',
    '  absolut: 3d',
    'proxy: {trusted: [10.0.0.0/8, the proxy]}',
    'log: loud',
    'resources:',
    '  - identifier: orders',
    '    scopes: [{name: openid, descripton: {en: Read}}]',
  ].join('\n');

  test('is all said at once, each with its path and a way to mend it', () => {
    const problems = problemsOf({ file, env: { GATEHOUSE_PROT: '1', GATEHOUSE_DEMO_PORT: 'x' } });

    expect(problems.map(({ path }) => path).sort()).toEqual([
      'GATEHOUSE_PROT',
      'demo.port',
      'issuer',
      'log',
      'port',
      'proxy.trusted[1]',
      'resources[0].identifier',
      'resources[0].name',
      'resources[0].scopes[0].descripton',
      'resources[0].scopes[0].name',
      'sesion',
      'session.absolut',
      'session.idle',
    ]);
    for (const { message, mend } of problems)
      expect([message, mend]).toEqual([expect.stringMatching(/\.$/), expect.stringMatching(/\.$/)]);
    expect(printProblems(problems).trimEnd().split('\n')).toHaveLength(problems.length);
  });

  test('says where the wrong value stands', () => {
    const printed = printProblems(problemsOf({ file, env: { GATEHOUSE_DEMO_PORT: 'x' } }));
    expect(printed).toContain('session.idle must be a duration from 1m to 365d');
    expect(printed).toContain('gatehouse.yaml line 5');
    expect(printed).toContain('Correct GATEHOUSE_DEMO_PORT');
  });

  test('what follows from the mode is said in the same run, but not about what is wrong already', () => {
    expect(
      pathsOf({ file: 'issuer: http://id.example.com\nport: x\nsecrets: {encryption_key: short}' }).sort(),
    ).toEqual(['issuer', 'port', 'secrets.encryption_key']);
  });

  test.each([
    ['sesion: {}', 'session'],
    ['session: {idel: 1h}', 'session.idle'],
    ['session: {Idle: 1h}', 'session.idle'],
    ['passwords: {minimumLength: 20}', 'passwords.minimum_length'],
    ['min_length: 20', 'passwords.minimum_length'],
    ['encryption_key: x', 'secrets.encryption_key'],
    ['trusted: []', 'proxy.trusted'],
    ['storage: {records: {knd: sqlite}}', 'storage.records.kind'],
    ['resources: [{identifer: x}]', 'resources[0].identifier'],
  ])('%s: the nearest right name is said', (text, name) => {
    const unknown = problemsOf({ file: text }).find(({ message }) => message.startsWith('There is no setting'));
    expect(unknown?.mend).toBe(`The nearest is ${name}.`);
  });

  test.each([
    ['GATEHOUSE_ISSUR', 'GATEHOUSE_ISSUER'],
    ['GATEHOUSE_STORAGE_RECORD_KIND', 'GATEHOUSE_STORAGE_RECORDS_KIND'],
    ['GATEHOUSE_ENCRYPTION_KEY_FILE', 'GATEHOUSE_SECRETS_ENCRYPTION_KEY_FILE'],
  ])('%s: so it is for variables', (variable, meant) => {
    expect(problemsOf({ env: { [variable]: 'x' } })).toEqual([
      {
        path: variable,
        message: `There is no setting for the variable ${variable}.`,
        mend: `The nearest is ${meant}.`,
      },
    ]);
  });

  test('far from everything, the names that are known there are listed', () => {
    expect(problemsOf({ file: 'session: {quux: 1}' })[0]?.mend).toBe(
      'Remove it; known here: idle, absolute, remember.',
    );
  });

  test('an issuer that is nearly right comes with the right one', () => {
    for (const written of [
      'https://id.example.com/',
      'https://ID.example.com',
      'https://id.example.com:443',
      'https://id.example.com?x',
    ]) {
      expect(problemsOf({ file: `issuer: "${written}"` })[0]?.mend).toContain('write https://id.example.com.');
    }
  });

  test.each(['id.example.com', 'ftp://id.example.com', 'https://id.example.com#x', '""', '3', 'https://'])(
    'issuer %s is refused',
    (written) => {
      expect(pathsOf({ file: `issuer: ${written}` })).toEqual(['issuer']);
    },
  );

  test.each([
    'session: {idle: 40d}',
    'tokens: {refresh_token_idle: 100d}',
    'tokens: {authorization_code: 61s}',
    'limits: {sign_in: {first_wait: 10m}}',
    'passwords: {minimum_length: 8, minimum_length_with_second_factor: 9}',
    'passwords: {minimum_length: 7}',
    'passwords: {argon2: {memory_kib: 8, parallelism: 2}}',
    'branding: {links: {help: "javascript:alert(1)"}}',
    'account: {claims_shown: [email]}',
    'demo: {port: 3000}',
    'port: 65536',
    'port: 1.5',
    'port: "3000"',
    'log: {level: verbose}',
    'outbound: {max_bytes: 1GB}',
    'resources: [{identifier: "http://localhost:3000/x", name: A}]',
    'resources: [{identifier: "https://a.example#x", name: A}]',
    'resources: [{identifier: "https://a.example", name: A}, {identifier: "https://a.example", name: B}]',
    'resources: [{identifier: "https://a.example", name: A, scopes: [{name: r}, {name: r}]}]',
    'resources: [{identifier: "https://a.example", name: A, scopes: [{name: "a b"}]}]',
    'resources: [{identifier: "https://a.example", name: A, scopes: [{name: r, description: {English: x}}]}]',
  ])('%s is refused with one problem', (text) => {
    expect(pathsOf({ file: text })).toHaveLength(1);
  });
});

describe('S112: what is secret is never said', () => {
  const canary = 'canary-5f1c0d';

  test.each([
    [{ file: `secrets: {encryption_key: ${canary}}` }],
    [{ file: `secrets: {cookie_keys: [${canary}]}` }],
    [{ file: `secrets: {cookie_keys: ${canary}}` }],
    [{ file: `secrets: {pairwise_salt: [${canary}]}` }],
    [{ file: `secrets: ${canary}` }],
    [{ file: `encryption_key: ${canary}` }],
    [{ file: `${canary}` }],
    [{ file: `secrets: {encryption_key: "${canary}` }],
    [{ file: `issuer: https://admin:${canary}@id.example.com` }],
    [{ env: { GATEHOUSE_SECRETS_ENCRYPTION_KEY: canary } }],
    [{ env: { GATEHOUSE_SECRETS_COOKIE_KEYS: `[${canary}` } }],
    [{ env: { GATEHOUSE_ENCRYPTION_KEY: canary } }],
    [{ file: 'secrets: {encryption_key_file: /k}', others: { '/k': canary } }],
  ])('%j', (words) => {
    const problems = problemsOf(words);
    expect(problems).not.toEqual([]);
    expect(JSON.stringify(problems)).not.toContain(canary);
  });

  test('a key that is obviously made up is refused', () => {
    for (const made of ['A'.repeat(43), Buffer.alloc(32, 'ab').toString('base64url'), key.slice(1), `${key}AAAA`]) {
      expect(pathsOf({ env: { GATEHOUSE_SECRETS_ENCRYPTION_KEY: made } })).toEqual(['secrets.encryption_key']);
    }
  });

  test('a value is shown on one line, without control characters, cut', () => {
    const [problem] = problemsOf({ file: `log: {level: "\\e[31m\\n${'x'.repeat(500)}"}` });
    expect(problem?.message).toMatch(/^[\x20-\x7e…]{1,200}$/);
  });
});
