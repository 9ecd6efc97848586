import { createHash } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';

import { lastStepAt } from '../../src/credentials/totp.ts';
import { markUnder } from '../../src/operations/backup-file.ts';
import { standingOf } from '../../src/operations/standing.ts';
import { ephemeraBackends } from '../../src/storage/backends.ts';
import { epochOf, inEpoch } from '../../src/storage/epoch.ts';
import { BackupRefused } from '../../src/storage/refusals.ts';
import { samples } from '../storage/rows.ts';
import { ephemeraStore, opened } from '../storage/stores.ts';
import { read, restoreInto, secrets, textOf } from './backup-room.ts';
import { contents, Dark, describeMoves, isEmpty, opens, powerCut, put, sideOf, type Pair } from './houses.ts';

/** What lets somebody in, or an app act for somebody, without proving anything anew. */
const gone = [
  'apiKeys',
  'codes',
  'consents',
  'deviceCodes',
  'grants',
  'oneTimeSecrets',
  'refreshFamilies',
  'rememberedBrowsers',
  'sessions',
];

let suites = 0;

describeMoves('a backup of $from, restored into $to', ({ open }) => {
  suites += 1;

  test('F22: brings back every row but those that may have been ended or used since', async () => {
    await using houses = await open();
    const { source, target, clock } = houses;
    const authenticator = { id: 'app', name: 'Phone', sealed: 'v1.key.sealed', lastStep: 7, addedAt: 0 };
    const pending = { id: 'next', sealed: 'v1.key.sealed', binding: 'b', begunAt: 0 };
    await source.factors.update('a', (old) => ({ ...old, authenticators: [authenticator], pending }));
    await source.write([put('messages', { ...samples.messages, id: 'sent', state: 'sent' })]);
    const before = await contents(source);

    const { text, made } = await textOf(source);
    // As a Redis remembers it, long after.
    clock.advance(60_000);
    const { rows, of, ended, resumed } = await restoreInto(houses, text);

    const after = await contents(target);
    const kept = Object.keys(before).filter((name) => ![...gone, 'factors', 'messages', 'settings'].includes(name));
    for (const name of kept) expect([name, after[name]]).toEqual([name, before[name]]);
    for (const name of gone) expect([name, after[name]]).toEqual([name, []]);
    expect(after['messages']).toEqual([{ ...samples.messages, id: 'sent', state: 'sent' }]);

    expect(after['factors']).toHaveLength(7);
    const { pending: left, ...factors } = (await target.factors.get('a')) ?? {};
    expect(left).toBeUndefined();
    expect(factors).toMatchObject({
      authenticators: [{ ...authenticator, lastStep: lastStepAt(clock.now()) }],
      recovery: { hashes: [] },
      forgottenAt: clock.now(),
    });

    const { id, since } = (await epochOf(target)) ?? {};
    expect([id, since]).toEqual([expect.stringMatching(/^[\w-]{22}$/), clock.now()]);
    expect(made.rows).toBe(of);
    expect({ ...ended, messages: 7 }).toEqual(Object.fromEntries([...gone, 'messages'].map((name) => [name, 7])));
    expect(rows).toBe(of - 7 * (gone.length + 1));
    expect([resumed, await opens(target), await opens(source)]).toEqual([false, true, true]);
  });

  // What follows hangs on no store.
  if (suites === 1) describe('on the way', () => onTheWay({ open }));
});

function onTheWay({ open }: Pair): void {
  test('a power cut leaves what nobody opens, and the same backup goes on; another one does not', async () => {
    await using houses = await open();
    const { source, target, another } = { ...houses, another: houses.another };
    const { text } = await textOf(source);
    await source.write([{ in: 'passwords', remove: 'a' }]);
    const { text: later } = await textOf(source);
    const clean = await another();
    await restoreInto({ target: clean, clock: houses.clock }, text);

    for (const after of [4, 6, 12]) {
      const next = await another();
      const { around } = powerCut(after, { half: true });
      const dying = restoreInto(houses, text, { target: sideOf(around(next), 'the new house') });

      await expect(dying).rejects.toThrow(Dark);
      expect(await standingOf(next)).toMatchObject({ state: 'restoring' });
      expect(await opens(next)).toBe(false);
      await expect(restoreInto({ ...houses, target: next }, later)).rejects.toThrow(/holds a part of another backup/);

      expect(await restoreInto({ ...houses, target: next }, text)).toMatchObject({ resumed: true });
      const [found, expected] = [await contents(next), await contents(clean)];
      for (const name of Object.keys(expected).filter((one) => one !== 'settings' && one !== 'factors')) {
        expect([name, found[name]]).toEqual([name, expected[name]]);
      }
      expect(await opens(next)).toBe(true);
    }

    expect(isEmpty(await contents(target))).toBe(true);
  });

  test('a store that is in use, or is being moved, is left as it is', async () => {
    await using houses = await open();
    const { source, target } = houses;
    const { text } = await textOf(source);
    await target.passwords.create(samples.passwords);
    const before = await contents(target);

    await expect(restoreInto(houses, text)).rejects.toThrow('the new house is in use (it holds passwords)');
    expect(await contents(target)).toEqual(before);

    await houses.move({ target: sideOf(await houses.another(), 'elsewhere') });
    await expect(restoreInto({ ...houses, target: source }, text)).rejects.toThrow(/was moved to elsewhere/);
  });

  test('a file that changes while it is read opens nothing', async () => {
    await using houses = await open();
    const { text } = await textOf(houses.source);
    await houses.source.write([{ in: 'passwords', remove: 'a' }]);
    const { text: other } = await textOf(houses.source);

    const checked = await read(text);
    const swapped = restoreInto(houses, other, { checked });

    await expect(swapped).rejects.toThrow('changed while it was read');
    expect(await opens(houses.target)).toBe(false);
  });

  test('F22: a backup that was cut off, damaged or changed, by whomever, is refused with what is wrong', async () => {
    await using houses = await open();
    const { text } = await textOf(houses.source);

    for (const [name, edit, says] of damages) {
      const edited = edit(text.split('\n'));
      const told = await read(typeof edited === 'string' ? edited : edited.join('\n')).then(
        () => 'nothing',
        (error: unknown) => (error instanceof BackupRefused ? error.message : error),
      );

      expect([name, told]).toEqual([name, expect.stringMatching(says)]);
    }
  });

  test('needs every key that something is sealed under, and the secrets that identifiers hang on', async () => {
    await using houses = await open();
    const { source } = houses;
    const other = { id: 'other', key: Buffer.alloc(32, 9) };
    const { text } = await textOf(source);
    const asked = (differently: Partial<typeof secrets>) => read(text, { secrets: { ...secrets, ...differently } });

    await expect(asked({ encryptionKeys: [other] })).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringContaining('needs the encryption key key,'),
    });
    await expect(asked({ pairwiseSalt: 'pepper' })).rejects.toThrow(/^secrets\.pairwise_salt of this configuration/);
    await expect(asked({ hashKey: Buffer.alloc(32, 3) })).rejects.toThrow(/^secrets\.hash_key of this/);
    expect(await asked({ encryptionKeys: [other, ...secrets.encryptionKeys] })).toMatchObject({
      sha256: expect.any(String),
    });
    expect(text).not.toContain(secrets.hashKey.toString('base64url'));

    await source.accounts.update('b', (old) => ({ ...old, eventKey: 'v1.other.sealed' }));
    await expect(read((await textOf(source)).text)).rejects.toThrow('needs the encryption key other,');
    await source.accounts.update('b', (old) => ({ ...old, eventKey: '' }));
    await source.write([put('settings', { id: 'encryption-key', value: ['key', 'older'], updatedAt: 0 })]);
    await expect(read((await textOf(source)).text)).rejects.toThrow('needs the encryption key older,');
  });

  test('what an earlier epoch has put into ephemera is found no more', async () => {
    const [backend] = ephemeraBackends;
    if (!backend) throw new Error('there is no backend');
    await using store = await opened(ephemeraStore(backend));
    const { port } = store;
    await port.put('token', 'a', 'old', { ttl: 60, keys: ['key'] });
    await port.claim('once', 'a', 60);
    await port.increment('limit', 'a', 60);

    const ours = inEpoch(port, { id: 'second', since: 0 });
    expect([await ours.get('token', 'a'), await ours.find('token', 'key')]).toEqual([undefined, undefined]);
    expect([await ours.consume('token', 'a'), await ours.claim('once', 'a', 60)]).toEqual([false, true]);
    expect(await ours.increment('limit', 'a', 60)).toBe(1);

    await ours.put('token', 'a', 'new', { ttl: 60, keys: ['key'] });
    expect(await ours.find('token', 'key')).toEqual({ id: 'a', value: 'new' });
    expect([await port.get('token', 'a'), inEpoch(port, undefined)]).toEqual(['old', port]);
    await ours.remove('token', 'a');
    expect(await ours.get('token', 'a')).toBeUndefined();
  });
}

const damages: readonly [string, (lines: string[]) => string | string[], RegExp][] = [
  ['cut off in a line', (lines) => lines.join('\n').slice(0, -200), /ends too early/],
  ['cut off between two lines', (lines) => lines.slice(0, -2).join('\n').concat('\n'), /ends too early/],
  ['empty', () => '', /ends too early/],
  ['something else', () => 'PK\u0003\u0004 nothing\n', /no backup of Gatehouse/],
  ['other JSON', (lines) => ['{"format":"other"}', ...lines.slice(1)], /no backup of Gatehouse/],
  [
    'a later format',
    ([head = '', ...rest]) => [head.replace('"version":1', '"version":2'), ...rest],
    /newer release \(1\.2\.3, format 2/,
  ],
  [
    'another collection',
    (lines) => [...lines.slice(0, -2), '["robots"]', ...lines.slice(-2)],
    /holds robots, which this release/,
  ],
  ['a row too few', (lines) => without(lines, '"id":"a"'), /of accounts there are 6 rows, not 7/],
  ['a row changed', (lines) => replaced(lines, 'Lovelace', 'Byron'), /rows of accounts are not those/],
  ['a row that is none', (lines) => replaced(lines, '{"id":"a"', '{"id":7'), /line \d+ is no row of accounts/],
  ['half a row', (lines) => replaced(lines, ',"createdAt"', ''), /line \d+ is no row|not those/],
  ['more behind its end', (lines) => [...lines.slice(0, -1), '["accounts"]', ''], /comes behind its end/],
  ['a later date', (lines) => replaced(lines, '2026-01-01T', '2026-06-01T'), /digest is another one/],
  ['changed by who can count, without the key', (lines) => forged(lines), /not written with the key/],
];

function replaced(lines: readonly string[], from: string, to: string): string[] {
  const at = lines.findIndex((line) => line.includes(from));
  if (at < 0) throw new Error(`nothing says ${from}`);

  return lines.with(at, lines[at]?.replace(from, to) ?? '');
}

function without(lines: readonly string[], sign: string): string[] {
  const at = lines.findIndex((line) => line.includes(sign));

  return lines.toSpliced(at, 1);
}

/** Somebody makes an administrator, and counts and hashes everything anew; only the key is not theirs. */
function forged(lines: readonly string[]): string[] {
  const end = lines.findIndex((line) => line.startsWith('["accounts",'));
  const rows = lines.slice(2, end).map((line) => line.replace('"task":""', '"task":"root"'));
  const body = [
    ...lines.slice(0, 2),
    ...rows,
    JSON.stringify(['accounts', rows.length, sha256(rows)]),
    ...lines.slice(end + 1, -2),
  ];
  const [, count] = JSON.parse(lines.at(-2) ?? '') as [string, number];
  const mark = markUnder({ encryptionKeys: [{ id: 'key', key: Buffer.alloc(32, 66) }] }, 'key');

  return [...body, JSON.stringify(['end', count, sha256(body), mark('end', sha256(body))]), ''];
}

function sha256(lines: readonly string[]): string {
  return createHash('sha256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .digest('hex');
}
