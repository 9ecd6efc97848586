import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { adminOperations } from '../api/operations.ts';
import { openAdministration, type AdministrationRoom } from '../support/administration.ts';
import { openCommandLine, type CommandLine, type Printed } from '../support/command-line.ts';
import { describeWith } from '../support/need.ts';
import { eachStore, needsOf, openPair } from '../support/storage.ts';
import { openTwin, operationCalls, type Twin } from './operation-calls.ts';

/** Every operation of the admin API as a command: on the storage here, and on a server. */
for (const pair of eachStore) {
  describeWith(needsOf(pair), `operations as commands on ${pair}`, () => {
    let running: AsyncDisposableStack;
    let room: AdministrationRoom;
    let line: CommandLine;
    let here: Record<string, string>;
    let there: Record<string, string>;

    beforeAll(async () => {
      running = new AsyncDisposableStack();
      const { env } = running.use(await openPair(pair));
      room = running.use(await openAdministration('sqlite', { env }));
      line = running.use(await openCommandLine());
      const { account } = await room.somebody('admin', { email: 'root@example.com' });
      here = { GATEHOUSE_DATA: room.app.data, GATEHOUSE_ISSUER: room.app.url, GATEHOUSE_DEMO_ENABLED: 'false', ...env };
      // Whoever asks a server needs no data folder.
      there = { GATEHOUSE_DATA: join(line.data, 'none'), GATEHOUSE_API_KEY: await room.key(account) };
    }, 60_000);

    afterAll(() => running.disposeAsync());

    const local = (words: readonly string[]) => line.run(words, { env: here });
    const remote = (words: readonly string[]) => line.run([...words, '--url', room.app.url], { env: there });

    test('S53: each runs here and on a server, with the same answer', async () => {
      const ways = [local, remote];
      const twins = [await openTwin(room.app, local), await openTwin(room.app, local)];
      expect(operationCalls.map(([name]) => name).toSorted()).toEqual(
        adminOperations.map((each) => each.split(' ')[0] ?? '').toSorted(),
      );

      const others: unknown[] = [];
      for (const [name, args] of operationCalls) {
        const done: unknown[] = [];
        for (const [at, run] of ways.entries()) {
          const words = [...name.split('.'), ...(await args(twins[at] as Twin)), ...formatFor(name)];
          const printed = await run(words);
          if (printed.code !== 0) throw new Error(`${words.join(' ')}: ${printed.code} ${printed.err}`);
          done.push(answerOf(printed, name));
        }

        if (!isDeepStrictEqual(done[0], done[1])) others.push([name, ...done]);
      }

      expect(others).toEqual([]);
    }, 120_000);

    // How it is typed and printed has nothing to do with the storage.
    if (pair !== 'sqlite') return;

    test('what was seen is exactly the same, and a list comes whole as one document or line by line', async () => {
      for (const words of [
        ['clients', 'list'],
        ['accounts', 'list', '--limit', '2'],
        ['audit', 'list', '--kind', 'account.created'],
        ['keys', 'get'],
      ]) {
        const json = [...words, '--json'];
        expect((await remote(json)).json()).toEqual((await local(json)).json());
        expect((await remote(words)).out).toBe((await local(words)).out);
      }

      const whole = await local(['accounts', 'list', '--limit', '1', '--all', '--json']);
      const { accounts } = whole.json() as { accounts: { email: string }[] };
      expect(accounts.length).toBeGreaterThan(3);
      const lines = await remote(['accounts', 'list', '--limit', '1', '--all', '--ndjson']);
      expect(
        lines.out
          .trimEnd()
          .split('\n')
          .map((row) => JSON.parse(row) as unknown),
      ).toEqual(accounts);
      const table = await local(['accounts', 'list', '--limit', '1', '--all']);
      expect(table.out.match(/^ID +EMAIL /gm)).toHaveLength(1);

      const exported = ['audit', 'export', '--kind', 'account.created', '--format', 'csv'];
      expect((await remote(exported)).out).toBe((await local(exported)).out);
    });

    test('what was read is named, what is refused says so in its exit code', async () => {
      const { id } = await room.app.account();
      const [first, second] = await Promise.all([local(['accounts', 'get', id]), remote(['accounts', 'get', id])]);
      const tag = /--if-match: "(.+)"/.exec(first.err)?.[1] ?? '';
      expect(second.err).toBe(first.err);
      const lock = (...more: string[]) => local(['accounts', 'lock', id, '--reason', 'Lost', ...more]);
      expect(await lock('--if-match', tag, '--json')).toMatchObject({ code: 0 });
      // Without it, what is done to something names the version that it has now; what replaces it does not.
      expect(await lock()).toMatchObject({ code: 0 });
      const stale = { code: 1, err: expect.stringMatching(/changed since you read it/) };
      expect(await lock('--if-match', tag)).toMatchObject(stale);
      expect(await remote(['accounts', 'lock', id, '--reason', 'x', '--if-match', tag])).toMatchObject(stale);
      const { rows } = await room.app.services.records.events.list('account', id, { descending: true });
      expect(rows.map(({ kind, actor }) => [kind, actor])).toContainEqual(['account.disabled', 'command-line']);

      const weak = { ...there, GATEHOUSE_API_KEY: 'gthk_x' };
      for (const [words, env, code, why] of [
        ['accounts update x --display-name y', here, 64, /--if-match is needed/],
        ['accounts get', here, 64, /Name it: ID/],
        ['accounts get a b', here, 64, /Name it|like this/],
        ['acounts lst', here, 64, /Did you mean "accounts list"/],
        ['accounts list --limt 3', here, 64, /'--limt'/],
        ['accounts list --by name', here, 65, /^by: /],
        [`accounts lock ${id} --reason`, here, 64, /--reason/],
        ['accounts get nobody', here, 1, /no such thing/],
        ['accounts list', { GATEHOUSE_DATA: join(line.data, 'none') }, 1, /There is no data/],
        [`accounts list --url ${room.app.url}`, { GATEHOUSE_DATA: line.data }, 64, /GATEHOUSE_API_KEY or --key-file/],
        [`accounts list --url ${room.app.url}`, weak, 77, /mistyped/],
        ['accounts list --url http://localhost:9', there, 69, /does not answer/],
        ['accounts list --url http://id.example.com', there, 64, /must be https/],
      ] as const) {
        const { code: ended, err, out } = await line.run(words, { env });
        expect([words, ended, out]).toEqual([words, code, '']);
        expect(err).toMatch(why);
      }

      const file = join(await mkdtemp(join(tmpdir(), 'gatehouse-key-')), 'key');
      await writeFile(file, `${there['GATEHOUSE_API_KEY']}\n`);
      const env = { GATEHOUSE_DATA: line.data };
      const self = await line.run(['self', 'get', '--url', room.app.url, '--key-file', file], { env });
      expect(self.out).toMatch(/\nrole +admin\n/);
      await rm(join(file, '..'), { recursive: true });
    });
  });
}

describe('the command line itself', () => {
  test('says what there is by area, and completes in a shell what can follow', async () => {
    await using line = await openCommandLine();
    expect((await line.run('help')).out).toMatch(/accounts \(\d+\), sessions \(3\), grants \(2\)/);
    expect((await line.run('help clients secrets')).out).toContain('gatehouse clients secrets rotate');
    expect((await line.run('grants')).out).toContain('gatehouse grants revoke');
    const help = await line.run('accounts lock --help');
    expect(help.out).toMatch(/^gatehouse accounts lock ID \[--if-match STRING\] --reason STRING/);
    expect(await line.run('completion csh')).toMatchObject({ code: 64 });

    // Every command that its chapter of the README has.
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const chapter = /^### Operations as commands$[^]*?(?=^##+ )/m.exec(readme)?.[0] ?? '';
    const typed = [...chapter.matchAll(/^npx gatehouse ((?:[a-z][a-z-]* )+)/gm)].map(([, words = '']) => words.trim());
    expect(typed).toHaveLength(7);
    for (const words of typed) expect([words, (await line.run(`${words} --help`)).code]).toEqual([words, 0]);

    const { out: script } = await line.run('completion bash');
    const completed = async (...words: string[]) => {
      const asks = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gatehouse; echo "\${COMPREPLY[*]}"`;
      const { stdout } = await bash('-euc', `${script}\n${asks}`, 'bash', 'gatehouse', ...words);

      return stdout.trim();
    };
    await bash('-nc', script);
    expect(await completed('acc')).toBe('account accounts');
    expect(await completed('clients', 'secrets', '')).toBe('rotate delete');
    expect(await completed('accounts', 'lock', 'someone', '--re')).toBe('--reason');
    expect(await completed('completion', 'z')).toBe('zsh');
    for (const shell of ['zsh', 'fish']) {
      expect((await line.run(`completion ${shell}`)).out).toMatch(/clients secrets.*rotate delete/);
    }
  });
});

const bash = (...args: string[]) => promisify(execFile)('bash', args);

function formatFor(name: string): string[] {
  return name === 'audit.export' ? [] : ['--json'];
}

/** What was answered, without what is another one's for each twin (of a text, that it is one), or another asker's. */
function answerOf({ out }: Printed, name: string): unknown {
  if (name === 'audit.export') return out.split('\n').length > 1;

  if (name === 'self.get') return (JSON.parse(out) as { scopes: string[] }).scopes;

  return out === '' ? undefined : shapeOf(JSON.parse(out));
}

function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;

  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}
