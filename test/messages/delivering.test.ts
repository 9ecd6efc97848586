import { describe, expect, test } from '@jest/globals';

import type { Message } from '../../src/domain/message.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { startMailServer } from '../support/mail-server.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

const notice = { at: Date.UTC(2026, 0, 1), wasntMe: { path: '/account' } } as const;

async function send(app: TestApp, to = 'ana@example.com'): Promise<void> {
  const { records, messages } = app.services;

  await records.write(messages.compose('password-changed', { to, locale: 'en', data: notice }));
  messages.wake();
}

async function rows(app: TestApp, state: string): Promise<Message[]> {
  return (await app.services.records.messages.list('state', `${state} email`)).rows;
}

/** Lets time pass, and everything that is due then happen: `lines` are written to the log by then in all. */
async function pass(app: TestApp, milliseconds: number, lines: number): Promise<void> {
  app.clock.advance(milliseconds);
  app.services.messages.wake();
  await app.logged('message', lines);
}

describe('a message', () => {
  test('is sent at once, outside the request, and forgotten but for that it was sent', async () => {
    await using server = await startMailServer();
    await using app = await startTestApp({ env: server.env });

    await send(app);
    await app.logged('message');

    expect(server.to('ana@example.com').subject).toBe('Your password was changed');
    const [row] = await rows(app, 'sent');
    expect(row).toMatchObject({ template: 'password-changed', attempts: 1 });
    expect(row).not.toHaveProperty('sealed');
  });

  test('rests sealed, and stands in no log', async () => {
    await using server = await startMailServer();
    server.refuse('rcpt', 450);
    await using app = await startTestApp({ env: server.env });
    const { records, messages } = app.services;

    await records.write(
      messages.compose('verify-email', {
        to: 'canary@example.com',
        locale: 'en',
        data: { code: '314159', lives: 600 },
      }),
    );
    messages.wake();
    await app.logged('message');

    const everything = JSON.stringify([await rows(app, 'queued'), app.log]);
    expect(everything).toContain('verify-email');
    expect(everything).not.toContain('canary');
    expect(everything).not.toContain('314159');
  });

  test('that is refused for now is tried again, later and later, and delivered once', async () => {
    await using server = await startMailServer();
    await using app = await startTestApp({ env: server.env });

    server.refuse('rcpt', 450);
    await send(app);
    await app.logged('message');

    let tries = 1;
    for (const wait of [10 * second, minute, 5 * minute, 30 * minute, 2 * hour, 6 * hour]) {
      const [row] = await rows(app, 'queued');
      const ahead = (row?.nextAt ?? 0) - app.clock.now();
      expect(ahead).toBeLessThanOrEqual(wait);
      expect(ahead).toBeGreaterThan(wait - 5 * second);

      tries += 1;
      await pass(app, wait, tries);
      expect(server.steps.rcpt.count).toBe(tries);
    }

    server.refuse('rcpt', undefined);
    await pass(app, 12 * hour, tries + 1);
    app.clock.advance(48 * hour);
    await send(app, 'ben@example.com');
    await app.logged('message', tries + 2);

    expect(server.mails.map(({ to }) => to)).toEqual([['ana@example.com'], ['ben@example.com']]);
    expect(await rows(app, 'queued')).toEqual([]);
  });

  test('that nobody takes for a day is given up, which everybody can see', async () => {
    await using server = await startMailServer();
    await using app = await startTestApp({ env: server.env });
    const ana = await app.account({ email: 'ana@example.com' });
    const { records, messages, events } = app.services;

    server.refuse('greeting', 421);
    await records.write(
      messages.compose('password-changed', { to: ana.email, locale: 'en', accountId: ana.id, data: notice }),
    );
    messages.wake();
    await app.logged('message');

    for (let tries = 2; tries <= 8; tries += 1) await pass(app, 12 * hour, tries);

    const [row] = await rows(app, 'failed');
    expect(row).toMatchObject({ attempts: 8, lastError: expect.stringContaining('421') });
    expect(row).not.toHaveProperty('sealed');
    const failed = (await events.read(ana)).events.filter(({ kind }) => kind === 'message.failed');
    expect(failed).toMatchObject([{ actor: 'server', details: { channel: 'email', template: 'password-changed' } }]);
  });

  test('that is refused for good is given up at once', async () => {
    await using server = await startMailServer();
    await using app = await startTestApp({ env: server.env });

    server.refuse('rcpt', 550);
    await send(app);
    await app.logged('message');

    expect(await rows(app, 'failed')).toMatchObject([{ attempts: 1, lastError: expect.stringContaining('550') }]);
    expect(await rows(app, 'queued')).toEqual([]);
  });
});
