import { pbkdf2Sync, scryptSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { hash as bcryptHash } from '@node-rs/bcrypt';
import { hash as argon2Hash } from '@node-rs/argon2';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { isPasswordHash } from '../../src/credentials/hashing.ts';
import { emptyFolder } from '../storage/places.ts';
import { enter } from '../security/web/visits.ts';
import { goodPassword, startTestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { openCommandLine } from '../support/command-line.ts';
import { describeWith } from '../support/need.ts';
import { openRecordsPlace } from '../support/records-place.ts';

const salt = Buffer.from('0123456789abcdef');
const b64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
const derived = pbkdf2Sync(goodPassword, salt, 1000, 32, 'sha256');
const stretched = scryptSync(goodPassword, salt, 32, { N: 2 ** 10, r: 8, p: 1 });
const djangoSalt = 'saltiness';
const django = pbkdf2Sync(goodPassword, djangoSalt, 1000, 32, 'sha256');

const hashes: Record<string, () => Promise<string> | string> = {
  bcrypt: () => bcryptHash(goodPassword, 4),
  'pbkdf2 (PHC)': () => `$pbkdf2-sha256$i=1000$${b64(salt)}$${b64(derived)}`,
  'pbkdf2 (passlib)': () =>
    `$pbkdf2-sha256$1000$${b64(salt).replaceAll('+', '.')}$${b64(derived).replaceAll('+', '.')}`,
  'pbkdf2 (Django)': () => `pbkdf2_sha256$1000$${djangoSalt}$${django.toString('base64')}`,
  scrypt: () => `$scrypt$ln=10,r=8,p=1$${b64(salt)}$${b64(stretched)}`,
  argon2i: () => argon2Hash(goodPassword, { algorithm: 1, memoryCost: 16, timeCost: 2 } as never),
};

test('S68: people with hashes of other systems sign in, and each is made anew as ours', async () => {
  await using app = await startTestApp();
  await using folder = await emptyFolder();
  await using line = await openCommandLine();
  const people = await Promise.all(
    Object.entries(hashes).map(async ([, make], at) => ({
      id: `old-subject-${at}`,
      email: `person${at}@example.org`,
      emailVerified: true,
      passwordHash: await make(),
    })),
  );
  const path = join(folder.path, 'people.jsonl');
  await writeFile(path, people.map((each) => JSON.stringify(each)).join('\n'));
  const env = { GATEHOUSE_DATA: app.data, GATEHOUSE_ISSUER: app.url };
  expect(await line.run(['import', 'accounts', path], { env })).toMatchObject({ code: 0 });

  for (const [at, { id, email, passwordHash }] of people.entries()) {
    const name = Object.keys(hashes)[at];
    const wrong = await enter(openBrowser(app.url), { email, password: `${goodPassword}x` });
    expect([name, wrong.status, await app.services.passwords.hashOf(id)]).toEqual([name, 422, passwordHash]);
    const right = await enter(openBrowser(app.url), { email, password: goodPassword });
    expect([name, right.status]).toEqual([name, 200]);

    await app.services.passwords.settled();
    expect(await app.services.passwords.hashOf(id)).toMatch(/^\$argon2id\$v=19\$/);
    expect((await enter(openBrowser(app.url), { email, password: goodPassword })).status).toBe(200);
  }
});

test('S67: what was typed fits a hash of just that; behind what bcrypt looks at, nothing becomes the password', async () => {
  await using app = await startTestApp();
  const { passwords } = app.services;
  const { id } = await app.account();
  // The letter and its dots apart, as some keyboards write it: two characters, where NFKC has one.
  const typed = 'mu\u0308de Otter am Teich 47';
  const raw = pbkdf2Sync(typed, salt, 1000, 32, 'sha256');

  await passwords.setHashed(id, `$pbkdf2-sha256$i=1000$${b64(salt)}$${b64(raw)}`);
  expect(await passwords.verify(id, `${typed}x`)).toBe(false);
  expect(await passwords.verify(id, typed)).toBe(true);
  await passwords.settled();
  expect(await passwords.hashOf(id)).toMatch(/^\$argon2id/);
  expect(await passwords.verify(id, typed.normalize('NFC'))).toBe(true);

  const long = 'x'.repeat(72);
  await passwords.setHashed(id, await bcryptHash(`${long} and more`, 4));
  expect(await passwords.verify(id, `${long} mistyped`)).toBe(true);
  await passwords.settled();
  expect(await passwords.verify(id, `${long} and more`)).toBe(true);
});

test('S67: what would take longer than half a second to try is no hash that is taken', () => {
  const ends = `$${b64(salt)}$${b64(derived)}`;
  const costs = (...texts: string[]) => texts.map(isPasswordHash);
  const bcrypt = (cost: number) => `$2b$${cost}$${'a'.repeat(53)}`;
  const argon2 = (kib: number, passes: number) => `$argon2id$v=19$m=${kib},t=${passes},p=1${ends}`;

  expect(costs(bcrypt(13), bcrypt(14))).toEqual([true, false]);
  expect(costs(`$pbkdf2-sha256$i=1500000${ends}`, `$pbkdf2-sha256$i=1500001${ends}`)).toEqual([true, false]);
  // Two blocks of it are derived, each in so many rounds.
  expect(costs(`$pbkdf2-sha1$i=750000${ends}`, `$pbkdf2-sha1$i=750001${ends}`)).toEqual([true, false]);
  expect(costs(`$pbkdf2-sha512$i=600000${ends}`, `$pbkdf2-sha512$i=600001${ends}`)).toEqual([true, false]);
  expect(costs(`$scrypt$ln=17,r=8,p=1${ends}`, `$scrypt$ln=17,r=8,p=2${ends}`)).toEqual([true, false]);
  expect(costs(argon2(262_144, 2), argon2(262_144, 3))).toEqual([true, false]);
});

for (const kind of ['sqlite', 'mongo'] as const) {
  describeWith(kind === 'mongo' ? 'mongo' : [], `accounts from and to files, on ${kind}`, () => {
    const running = new AsyncDisposableStack();
    let folder: string;

    beforeAll(async () => {
      folder = running.use(await emptyFolder()).path;
    });

    afterAll(async () => {
      await running.disposeAsync();
    });

    /** An installation that nothing is in, with its command line. */
    async function another() {
      const place = running.use(await openRecordsPlace(kind));
      const app = running.use(await startTestApp({ env: place.env }));
      const line = running.use(await openCommandLine());
      const env = { ...place.env, GATEHOUSE_DATA: app.data, GATEHOUSE_ISSUER: app.url };

      return { app, run: (...words: string[]) => line.run(words, { env }) };
    }

    async function file(name: string, lines: readonly unknown[]): Promise<string> {
      const path = join(folder, name);
      await writeFile(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));

      return path;
    }

    test('every problem is told with its line, and nothing of the file is written', async () => {
      const { app, run } = await another();
      const there = await app.account({ email: 'there@example.com' });
      const path = await file('wrong.jsonl', [
        { email: 'good@example.com' },
        'no json',
        { email: 'no address', displayName: 'x'.repeat(21) },
        '',
        { email: 'GOOD@example.com' },
        { email: 'there@example.com' },
        { email: 'other@example.com', id: there.id },
        { email: 'hash@example.com', passwordHash: '$1$salt$md5' },
        { email: 'costly@example.com', passwordHash: '$scrypt$ln=30,r=8,p=1$MDEyMzQ1Njc$MDEyMzQ1Njc4OWFiY2RlZg' },
        { email: 'clear@example.com', password: goodPassword },
        { email: 'role@example.com', roles: ['root'] },
        { email: 'field@example.com', emailVerfied: true },
        { email: 'id@example.com', id: 'with space' },
        { email: 'closing@example.com', status: 'closing' },
        { email: 'admin@example.com', roles: ['admin'] },
        { email: 'server@example.com', id: 'server' },
        { email: 'client@example.com', id: 'client:wiki' },
        { email: 'console@example.com', id: 'account-console' },
      ]);

      for (const words of [['--dry-run'], []]) {
        const { code, err } = await run('import', 'accounts', path, ...words);
        expect(code).toBe(1);
        expect(err.split('\n').filter((line) => line !== '')).toEqual([
          'line 2: This line is no JSON object of at most 64 kB.',
          expect.stringMatching(/^line 3: email: /),
          expect.stringMatching(/^line 3: displayName: /),
          'line 5: The same account stands in line 1.',
          'line 6: email: There is an account with this address already.',
          'line 7: id: This is the subject of another account, or was one.',
          expect.stringMatching(/^line 8: passwordHash: /),
          expect.stringMatching(/^line 9: passwordHash: /),
          'line 10: password: A file must hold no passwords: give passwordHash.',
          expect.stringMatching(/^line 11: roles\[0\]: /),
          expect.stringMatching(/^line 12: emailVerfied: .*emailVerified/),
          expect.stringMatching(/^line 13: id: /),
          expect.stringMatching(/^line 14: status: /),
          'line 15: roles: A line that gives a role is taken with --with-roles alone.',
          expect.stringMatching(/^line 16: id: /),
          expect.stringMatching(/^line 17: id: /),
          'line 18: id: This is the subject of another account, or was one.',
          "16 of the lines can't be taken: nothing of the file was written.",
        ]);
        expect(await app.services.accounts.findByEmail('good@example.com')).toBeUndefined();
      }

      expect((await run('import', 'accounts', join(folder, 'nowhere'))).code).toBe(64);
    });

    test('exported and imported again they are equal, and a file that broke off goes on', async () => {
      const first = await another();
      const people = Array.from({ length: 250 }, (_, at) => ({
        id: `subject-${at}`,
        email: `Person${at}@example.com`,
        emailVerified: at % 2 === 0,
        displayName: `Person ${at}`,
        locale: 'de',
        claims: { birthdate: '1990-01-01', address: { country: 'DE' } },
        ...(at % 3 === 0 && { phone: { number: `+49151${10_000_000 + at}`, verified: true } }),
        ...(at === 7 && {
          roles: ['auditor'],
          status: 'disabled',
          lock: { at: '2026-01-01T00:00:00.000Z', reason: 'Lost', until: '2036-01-01T00:00:00.000Z' },
        }),
        createdAt: '2020-02-03T04:05:06.000Z',
        passwordHash: `$pbkdf2-sha256$i=1000$${b64(salt)}$${b64(derived)}`,
      }));
      const path = await file('people.jsonl', people);

      const begun = await file('begun.jsonl', people.slice(0, 100));
      expect(await first.run('import', 'accounts', begun, '--with-roles')).toMatchObject({ code: 0 });
      const dry = await first.run('import', 'accounts', path, '--with-roles', '--dry-run', '--json');
      expect(dry.json()).toEqual({ lines: 250, there: 100, problems: [] });
      const went = await first.run('import', 'accounts', path, '--with-roles', '--json');
      expect(went.json()).toEqual({ written: 150, there: 100, problems: [] });

      const exported = await first.run('export', 'accounts', '--password-hashes');
      const again = await file('exported.jsonl', exported.out.trimEnd().split('\n'));
      const second = await another();
      expect(await second.run('import', 'accounts', again, '--with-roles')).toMatchObject({ code: 0 });
      const byId = (text: string) => text.trimEnd().split('\n').toSorted();
      expect(byId((await second.run('export', 'accounts', '--password-hashes')).out)).toEqual(byId(exported.out));
      expect(byId(exported.out)).toHaveLength(250);

      const without = await first.run('export', 'accounts');
      expect(without.out).not.toContain('pbkdf2');
      const kinds = (await first.app.services.records.events.list('time', 'all', { limit: 1000 })).rows.map(
        ({ kind: of }) => of,
      );
      expect(kinds.filter((of) => of === 'account.created')).toHaveLength(250);
      expect(kinds.filter((of) => of.startsWith('accounts.'))).toEqual(
        expect.arrayContaining(['accounts.imported', 'accounts.exported']),
      );
    });
  });
}
