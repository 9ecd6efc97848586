import { randomBytes } from 'node:crypto';

import { expect, test } from '@jest/globals';

import { freePort, startTestApp } from '../support/app.ts';
import { startMailServer } from '../support/mail-server.ts';
import { describeWith } from '../support/need.ts';
import { needsOf, openPair, pairs } from '../support/storage.ts';
import { mailSamples } from './samples.ts';

const count = 30;

/** SQLite has one server; everything else may have many. */
for (const pair of pairs.filter((one) => !one.startsWith('sqlite'))) {
  describeWith(needsOf(pair), `two nodes on ${pair}`, () => {
    test('deliver each message once, whichever of them wrote it', async () => {
      await using stores = await openPair(pair);
      await using server = await startMailServer();
      const key = { GATEHOUSE_SECRETS_ENCRYPTION_KEY: randomBytes(32).toString('base64url') };
      const issuer = { GATEHOUSE_ISSUER: 'http://localhost:3000' };
      const env = { ...stores.env, ...server.env, ...key, ...issuer };
      const start = async () => startTestApp({ env: { ...env, GATEHOUSE_PORT: String(await freePort()) } });
      await using one = await start();
      await using other = await start();
      const addresses = Array.from({ length: count }, (_, number) => `person${number}@example.com`);

      const { messages, records } = one.services;
      await records.write(
        addresses.flatMap((to) =>
          messages.compose('password-changed', { to, locale: 'en', data: mailSamples['password-changed'] }),
        ),
      );
      other.services.messages.wake();
      await server.accepted.reaches(count);
      while ((await records.messages.count('state', 'sent email')) < count) messages.wake();

      const delivered = server.mails.flatMap(({ to }) => to);
      expect(delivered).toHaveLength(count);
      expect(new Set(delivered)).toEqual(new Set(addresses));
      expect(new Set(server.mails.map(({ headers }) => headers['message-id'])).size).toBe(count);

      // Both took part: neither waited for the other.
      for (const node of [one, other]) expect((await node.logged('message')).length).toBeGreaterThan(0);
    });
  });
}
