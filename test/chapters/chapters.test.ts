import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { emptyFolder } from '../storage/places.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { blocksOf, runBlock } from './chapters.ts';

/** The commands of the README's chapters, run as they stand beside a server at work. */
describe('the commands of the README', () => {
  const running = new AsyncDisposableStack();
  let app: TestApp;
  let env: Record<string, string>;

  beforeAll(async () => {
    app = running.use(await startTestApp());
    env = { GATEHOUSE_ISSUER: app.url, GATEHOUSE_DATA: app.data };
  });

  afterAll(async () => {
    await running.disposeAsync();
  });

  test('the first day', async () => {
    const { path: cwd } = running.use(await emptyFolder());
    for (const block of blocksOf('The first day')) await runBlock(block, { cwd, env });

    expect((await app.services.accounts.findByEmail('you@example.com'))?.roles).toEqual(['admin']);
    expect((await app.services.accounts.findByEmail('ana@example.com'))?.emailVerified).toBe(true);
  });

  test('going to production, in a folder of its own', async () => {
    const { path: cwd } = running.use(await emptyFolder());
    let before = '';

    for (const block of blocksOf('Going to production')) {
      await runBlock(block, { cwd, env: {}, before });
      before = `${before}\n${exportsIn(block)}`;
    }
  });
});

/** What holds for the blocks below in the same terminal. */
function exportsIn(block: string): string {
  return block
    .split('\n')
    .filter((line) => line.trim().startsWith('export '))
    .join('\n');
}
