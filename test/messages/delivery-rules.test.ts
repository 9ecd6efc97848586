import { describe, expect, test } from '@jest/globals';

import type { MailName } from '../../src/messages/catalogue.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { startMailServer, type MailServer } from '../support/mail-server.ts';
import { mailSamples } from './samples.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const ana = 'ana@example.com';
const code = (digits: string) => ({ code: digits, lives: 600 });

async function openBoth(): Promise<{ server: MailServer; app: TestApp } & AsyncDisposable> {
  const server = await startMailServer();
  const app = await startTestApp({ env: server.env });

  return {
    server,
    app,
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function put(app: TestApp, ...mails: Parameters<TestApp['services']['messages']['compose']>[]): Promise<void> {
  const { records, messages } = app.services;

  for (const mail of mails) {
    await records.write(messages.compose(...mail));
    app.clock.advance(1000);
  }
}

/** Everything that is due is dealt with, which writes so many lines to the log in all. */
async function deal(app: TestApp, lines: number): Promise<string[]> {
  app.services.messages.wake();

  return (await app.logged('message', lines)).map(({ state }) => String(state));
}

describe('of several codes', () => {
  test('only the newest is sent: the others are dead', async () => {
    await using both = await openBoth();
    const { server, app } = both;
    const mail = (digits: string) => ['verify-email', { to: ana, locale: 'en', data: code(digits) }] as const;

    await put(app, [...mail('111111')], [...mail('222222')], [...mail('333333')]);
    const states = await deal(app, 3);

    expect(states.toSorted()).toEqual(['dropped', 'dropped', 'sent']);
    expect(server.mails.map(({ text }) => /^ {4}(\d+)$/m.exec(text)?.[1])).toEqual(['333333']);
  });

  test('an older one that comes back from a retry is not sent after a newer one', async () => {
    await using both = await openBoth();
    const { server, app } = both;

    server.refuse('rcpt', 450);
    await put(app, ['verify-email', { to: ana, locale: 'en', data: code('111111') }]);
    await deal(app, 1);

    server.refuse('rcpt', undefined);
    await put(app, ['verify-email', { to: ana, locale: 'en', data: code('222222') }]);
    await deal(app, 2);
    app.clock.advance(minute);
    await deal(app, 3);

    expect(server.mails).toHaveLength(1);
    expect(server.to(ana).text).toContain('222222');
  });

  test('those of another purpose and of another address are their own', async () => {
    await using both = await openBoth();
    const { server, app } = both;

    await put(
      app,
      ['verify-email', { to: ana, locale: 'en', data: code('111111') }],
      ['change-email-code', { to: ana, locale: 'en', data: code('222222') }],
      ['verify-email', { to: 'ben@example.com', locale: 'en', data: code('333333') }],
    );
    await deal(app, 3);

    expect(server.mails).toHaveLength(3);
  });
});

test('a code that is dead when its turn comes is not sent, and that is no silence', async () => {
  await using both = await openBoth();
  const { server, app } = both;

  await put(app, ['verify-email', { to: ana, locale: 'en', data: code('111111') }]);
  app.clock.advance(10 * minute);
  expect(await deal(app, 1)).toEqual(['failed']);

  expect(server.mails).toEqual([]);
  const { rows } = await app.services.records.events.list('time', 'all', { limit: 1, descending: true });
  expect(rows).toMatchObject([{ kind: 'message.failed', details: { template: 'verify-email', reason: /of no use/ } }]);
});

describe('what strangers can cause', () => {
  test.each([
    ['address-tried', 1, day],
    ['failed-tries', 1, day],
    ['reset-password', 5, hour],
    ['verify-email', 10, hour],
  ] as [MailName, number, number][])(
    '%s reaches one address %d times in %d ms, however spelt',
    async (name, most, within) => {
      await using both = await openBoth();
      const { server, app } = both;
      const { records, messages } = app.services;

      for (let number = 1; number <= most + 2; number += 1) {
        const to = number % 2 ? ana : 'ANA@Example.com';
        await records.write(messages.compose(name, { to, locale: 'en', data: mailSamples[name] as never }));
        await deal(app, number);
      }
      expect(server.mails).toHaveLength(most);

      await records.write(
        messages.compose(name, { to: 'ben@example.com', locale: 'en', data: mailSamples[name] as never }),
      );
      await deal(app, most + 3);
      expect(server.mails).toHaveLength(most + 1);

      app.clock.advance(within);
      await records.write(messages.compose(name, { to: ana, locale: 'en', data: mailSamples[name] as never }));
      await deal(app, most + 4);
      expect(server.mails).toHaveLength(most + 2);
    },
  );

  test('what happens to an account is told each time', async () => {
    await using both = await openBoth();
    const { server, app } = both;

    for (let number = 1; number <= 12; number += 1) {
      await put(app, ['password-changed', { to: ana, locale: 'en', data: mailSamples['password-changed'] }]);
      await deal(app, number);
    }

    expect(server.mails).toHaveLength(12);
  });
});

test('closing an account drops what is still to be sent to it', async () => {
  await using both = await openBoth();
  const { server, app } = both;
  const { accounts, messages, records } = app.services;
  const account = await app.account({ email: ana });

  server.refuse('rcpt', 450);
  await records.write([
    ...messages.compose('new-device', {
      to: ana,
      locale: 'en',
      accountId: account.id,
      data: mailSamples['new-device'],
    }),
  ]);
  await deal(app, 1);
  await accounts.delete(account.id, { actor: 'command-line' });
  await deal(app, 2);

  server.refuse('rcpt', undefined);
  app.clock.advance(minute);
  await deal(app, 3);

  expect(server.mails.map(({ subject }) => subject)).toEqual(['Your account is closed']);
  expect(await records.messages.count('state', 'queued email')).toBe(0);

  // Nobody takes the next one's: after a day nobody knows any more whom it was for.
  server.refuse('rcpt', 450);
  const other = await app.account({ email: 'ben@example.com' });
  await accounts.delete(other.id, { actor: 'command-line' });
  await deal(app, 4);
  app.clock.advance(24 * 60 * minute);
  await deal(app, 5);
  const { rows } = await records.messages.scan();
  expect(rows.filter(({ sealed }) => sealed !== undefined)).toEqual([]);
});

test('what was sealed under a key that is gone is given up and stops nobody else', async () => {
  await using both = await openBoth();
  const { server, app } = both;
  const { records, messages } = app.services;
  const [write] = messages.compose('email-undone', { to: ana, locale: 'en', data: { at: 0 } });
  if (write?.in !== 'messages' || !('create' in write)) throw new Error('no row');

  await records.messages.create({ ...write.create, sealed: 'v1.otherkey.AAAA' });
  await put(app, ['email-undone', { to: 'ben@example.com', locale: 'en', data: { at: 0 } }]);

  expect((await deal(app, 2)).toSorted()).toEqual(['failed', 'sent']);
  expect(server.mails.map(({ to }) => to)).toEqual([['ben@example.com']]);
});
