import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { newSecret, newTimedId } from '../../src/domain/ids.ts';
import { openCommandLine, type CommandLine } from '../support/command-line.ts';
import { servicesOn } from '../support/services.ts';

const secret = { GATEHOUSE_SECRETS_ENCRYPTION_KEY: newSecret() };
const hour = 3_600_000;

/** A data folder with three events of hours ago, in one segment, and whatever the commands have written since. */
async function openRecord(): Promise<CommandLine & { ids: string[]; change(id: string): Promise<void> }> {
  const line = await openCommandLine();
  const env = { GATEHOUSE_DATA: line.data, ...secret };
  const ids: string[] = [];

  await using services = await servicesOn(env);
  for (const ago of [3, 2, 1]) {
    const at = Date.now() - ago * hour;
    const id = newTimedId(at);
    ids.push(id);
    await services.records.events.create({
      id,
      at,
      kind: 'client.updated',
      actor: 'command-line',
      clientId: 'wiki',
      details: { fields: ['client_name'] },
    });
  }
  await services.auditChain.seal();

  return {
    ...line,
    run: (words, options = {}) => line.run(words, { ...options, env: { ...secret, ...options.env } }),
    ids,
    async change(id) {
      await using again = await servicesOn(env);
      await again.records.events.update(id, (row) => ({ ...row, actor: 'somebody-else' }));
    },
  };
}

describe('gatehouse audit', () => {
  test('verify says that all is as it was, prints a head, and holds the chain against one', async () => {
    await using line = await openRecord();

    const first = await line.run('audit verify');
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out.split('\n')).toEqual([
      expect.stringMatching(/^ok {3}1 segments with 3 events, 20\S+Z to 20\S+Z$/),
      'look without --expect it can’t be seen whether the end of the chain was cut off',
      // They are two hours old here.
      expect.stringMatching(/^look 1 segments from 1 on were sealed long after what is in them: /),
      '     0 events not sealed yet',
      expect.stringMatching(/^head 1\.[\w-]{43}$/),
      '',
    ]);
    const head = /head (\S+)/.exec(first.out)?.[1] ?? '';

    expect((await line.run(['audit', 'verify', '--expect', head])).out).toContain(
      'ok   the expected head is in the chain',
    );
    expect(await line.run(['audit', 'verify', '--expect', `2${head.slice(1)}`])).toMatchObject({
      code: 1,
      out: expect.stringContaining('BAD  segment 2: it was expected, and the chain ends before it'),
    });
    expect(await line.run('audit verify --expect 1.abc')).toMatchObject({ code: 64 });
  });

  test('verify finds an edit, also after a move, and ends with 1', async () => {
    await using line = await openRecord();
    const file = join(line.data, '..', 'new.yaml');
    const data = join(line.data, '..', 'new');
    await writeFile(file, `data: ${data}\n`);
    await line.run(`move --to ${file}`);

    const there = { env: { GATEHOUSE_DATA: data } };
    expect(await line.run('audit verify', there)).toMatchObject({ code: 0 });

    await line.run('move --undo');
    await line.change(line.ids[1] ?? '');
    const found = await line.run('audit verify --json');
    expect(found).toMatchObject({ code: 1 });
    expect(found.json()).toMatchObject({
      whole: false,
      faults: [
        { kind: 'changed', segment: 1, says: expect.stringMatching(/^segment 1 \(20.*\): events were changed$/) },
      ],
    });
    expect((await line.run('audit verify')).out).toMatch(/^BAD {2}segment 1 \(20\S+ to 20\S+\): events were changed\n/);
  });

  test('list and export say what happened, filtered as asked', async () => {
    await using line = await openRecord();
    await line.run('client create --kind machine --name Job');

    const list = await line.run('audit list --client wiki --limit 2');
    expect(list).toMatchObject({ code: 0, err: expect.stringMatching(/^There is more: --after \S+, or --all\.\n$/) });
    expect(list.out).toMatch(/^ID +AT +KIND +ACTOR +CLIENT ID\n\w+ +20\S+Z +client\.updated +command-line +wiki\n/);
    expect((await line.run('audit list --kind client.created --json')).out).toContain('"kind": "client.created"');

    const csv = await line.run('audit export --format csv --actor command-line');
    expect(csv.out.split('\r\n')).toHaveLength(7);
    const lines = (await line.run('audit export --kind audit.exported')).out;
    expect(JSON.parse(lines.split('\n')[0] ?? '')).toMatchObject({ kind: 'audit.exported', actor: 'command-line' });

    expect(await line.run('audit list --from yesterday --account ada@example.com')).toMatchObject({
      code: 65,
      out: '',
      err:
        'from: Give a date such as 2026-01-31, or a time such as 2026-01-31T09:00Z.\n' +
        'account: No account has this e-mail address.\n',
    });
    expect(await line.run('audit export --format xml')).toMatchObject({
      code: 65,
      err: 'format: This must be one of: jsonl, csv.\n',
    });
    expect(await line.run('audit list --limit 0')).toMatchObject({ code: 65 });
  });
});
