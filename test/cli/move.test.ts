import { access, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { describe, expect, test } from '@jest/globals';

import { systemClock } from '../../src/domain/clock.ts';
import { newSecret } from '../../src/domain/ids.ts';
import { openSqliteRecords } from '../../src/storage/sqlite/records.ts';
import { openCommandLine, type CommandLine } from '../support/command-line.ts';
import { startChild } from '../storage/sqlite/children.ts';
import { openPlace } from '../support/process.ts';

const key = newSecret();
const another = 'Zt8rB2nXw5LmK0aYc7QdVj4HfGe1PuSo9iTk3RxN6Ag';
const env = { GATEHOUSE_SECRETS_ENCRYPTION_KEY: key };
const register = 'client create --kind web --name Wiki --redirect-uri https://wiki.example.net/cb';

/** A configuration file beside the data folder, and the folder of the new house that it names. */
async function newHouse(line: CommandLine, more = ''): Promise<{ file: string; data: string }> {
  const data = join(line.data, '..', 'new');
  const file = join(line.data, '..', 'new.yaml');
  await writeFile(file, `data: ${data}\n${more}`);

  return { file, data };
}

describe('gatehouse move', () => {
  test('moves to what a file names, tells rows and digests, and leaves a source that says where it went', async () => {
    await using line = await openCommandLine();
    const { file, data } = await newHouse(line);
    await line.run(register, { env });

    const moved = await line.run(`move --to ${file} --json`, { env });

    expect(moved).toMatchObject({ code: 0, err: expect.stringContaining('both sides are the same') });
    expect(moved.json()).toMatchObject({
      resumed: false,
      mended: 0,
      collections: { clients: { rows: 1, sha256: expect.stringMatching(/^[\da-f]{64}$/) }, accounts: { rows: 0 } },
    });

    const at = { env: { ...env, GATEHOUSE_DATA: data } };
    expect((await line.run('client list', at)).out).toContain('Wiki  enabled');

    for (const command of ['start', 'client list', register, 'maintenance off']) {
      const gone = await line.run(command, { env });
      expect(gone).toMatchObject({ code: 78, out: '' });
      expect(gone.err).toMatch(/^What was here was moved to sqlite in \S+new at 20\S+Z: .*gatehouse move --undo\n$/);
    }

    const looked = await line.run('doctor', { env });
    expect(looked).toMatchObject({ code: 1, out: expect.stringContaining('BAD  storage: What was here was moved to') });
    expect(await line.run(`move --to ${file}`, { env })).toMatchObject({
      code: 1,
      err: expect.stringContaining('nothing is left to do'),
    });
  });

  test('tells people how far it is', async () => {
    await using line = await openCommandLine();
    const { file } = await newHouse(line);
    await line.run(register, { env });

    const { out, err } = await line.run(`move --to ${file}`, { env });

    expect(err).toMatch(/^counting \w+: [\d,]+ rows\ncopying \w+: [\d,]+ of [\d,]+ rows\n/);
    expect(out).toMatch(/^clients +1 +[\da-f]{64}$/m);
  });

  test('goes back to the first house when it is told to', async () => {
    await using line = await openCommandLine();
    const { file } = await newHouse(line);
    await line.run(register, { env });

    expect(await line.run('move --undo', { env })).toMatchObject({
      code: 1,
      err: expect.stringContaining('not moved'),
    });
    await line.run(`move --to ${file}`, { env });
    expect(await line.run('move --undo', { env })).toMatchObject({ code: 0, err: expect.stringContaining('new') });

    expect((await line.run('client list', { env })).code).toBe(0);
    expect(await line.run(`move --to ${file}`, { env })).toMatchObject({
      code: 1,
      err: expect.stringContaining('is in use (it holds clients): name a place with nothing in it'),
    });
  });

  test('takes what a file says of a place over variables, and everything else as for a start', async () => {
    await using line = await openCommandLine();
    const { file, data } = await newHouse(line);
    const old = join(line.data, '..', 'old.yaml');
    await writeFile(old, `data: ${line.data}`);
    await line.run(register, { env });

    const elsewhere = { ...env, GATEHOUSE_DATA: join(line.data, '..', 'elsewhere') };
    expect(await line.run(`move --from ${old} --to ${file}`, { env: elsewhere })).toMatchObject({ code: 0 });
    expect((await line.run('client list', { env: { ...env, GATEHOUSE_DATA: data } })).out).toContain('Wiki');
    await expect(access(elsewhere.GATEHOUSE_DATA)).rejects.toThrow();
  });

  test('is refused, with nothing made or marked', async () => {
    await using line = await openCommandLine();
    const { file, data } = await newHouse(line);
    const here = join(line.data, '..', 'here.yaml');
    await writeFile(here, `data: ${line.data}/../data`);

    expect(await line.run(`move --to ${file}`, { env })).toMatchObject({
      code: 1,
      err: `There is no data in ${line.data}.\n`,
    });
    await expect(access(line.data)).rejects.toThrow();
    await line.run(register, { env });

    const calls: [string, Record<string, string>, number, string][] = [
      ['move', env, 64, '--to is needed'],
      [`move --undo --to ${file}`, env, 64, '--undo takes no --to'],
      ['move --to /nowhere.yaml', env, 78, '/nowhere.yaml does not exist'],
      [`move --to ${here}`, env, 1, 'keep their records in the same place'],
      [`move --to ${file}`, { GATEHOUSE_SECRETS_ENCRYPTION_KEY: newSecret() }, 78, 'sealed under the key'],
    ];

    for (const [call, variables, code, words] of calls) {
      expect(await line.run(call, { env: variables })).toMatchObject({
        code,
        out: '',
        err: expect.stringContaining(words),
      });
    }

    await expect(access(data)).rejects.toThrow();
    expect((await line.run('client list', { env })).code).toBe(0);
  });

  test.each([
    ['issuer: http://localhost:4000', 'issuer (http://localhost:3000, http://localhost:4000)'],
    [`secrets: { pairwise_salt: ${another} }`, 'secrets.pairwise_salt'],
    [`secrets: { cookie_keys: [${another}] }`, 'secrets.cookie_keys'],
    [`secrets: { hash_key: ${another} }`, 'secrets.hash_key'],
  ])('is refused where people would not stay who and where they are: %s', async (setting, words) => {
    await using line = await openCommandLine();
    const { file } = await newHouse(line, setting);
    await line.run(register, { env });

    const refused = await line.run(`move --to ${file}`, { env });

    expect(refused).toMatchObject({ code: 78, out: '' });
    expect(refused.err).toContain(`The two configurations differ in ${words}: `);
  });

  test('a key file that is not there is asked for, not made; with it, the move goes through', async () => {
    await using line = await openCommandLine();
    const { file, data } = await newHouse(line);
    const keyFile = join(data, 'gatehouse.key');
    await line.run(register);

    expect(await line.run(`move --to ${file}`)).toMatchObject({
      code: 78,
      err: expect.stringContaining('differ in secrets.encryption_key: '),
    });
    await expect(access(keyFile)).rejects.toThrow();

    await mkdir(data, { recursive: true });
    await copyFile(join(line.data, 'gatehouse.key'), keyFile);
    expect((await line.run(`move --to ${file}`)).code).toBe(0);
  });

  test('a running server, on either side, is told of in a sentence and goes on', async () => {
    await using place = await openPlace();
    const data = place.env['GATEHOUSE_DATA'] ?? '';
    const file = join(data, '..', 'new.yaml');
    await writeFile(file, `data: ${data}-new`);
    const refused = (folder: string) => ({
      code: 75,
      out: '',
      err: expect.stringContaining(`Another server is using ${folder}: stop it first`),
    });

    await place.run(register.split(' '), { env });
    await using other = startChild('serve', `${data}-new`);
    await other.said(1);
    expect(await place.run(['move', '--to', file], { env })).toMatchObject(refused(`${data}-new`));
    await other.kill();

    await using server = await place.start({ ...env, GATEHOUSE_DEMO_ENABLED: 'false' });
    expect(await place.run(['move', '--to', file], { env })).toMatchObject(refused(data));
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${server.url}/account`, { redirect: 'manual' })).status).toBe(303);
  }, 60_000);

  test('a target that does not answer ends it with 69, and it goes on when it does', async () => {
    await using line = await openCommandLine();
    const { file, data } = await newHouse(line);
    await line.run(register, { env });
    await mkdir(data, { recursive: true });
    await openSqliteRecords({ clock: systemClock, data, server: false })[Symbol.asyncDispose]();
    const other = new DatabaseSync(join(data, 'records.db'));
    other.exec('BEGIN IMMEDIATE');

    const stopped = await line.run(`move --to ${file}`, { env });
    other.close();

    expect(stopped).toMatchObject({ code: 69, out: '' });
    expect(stopped.err).not.toContain('    at ');
    expect(await line.run(`move --to ${file}`, { env })).toMatchObject({ code: 0 });
  });
});
