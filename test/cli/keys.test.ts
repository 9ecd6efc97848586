import { describe, expect, test } from '@jest/globals';

import { openCommandLine, type CommandLine } from '../support/command-line.ts';

/** A data folder in which something is there, but no server was ever started. */
async function openData(): Promise<CommandLine> {
  const line = await openCommandLine();
  await line.run('client create --kind machine --name Job');

  return line;
}

describe('gatehouse keys', () => {
  test('before the first start there are none to list or to rotate', async () => {
    await using empty = await openCommandLine();
    expect(await empty.run('keys list')).toMatchObject({ code: 1, out: '' });

    await using line = await openData();
    for (const words of ['keys list', 'keys rotate', 'keys rotate --emergency']) {
      expect(await line.run(words)).toEqual(
        expect.objectContaining({ code: 1, out: '', err: 'There are no signing keys yet: start the server once.\n' }),
      );
    }
  });

  test('an unknown algorithm ends with 64', async () => {
    await using line = await openData();

    expect(await line.run('keys rotate --alg HS256')).toMatchObject({
      code: 64,
      out: '',
      err: '--alg is one of RS256, ES256.\n',
    });
  });
});
