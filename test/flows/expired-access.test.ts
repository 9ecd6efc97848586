import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { expect, test } from '@jest/globals';

import { startTestApp } from '../support/app.ts';
import { relyingParty } from '../support/relying-party.ts';

const day = 86_400_000;

test('grants of a session that has expired go when their own time is over, and nothing of them stays', async () => {
  await using app = await startTestApp();
  const ana = await app.account();
  const wiki = await relyingParty(
    app,
    await app.client('web', { redirect_uris: ['https://wiki.example.net/cb'], first_party: true }),
  );
  await wiki.signIn(ana, { request: { scope: 'openid offline_access' } });

  using database = new DatabaseSync(join(app.data, 'records.db'), { readOnly: true });
  const kept = () =>
    ['sessions', 'grants', 'refreshFamilies'].map(
      (table) => database.prepare(`SELECT count(*) AS rows FROM "${table}"`).get()?.['rows'],
    );
  const after = async (days: number) => {
    app.clock.advance(days * day);
    while ((await app.services.records.sweep(10)) > 0);

    return kept();
  };

  const [sessions, grants] = kept();
  expect(Number(sessions)).toBeGreaterThan(0);
  expect(Number(grants)).toBeGreaterThan(0);

  // `session.absolute` is 30 days and `tokens.refresh_token_idle` 14.
  expect(await after(31)).toEqual([0, grants, 0]);
  // `tokens.refresh_token_absolute` is 90 more.
  expect(await after(90)).toEqual([0, 0, 0]);
});
