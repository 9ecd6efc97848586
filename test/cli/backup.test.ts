import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { describe, expect, test } from '@jest/globals';

import { newSecret } from '../../src/domain/ids.ts';
import { openCommandLine, type CommandLine } from '../support/command-line.ts';
import { launch } from '../support/process.ts';

const key = newSecret();
const env = { GATEHOUSE_SECRETS_ENCRYPTION_KEY: key };
const register = 'client create --kind web --name Wiki --redirect-uri https://wiki.example.net/cb';
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** A place with an app in it, and another one that is empty. */
async function openPlaces(of: Record<string, string> = env) {
  const line = await openCommandLine();
  const folder = join(line.data, '..');
  const data = join(folder, 'new');
  expect((await line.run(register, { env: of })).code).toBe(0);

  return {
    line,
    folder,
    file: join(folder, 'gatehouse.backup'),
    data,
    there: { ...of, GATEHOUSE_DATA: data },
    [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
  };
}

/** The commands of one block of the chapter. */
function commandsOf(block: number): string[] {
  const [, chapter = ''] = /\n### Backups\n([^]*?)\n### /.exec(readme) ?? [];
  const [, lines = ''] = [...chapter.matchAll(/```sh\n([^]*?)```/g)][block] ?? [];

  return lines.split('\n').flatMap((line) => /^npx gatehouse (.*?)\s*(?:#.*)?$/.exec(line)?.[1] ?? []);
}

describe('gatehouse backup and gatehouse restore', () => {
  test('what README says, from one host to an empty one', async () => {
    await using places = await openPlaces();
    const { line, file, there } = places;
    const said: string[] = [];

    for (const [block, at] of [env, there].entries()) {
      for (const command of commandsOf(block)) {
        const { code, out, err } = await line.run(command.replace('gatehouse.backup', file), { env: at });

        expect([command, code, err]).toEqual([command, 0, expect.any(String)]);
        said.push(out + err);
      }
    }

    expect(said).toHaveLength(5);
    expect(said[0]).toMatch(/^writing \w+: \d+ rows\n3 rows in \d+ s\. The encryption key is not in it/);
    expect(said[1]).toMatch(/^clients +1$/m);
    expect(said[2]).toMatch(/Restored 3 of 3 rows in .* as it was before, which a backup can't know: passwords/s);
    expect(said[4]).toMatch(/^ok {3}backups: None was made yet/m);
    expect((await line.run('client list', { env: there })).out).toContain('Wiki  enabled');
    expect((await line.run('audit list', { env: there })).out).toContain('store.restored');
    expect((await line.run('doctor', { env })).out).toMatch(/^ok {3}backups: The last one was made at 20/m);
  });

  test('the file is its owner’s alone, holds no key, and takes nothing’s place unasked', async () => {
    await using places = await openPlaces();
    const { line, folder, file } = places;

    const made = await line.run(`backup ${file} --json`, { env });
    expect(made.json()).toMatchObject({ rows: 3, oneMoment: true, collections: { clients: 1, accounts: 0 } });

    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = gunzipSync(await readFile(file)).toString();
    const [head = ''] = text.split('\n');
    expect(JSON.parse(head)).toMatchObject({ format: 'gatehouse-backup', version: 1, records: 'sqlite' });
    for (const form of ['base64', 'base64url', 'hex'] as const) {
      expect(text).not.toContain(Buffer.from(key, 'base64url').toString(form).replaceAll('=', ''));
    }

    const before = await readFile(file);
    expect(await line.run(`backup ${file}`, { env })).toMatchObject({
      code: 64,
      err: expect.stringContaining('say --force'),
    });
    expect(await readFile(file)).toEqual(before);
    expect((await line.run(`backup ${file} --force`, { env })).code).toBe(0);
    expect(await readFile(file)).not.toEqual(before);

    expect((await line.run(`backup ${folder} --force`, { env })).err).toMatch(/is there and is no file/);
    expect((await line.run(`backup ${folder}/none/x`, { env })).err).toMatch(/can't be written: ENOENT/);
    expect((await line.run('backup - --json', { env })).code).toBe(64);
    expect((await readdir(folder)).toSorted()).toEqual(['data', 'gatehouse.backup']);
  });

  test('where the disk is full there is no backup', async () => {
    await using places = await openPlaces();
    const main = new URL('../../src/main.ts', import.meta.url).pathname;
    const child = launch(['sh', '-c', 'exec "$0" "$1" backup - >/dev/full', process.execPath, main], {
      env: { ...env, GATEHOUSE_DATA: places.line.data },
    });

    expect(await child.exit).toBe(1);
    expect(child.err()).toMatch(/can't be written: ENOSPC.* There is no backup\.\n$/);
  });

  test('a restore needs the key, a whole file and an empty place, and leaves nothing behind without them', async () => {
    // In development mode, with a key file.
    await using places = await openPlaces({});
    const { line, folder, file, data } = places;
    const there = { env: { GATEHOUSE_DATA: data } };
    await line.run(`backup ${file}`);

    expect(await line.run(`restore ${file}`, there)).toMatchObject({
      code: 78,
      err: expect.stringMatching(/^The backup needs the encryption key [\w-]{12}, which is not configured/),
    });
    expect(existsSync(data) ? await readdir(data) : []).toEqual([]);

    await mkdir(data, { recursive: true });
    await copyFile(join(line.data, 'gatehouse.key'), join(data, 'gatehouse.key'));
    expect(await restoresOf(line, { data, file: join(folder, 'none') })).toMatch(/none can't be read: ENOENT/);

    const whole = await readFile(file);
    const bad = join(folder, 'bad.backup');
    const head = Buffer.from(whole);
    for (const [bytes, says] of [
      [whole.subarray(0, -30), /ends too early: it was cut off/],
      [head.fill(7, 200, 220), /was damaged or changed/],
      [Buffer.from('{"accounts": []}'), /This is no backup of Gatehouse/],
      [gunzipSync(whole), /This is no backup of Gatehouse/],
    ] as const) {
      await writeFile(bad, bytes);
      expect(await restoresOf(line, { data, file: bad })).toMatch(says);
    }
    expect(await readdir(data)).toEqual(['gatehouse.key']);

    expect((await line.run(`restore ${file}`, there)).code).toBe(0);
    expect(await line.run(`restore ${file}`, there)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/new is in use \(it holds \w+\): name a place with nothing in it\.\n$/),
    });
    expect((await line.run('client list', there)).out).toContain('Wiki');
  });
});

async function restoresOf(line: CommandLine, { data, file }: { data: string; file: string }): Promise<string> {
  const { code, err } = await line.run(`restore ${file}`, { env: { GATEHOUSE_DATA: data } });
  expect(code).toBe(1);

  return err;
}
