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

  test('derived prints what a start makes of the key, to be set in the place of it', async () => {
    await using line = await openData();
    const { out } = await line.run('keys derived');
    const [, cookieKey = '', salt = ''] =
      /^secrets:\n  cookie_keys: \['([\w-]{43})'\]\n  pairwise_salt: '([\w-]{43})'\n$/.exec(out) ?? [];

    const env = { GATEHOUSE_SECRETS_COOKIE_KEYS: cookieKey, GATEHOUSE_SECRETS_PAIRWISE_SALT: salt };
    expect(await line.run('keys derived', { env })).toMatchObject({
      code: 1,
      err: 'Nothing is derived: every one is set.\n',
    });
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
