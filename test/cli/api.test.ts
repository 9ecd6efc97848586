import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openCallers, type Callers } from '../api/callers.ts';
import { openCommandLine, type CommandLine } from '../support/command-line.ts';

/** `gatehouse api`: a server's APIs, from elsewhere. */
describe('remote calls', () => {
  let room: Callers;
  let line: CommandLine;
  let own: Record<string, string>;
  let admin: Record<string, string>;

  beforeAll(async () => {
    room = await openCallers('sqlite');
    line = await openCommandLine();
    const { account } = await room.somebody('admin');
    const envOf = (key: string) => ({ GATEHOUSE_API_KEY: key, GATEHOUSE_URL: room.app.url });
    own = envOf(await room.keyFor(account, room.apis.account));
    admin = envOf(await room.keyFor(account, room.apis.admin));
  }, 60_000);

  afterAll(async () => {
    await line[Symbol.asyncDispose]();
    await room[Symbol.asyncDispose]();
  });

  const call = (words: string, env: Record<string, string> = {}, input?: string) =>
    line.run(`api ${words}`.trim(), { env, ...(input !== undefined && { input }) });

  test('says what there is, and what each takes', async () => {
    const all = await call(`--url ${room.app.url}`);
    expect(all.code).toBe(0);
    const operations = Object.values(room.apis).flatMap(({ endpoints }) => endpoints);
    expect(all.out.trim().split('\n')).toHaveLength(operations.length + 1);
    expect(all.out).toMatch(/^ID +METHOD +PATH +SUMMARY\n/);
    expect(all.out).toMatch(/\nadminSelfGet +GET +\/api\/admin\/v1\/self +Whose key/);

    const help = await call('account.profile.update --help', own);
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toMatch(/^accountProfileUpdate: .*\nPATCH .*\n\n {2}--display-name STRING \(optional\)\n/);
    expect((await call('--help')).out).toMatch(/^gatehouse api \[OPERATION/);
  });

  test('asks and changes, as a table for people and as it came for programs', async () => {
    const self = await call('self.get', admin);
    expect(self).toMatchObject({ code: 0, err: '' });
    expect(self.out).toMatch(/\nrole +admin\n/);
    expect((await call('adminSelfGet --json', admin)).json()).toMatchObject({ role: 'admin' });

    const changed = await line.run(['api', 'account.profile.update', '--display-name', 'Ana L', '--json'], {
      env: own,
    });
    expect(changed.json()).toMatchObject({ displayName: 'Ana L' });
    const typed = await call(
      'account.profile.update --body - --task Testing --json',
      own,
      '{"task":"x","language":"de"}',
    );
    expect(typed.json()).toMatchObject({ task: 'Testing', language: 'de' });

    const keys = await call('account.keys.list', own);
    expect(keys.out).toMatch(/^ID +NAME +PREFIX +AUDIENCE .*\n.* Matrix +gthk_/);

    for (let n = 0; n < 30; n += 1) await call(`account.profile.update --task ${n}`, own);
    const first = await call('account.activity.list --limit 25', own);
    const next = /There is more: --after (\S+), or --all/.exec(first.err)?.[1] ?? '';
    const rest = await line.run(['api', 'account.activity.list', '--after', next, '--json'], { env: own });
    const whole = await call('account.activity.list --all', own);
    expect(first.out.trim().split('\n')).toHaveLength(26);
    expect((rest.json() as { events: unknown[] }).events.length).toBeGreaterThan(5);
    expect(whole.out.split('account.updated').length - 1).toBe(32);

    expect(
      (await line.run(['api', 'account.profile.update', '--display-name', 'a\u001b[2Jb'], { env: own })).out,
    ).not.toContain('\u001b');
  });

  test('a refusal says why beside the field and ends with 65, or 77 for a key; a wrong call with 64, no answer with 69', async () => {
    expect(await call(`account.profile.update --task ${'x'.repeat(21)}`, own)).toEqual(
      expect.objectContaining({ code: 65, out: '', err: expect.stringMatching(/^task: .*20/) }),
    );
    expect(await call('account.sessions.end --id none', own)).toMatchObject({
      code: 1,
      err: 'There is no such thing.\n',
    });
    expect(await call('account.profile.get', admin)).toMatchObject({
      code: 77,
      err: expect.stringMatching(/not known here/),
    });

    for (const [words, why] of [
      ['account.profil.get', /Did you mean "account\.profile\.get"/],
      ['account.profile.get --no such', /'--no'/],
      ['account.sessions.end', /--id is needed/],
      ['account.profile.update --body {', /--body must be JSON/],
    ] as const) {
      expect([words, await call(words, own)]).toEqual([
        words,
        expect.objectContaining({ code: 64, out: '', err: expect.stringMatching(why) }),
      ]);
    }

    expect(await call('account.profile.get')).toMatchObject({
      code: 64,
      err: expect.stringMatching(/--url is needed/),
    });
    const { GATEHOUSE_URL = '' } = own;
    expect(await call('account.profile.get', { GATEHOUSE_URL })).toMatchObject({
      code: 64,
      err: expect.stringMatching(/API_KEY/),
    });
    for (const url of ['http://id.example.com', 'ftp://id.example.com', 'x']) {
      expect((await call(`account.profile.get --url ${url}`, own)).code).toBe(64);
    }
    expect((await call('account.profile.get --url http://localhost:9', own)).code).toBe(69);
  });
});
