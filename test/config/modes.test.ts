import { describe, expect, test } from '@jest/globals';

import { adviseConfig } from '../../src/config/checks.ts';
import { loaded, pathsOf, problemsOf, production } from './given.ts';

describe('the issuer decides the mode', () => {
  test.each([
    'http://localhost:3000',
    'http://127.0.0.1:8080',
    'http://[::1]:3000',
    'https://localhost',
    'http://id.localhost:3000',
  ])('%s is development', (issuer) => {
    expect(loaded({ env: { GATEHOUSE_ISSUER: issuer } })).toMatchObject({ mode: 'development', issuer });
  });

  test.each([
    'https://id.example.com',
    'https://10.0.0.1',
    'https://localhost.example.com',
    'https://id.example.com:8443',
  ])('%s is production', (issuer) => {
    expect(loaded({ env: { ...production, GATEHOUSE_ISSUER: issuer } })).toMatchObject({ mode: 'production', issuer });
  });

  test('the port follows a loopback issuer, and the default issuer the port', () => {
    expect(loaded({ env: { GATEHOUSE_ISSUER: 'http://localhost:4000' } }).port).toBe(4000);
    expect(loaded({ env: { GATEHOUSE_ISSUER: 'http://localhost' } }).port).toBe(80);
    expect(loaded({ env: { GATEHOUSE_PORT: '4000' } }).issuer).toBe('http://localhost:4000');
    expect(loaded({ env: production }).port).toBe(3000);
  });
});

describe('development mode', () => {
  test.each(['0.0.0.0', '::', '192.168.1.5', 'localhost', '127.0.0.2'])('refuses to listen on %s', (host) => {
    expect(pathsOf({ env: { GATEHOUSE_HOST: host } })).toEqual(['host']);
  });
});

describe('production mode', () => {
  test.each([
    ['plain http', { GATEHOUSE_ISSUER: 'http://id.example.com' }, 'issuer'],
    ['a missing key', { GATEHOUSE_SECRETS_ENCRYPTION_KEY: '' }, 'secrets.encryption_key'],
    ['the sample app', { GATEHOUSE_DEMO_ENABLED: 'true' }, 'demo.enabled'],
    ['cheap hashes', { GATEHOUSE_PASSWORDS_ARGON2_MEMORY_KIB: '1024' }, 'passwords.argon2.memory_kib'],
    ['few passes', { GATEHOUSE_PASSWORDS_ARGON2_ITERATIONS: '1' }, 'passwords.argon2.iterations'],
  ])('refuses %s with one sentence', (_what, env, path) => {
    const problems = problemsOf({ env: { ...production, ...env } });
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect(problems[0]?.message).toMatch(/^[^.]*(\.[^ ][^.]*)*\.$/);
  });

  test('says everything that it refuses at once', () => {
    const env = { GATEHOUSE_ISSUER: 'http://id.example.com', GATEHOUSE_DEMO_ENABLED: 'true' };
    expect(pathsOf({ env })).toEqual(['issuer', 'secrets.encryption_key', 'demo.enabled']);
  });

  test('without trusted proxies there is advice, since every visitor would count as one', () => {
    const advice = (env = {}) => adviseConfig(loaded({ env: { ...production, ...env } })).map(({ path }) => path);

    expect(advice()).toContain('proxy.trusted');
    expect(advice({ GATEHOUSE_PROXY_TRUSTED: '127.0.0.1' })).not.toContain('proxy.trusted');
    expect(adviseConfig(loaded())).toEqual([]);
  });
});
