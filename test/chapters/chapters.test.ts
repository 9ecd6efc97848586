import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { accountApiOf } from '../../src/domain/account-api.ts';
import { newId } from '../../src/domain/ids.ts';
import { emptyFolder } from '../storage/places.ts';
import { startTestApp, valueOf, type TestApp } from '../support/app.ts';
import { blocksOf, runBlock } from './chapters.ts';

/** Each command is a process of its own. */
const patience = 180_000;

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

  test(
    'the first day',
    async () => {
      const { path: cwd } = running.use(await emptyFolder());
      for (const block of blocksOf('The first day')) await runBlock(block, { cwd, env });

      expect((await app.services.accounts.findByEmail('you@example.com'))?.roles).toEqual(['admin']);
      expect((await app.services.accounts.findByEmail('ana@example.com'))?.emailVerified).toBe(true);
    },
    patience,
  );

  test(
    'everyday tasks',
    async () => {
      const { path: cwd } = running.use(await emptyFolder());
      const { records, accounts } = app.services;
      const { id: WIKI } = (await app.client('web', { redirect_uris: ['https://wiki.example.net/cb'] })).client;
      const { id: ANA, email } = await app.account();
      const [first = '', ...others] = blocksOf('Everyday tasks');
      await runBlock(first, { cwd, env });
      const BO = (await accounts.findByEmail('bo@example.com'))?.id ?? '';
      for (const block of others)
        await runBlock(block.replace('ana@example.com', email), { cwd, env: { ...env, ANA, BO, WIKI } });

      expect(await records.accounts.get(BO)).toBeUndefined();
      expect((await records.clients.get(WIKI))?.secrets).toHaveLength(2);
    },
    patience,
  );

  test(
    'an incident',
    async () => {
      const { path: cwd } = running.use(await emptyFolder());
      const { client } = await app.client('web', { redirect_uris: ['https://wiki.example.net/cb'] });
      const person = await app.account();
      const permissions = [{ audience: accountApiOf(app.url), scope: 'profile:read' }];
      const key = await app.services.apiKeys.create(
        person,
        { name: 'Found', permissions, once: newId() },
        { actor: person.id },
      );
      if (key === 'made') throw new Error('made before');
      const KEY_ID = valueOf(key).apiKey.id;
      const ids = { ANA: person.id, WIKI: client.id, KEY_ID };
      for (const block of blocksOf('An incident')) await runBlock(block, { cwd, env: { ...env, ...ids } });

      expect(await app.services.records.apiKeys.get(KEY_ID)).toBeUndefined();
      expect(await app.mail.to(person.email, 'reset-password')).toMatchObject({ to: person.email });
    },
    patience,
  );

  test(
    'going to production, in a folder of its own',
    async () => {
      const { path: cwd } = running.use(await emptyFolder());
      let before = '';

      for (const block of blocksOf('Going to production')) {
        await runBlock(block, { cwd, env: {}, before });
        before = `${before}\n${exportsIn(block)}`;
      }
    },
    patience,
  );
});

/** What holds for the blocks below in the same terminal. */
function exportsIn(block: string): string {
  return block
    .split('\n')
    .filter((line) => line.trim().startsWith('export '))
    .join('\n');
}
