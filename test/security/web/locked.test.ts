import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { openBrowser } from '../../support/browser.ts';
import { openGround } from '../protocol/ground.ts';
import { isSignedIn, sessionsOf } from './visits.ts';

const files = ['records.db', 'ephemera.db'];

const holding = `
  const { DatabaseSync } = require('node:sqlite');
  const held = process.argv.slice(1).map((path) => new DatabaseSync(path, { timeout: 10_000 }));
  for (const database of held) database.exec('BEGIN IMMEDIATE');
  process.stdout.write('held');
  process.stdin.on('data', () => process.exit());
`;

/** Another process in the middle of a write that doesn't end, as a backup or an operator's shell can be. */
async function lock(data: string): Promise<AsyncDisposable> {
  const child = spawn(process.execPath, ['-e', holding, ...files.map((name) => join(data, name))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });

  await once(child.stdout, 'data');

  return {
    async [Symbol.asyncDispose]() {
      child.stdin.write('.');
      await once(child, 'close');
    },
  };
}

test('S115: while another process holds the database, nothing that has to be written is skipped', async () => {
  await using ground = await openGround();
  const { app } = ground;
  const ben = await app.account({ email: 'ben@example.com' });
  const wiki = await ground.party('web', { first_party: true });
  const { code } = await wiki.code(ground.browser);
  const { refresh_token: token } = await wiki.tokens(ground.browser);
  const browser = openBrowser(app.url);
  const door = await browser.open('/account');

  {
    await using _held = await lock(app.data);

    for (const password of [ben.password, 'wrong-and-long-enough']) {
      const page = await browser.submit(door, { email: ben.email, password }, { follow: false });

      expect([page.status, page.headers['retry-after']]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    }

    expect((await wiki.redeem(code)).status).toBe(503);
    expect((await wiki.refresh(token)).status).toBe(503);
  }

  expect(await sessionsOf(app, ben.id)).toBe(0);
  expect((await wiki.redeem(code)).status).toBe(200);
  expect((await wiki.refresh(token)).status).toBe(200);

  await browser.submit(door, { email: ben.email, password: ben.password });
  expect(await isSignedIn(browser)).toBe(true);
});
