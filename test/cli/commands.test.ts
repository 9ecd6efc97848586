import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { newSecret } from '../../src/domain/ids.ts';
import { openCommandLine } from '../support/command-line.ts';

const password = 'quiet-marble-otter-47-lantern';
const production = {
  GATEHOUSE_ISSUER: 'https://id.example.com',
  GATEHOUSE_PASSWORDS_ARGON2_MEMORY_KIB: '19456',
  GATEHOUSE_PASSWORDS_ARGON2_ITERATIONS: '2',
};

describe('the command line', () => {
  test('explains itself, and a wrong call ends with 64 and says what there is', async () => {
    await using line = await openCommandLine();

    const help = await line.run('--help');
    expect(help.code).toBe(0);
    expect(help.out).toContain('gatehouse client create');

    const group = await line.run('client');
    expect(group).toMatchObject({ code: 0, err: '' });
    expect(group.out).toContain('gatehouse client delete');
    expect(group.out).not.toContain('gatehouse doctor');
    expect((await line.run('client create --help')).out).toContain('--redirect-uri');
    expect((await line.run('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);

    const wrong = await line.run('client creat --name X');
    expect(wrong).toMatchObject({ code: 64, out: '' });
    expect(wrong.err).toContain('Did you mean "client create"?');

    const option = await line.run('account create --emial a@example.com');
    expect(option).toMatchObject({ code: 64, out: '' });
    expect(option.err).toContain('--email ADDRESS');
  });

  test('prints the settings in force with secrets masked', async () => {
    await using line = await openCommandLine();
    const secret = newSecret();

    const printed = await line.run('config', { env: { ...production, GATEHOUSE_SECRETS_ENCRYPTION_KEY: secret } });

    expect(printed.code).toBe(0);
    expect(printed.out).toContain('issuer: https://id.example.com');
    expect(printed.out).not.toContain(secret);
  });

  test('a production configuration that lacks its key ends with 78 and one sentence a problem', async () => {
    await using line = await openCommandLine();

    const refused = await line.run('config', { env: { ...production, GATEHOUSE_DEMO_ENABLED: 'true' } });

    expect(refused).toMatchObject({ code: 78, out: '' });
    expect(refused.err).toContain('secrets.encryption_key');
    expect(refused.err).toContain('demo.enabled');
  });

  test('makes accounts and administrators, and says beside which field something is wrong', async () => {
    await using line = await openCommandLine();
    const claims = join(line.data, '..', 'claims.json');
    await writeFile(claims, JSON.stringify({ website: 'https://ana.example.com' }));

    const made = await line.run(
      `account create --email Ana@example.com --password-stdin --verified --claims ${claims}`,
      {
        input: `${password}\n`,
      },
    );
    expect(made.code).toBe(0);
    expect(made.json()).toMatchObject({ email: 'Ana@example.com', email_verified: true, roles: [] });

    const again = await line.run('account create --email ANA@example.com --password-stdin', { input: password });
    expect(again).toMatchObject({ code: 1, out: '' });
    expect(again.err).toMatch(/^email: /);

    const weak = await line.run('admin create --email boss@example.com --password-stdin', { input: 'short' });
    expect(weak).toMatchObject({ code: 1, out: '' });
    expect(weak.err).toMatch(/^password: /);

    const admin = await line.run('admin create --email boss@example.com --password-stdin', { input: password });
    expect(admin.json()).toMatchObject({ roles: ['admin'], email_verified: true });
  });

  test('looks at nothing where there is no data, and makes none by looking', async () => {
    await using line = await openCommandLine();

    for (const command of ['client list', 'client show x', 'client delete x', 'account unlock --email a@example.com']) {
      const refused = await line.run(command);
      expect(refused).toMatchObject({ code: 1, out: '' });
      expect(refused.err).toContain('GATEHOUSE_DATA');
    }

    await expect(stat(line.data)).rejects.toThrow();
  });

  test('makes no account that nobody could sign in to', async () => {
    await using line = await openCommandLine();

    expect(await line.run('account create --email ana@example.com')).toMatchObject({ code: 64, out: '' });
  });

  test('S44: shows a secret once, at registration, and never again', async () => {
    await using line = await openCommandLine();
    const metadata = {
      client_name: 'Wiki',
      redirect_uris: ['https://wiki.example.net/cb'],
      first_party: true,
      require_pkce: false,
    };

    const made = await line.run('client create --json -', { input: JSON.stringify(metadata) });
    const { client_id: id, client_secret: secret } = made.json();
    expect(made.code).toBe(0);
    expect(secret).toMatch(/^[\w-]{43}$/);

    const shown = await line.run(`client show ${String(id)}`);
    expect(shown.json()).toMatchObject({ client_name: 'Wiki', first_party: true, require_pkce: false });
    expect(shown.out).not.toContain(String(secret));

    const database = await readFile(join(line.data, 'records.db'), 'latin1');
    expect(database).not.toContain(String(secret));
  });

  test('registers by kind, lists, disables, enables and deletes', async () => {
    await using line = await openCommandLine();

    const made = await line.run('client create --kind spa --name Board --redirect-uri https://board.example.net/');
    const id = String(made.json()['client_id']);
    expect(made.json()).toMatchObject({ token_endpoint_auth_method: 'none' });
    expect(made.json()).not.toHaveProperty('client_secret');
    expect(made.err).toContain(`(records: sqlite in ${line.data})`);

    expect((await line.run('client list')).out).toContain(`${id}  Board  enabled`);
    expect((await line.run(`client disable ${id}`)).code).toBe(0);
    expect((await line.run('client list')).out).toContain(`${id}  Board  disabled`);
    expect((await line.run(`client enable ${id}`)).code).toBe(0);
    expect((await line.run(`client delete ${id}`)).code).toBe(0);
    expect(await line.run(`client show ${id}`)).toMatchObject({ code: 1, out: '' });
    expect((await line.run(`client delete ${id}`)).err).toContain('client list');
  });

  test('S45: deletes an account, by its address or id, and not the last administrator', async () => {
    await using line = await openCommandLine();
    const make = (words: string) => line.run(`${words} --password-stdin`, { input: 'a long enough password, really' });
    await make('admin create --email root@example.com');
    const ana = (await make('account create --email ana@example.com')).json();

    const kept = await line.run('account delete --email root@example.com');
    expect(kept).toMatchObject({ code: 1, err: expect.stringContaining('is the last administrator') });
    expect((await line.run('account delete')).code).toBe(64);
    expect(await line.run(`account delete --id ${String(ana['id'])}`)).toMatchObject({ code: 0, out: '' });
    expect((await line.run('account delete --email ana@example.com')).code).toBe(1);

    // The address is free.
    expect((await make('account create --email ana@example.com')).json()['id']).not.toBe(ana['id']);
  });

  test('refuses hostile metadata by path, and a file that is no object', async () => {
    await using line = await openCommandLine();
    const metadata = { client_name: 'X', redirect_uris: ['javascript:alert(1)'], isAdmin: true };

    const refused = await line.run('client create --json -', { input: JSON.stringify(metadata) });
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toContain('redirect_uris[0]: ');
    expect(refused.err).toContain('isAdmin');

    expect((await line.run('client create --json -', { input: '[]' })).code).toBe(64);
    expect((await line.run('client create --json -', { input: '{' })).code).toBe(64);
    expect((await line.run('client create --json /nowhere/at/all')).code).toBe(64);
  });

  test('the doctor is content with a new machine, and finds what is wrong with one', async () => {
    await using line = await openCommandLine();

    await line.run('client create --kind web --name A --redirect-uri https://a.example.net/');
    const healthy = await line.run('doctor');
    expect(healthy).toMatchObject({ code: 0 });
    expect(healthy.out).not.toContain('BAD');

    await chmod(join(line.data), 0o755);
    const open = await line.run('doctor');
    expect(open.code).toBe(1);
    expect(open.out).toContain('chmod go=');

    await chmod(line.data, 0o700);
    const findings = await line.run('doctor --json');
    expect(JSON.parse(findings.out)).toContainEqual(
      expect.objectContaining({ area: 'administrators', state: 'warning' }),
    );
  });

  test('a key that was lost is told by every command, and none is made in its place', async () => {
    await using line = await openCommandLine();
    const key = join(line.data, 'gatehouse.key');
    await line.run('client create --kind web --name A --redirect-uri https://a.example.net/');
    const kept = await readFile(key);
    await rm(key);

    const make = 'account create --email ana@example.com --password-stdin';
    const lost = await line.run(make, { input: password });
    expect(lost).toMatchObject({ code: 78, out: '' });
    expect(lost.err).toMatch(/^What is secret in this database was sealed under the key \S+, which is not configured/);
    expect(await line.run('doctor')).toMatchObject({
      code: 1,
      out: expect.stringContaining('BAD  keys: What is secret'),
    });
    await expect(stat(key)).rejects.toThrow();

    await writeFile(key, kept, { mode: 0o600 });
    expect((await line.run(make, { input: password })).code).toBe(0);
  });

  test('a new key in front of the old one is taken over', async () => {
    await using line = await openCommandLine();
    const [old, next] = [newSecret(), newSecret()];
    const make = 'client create --kind web --name A --redirect-uri https://a.example.net/';
    await line.run(make, { env: { GATEHOUSE_SECRETS_ENCRYPTION_KEY: old } });

    const rotated = { GATEHOUSE_SECRETS_ENCRYPTION_KEY: next, GATEHOUSE_SECRETS_FORMER_ENCRYPTION_KEYS: old };
    expect((await line.run('client list', { env: rotated })).code).toBe(0);
    expect((await line.run('client list', { env: { GATEHOUSE_SECRETS_ENCRYPTION_KEY: old } })).code).toBe(78);

    // What was sealed under the old one is not sealed anew: without it somebody could not sign in.
    const forgotten = await line.run('client list', { env: { GATEHOUSE_SECRETS_ENCRYPTION_KEY: next } });
    expect(forgotten).toMatchObject({ code: 78, err: expect.stringContaining('secrets.former_encryption_keys') });
    expect((await line.run('client list', { env: rotated })).code).toBe(0);
  });

  test('the doctor tells what is wrong with the configuration, and looks at a new machine without making anything', async () => {
    await using line = await openCommandLine();

    const wrong = await line.run('doctor --json', { env: { GATEHOUSE_PORT: 'eighty', GATEHOUSE_ISSUE: 'x' } });
    expect(wrong.code).toBe(1);
    expect(JSON.parse(wrong.out)).toEqual([
      expect.objectContaining({ area: 'configuration', state: 'wrong' }),
      expect.objectContaining({ area: 'configuration', state: 'wrong' }),
    ]);

    await line.run('doctor');
    await expect(stat(line.data)).rejects.toThrow();
  });

  test('the doctor says when the data folder is not one', async () => {
    await using line = await openCommandLine();
    await writeFile(line.data, 'a file');

    const printed = await line.run('doctor', {
      env: {
        GATEHOUSE_SECRETS_ENCRYPTION_KEY: newSecret(),
      },
    });

    expect(printed.code).toBe(1);
    expect(printed.out).toContain('BAD');
  });

  test('the key file of development mode is for its owner alone', async () => {
    await using line = await openCommandLine();
    await mkdir(line.data, { mode: 0o700 });
    await line.run('client create --kind web --name A --redirect-uri https://a.example.net/');

    expect((await stat(join(line.data, 'gatehouse.key'))).mode & 0o777).toBe(0o600);
  });
});
