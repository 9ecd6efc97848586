import { expect, test } from '@jest/globals';

import type { Stores } from '../../../src/services-stores.ts';
import type { Write } from '../../../src/storage/records.ts';
import { startTestApp } from '../../support/app.ts';
import { openBrowser } from '../../support/browser.ts';
import { enter, isSignedIn, sessionsOf } from '../web/visits.ts';

test('S70: a password that is changed in the instant before the session is written lets nobody in', async () => {
  let change = async (): Promise<void> => undefined;
  const isSession = (write: Write) => write.in === 'sessions' && !('remove' in write);

  /** Everybody who changes a password has ended the sessions that there are by the time that this one is written. */
  const aroundStores = ({ records, ephemera }: Stores): Stores => ({
    ephemera,
    records: {
      ...records,
      async write(writes, how) {
        if (writes.some(isSession)) await change();

        return records.write(writes, how);
      },
    },
  });

  await using app = await startTestApp({ aroundStores });
  const ana = await app.account();
  const browser = openBrowser(app.url);

  change = async () => {
    change = async () => undefined;
    app.clock.advance(1);
    await app.services.records.passwords.update(ana.id, (old) => ({ ...old, changedAt: app.clock.now() }));
  };
  await enter(browser, ana);

  expect(await isSignedIn(browser)).toBe(false);
  expect(await sessionsOf(app, ana.id)).toBe(0);

  await enter(browser, ana);
  expect(await isSignedIn(browser)).toBe(true);
});
