import { describe, expect, test } from '@jest/globals';

import { production } from '../config/given.ts';
import { startTestApp } from '../support/app.ts';
import { openCommandLine } from '../support/command-line.ts';
import { certificate, startMailServer } from '../support/mail-server.ts';

const begin = 'client create --kind web --name A --redirect-uri https://a.example.net/';

/** Whatever it takes beside mail. */
const inProduction = {
  ...production,
  GATEHOUSE_PASSWORDS_ARGON2_MEMORY_KIB: '19456',
  GATEHOUSE_PASSWORDS_ARGON2_ITERATIONS: '2',
};

describe('the doctor', () => {
  test('says where development mode shows what it does not send', async () => {
    await using line = await openCommandLine();
    const { out } = await line.run('doctor');

    expect(out).toContain(
      'ok   mail: E-mail and text messages are not sent, but shown at http://localhost:3000/dev/outbox.',
    );
  });

  test('tries the mail server: connects and signs in, and sends nothing', async () => {
    await using server = await startMailServer({ disabledCommands: [] });
    await using line = await openCommandLine();
    const env = {
      ...server.env,
      GATEHOUSE_MESSAGES_SMTP_SECURITY: 'starttls',
      GATEHOUSE_MESSAGES_SMTP_USER: 'gatehouse',
      GATEHOUSE_MESSAGES_SMTP_PASSWORD: 'right',
      GATEHOUSE_OUTBOUND_TRUSTED_CA_FILE: certificate,
    };

    const good = await line.run('doctor', { env });
    expect(good.out).toContain(`ok   mail: 127.0.0.1:${server.port} takes e-mail from us.`);
    expect(good.code).toBe(0);
    expect([server.steps.auth.count, server.steps.from.count]).toEqual([1, 0]);

    const wrong = await line.run('doctor', { env: { ...env, GATEHOUSE_MESSAGES_SMTP_PASSWORD: 'canary-wrong' } });
    expect(wrong.code).toBe(1);
    expect(wrong.out).toMatch(/BAD  mail: 127\.0\.0\.1:\d+ takes no e-mail from us: AUTH.*535/);
    expect(wrong.out).not.toContain('canary');
  });

  test('says what production can’t send, by the settings that are missing', async () => {
    await using line = await openCommandLine();
    const { out } = await line.run('doctor', { env: inProduction });

    expect(out).toContain('messages.smtp.host is not set: no e-mail is sent');
    expect(out).toMatch(/Text messages are off; they need messages\.sms\.account_sid, .*messages\.sms\.countries/);
  });
});

test('messages list shows what waits and what was given up, and to whom it is shows nowhere', async () => {
  await using server = await startMailServer();
  const app = await startTestApp({ env: server.env });
  await using line = await openCommandLine();
  const { messages, records } = app.services;

  server.refuse('rcpt', 550);
  await records.write(messages.compose('email-undone', { to: 'ana@example.com', locale: 'en', data: { at: 0 } }));
  await app.logged('message');
  server.refuse('rcpt', 450);
  await records.write(messages.compose('email-undone', { to: 'ben@example.com', locale: 'en', data: { at: 0 } }));
  await app.logged('message', 2);

  const env = { GATEHOUSE_DATA: app.data };
  const listed = await line.run('messages list --json', { env });
  expect(JSON.parse(listed.out)).toMatchObject([
    { channel: 'email', template: 'email-undone', state: 'queued', tries: 1, error: expect.stringContaining('450') },
    { channel: 'email', template: 'email-undone', state: 'failed', tries: 1, error: expect.stringContaining('550') },
  ]);

  const table = (await line.run('messages list', { env })).out;
  expect(table).toMatch(/CREATED .*ERROR\n.* queued .*\n.* failed /);
  expect(table + listed.out).not.toMatch(/ana@|ben@/);

  const doctor = (await line.run('doctor', { env })).out;
  expect(doctor).toMatch(/look mail: Messages \(email\) given up in the last 30 days: 1, the last at .*550/);
  await app[Symbol.asyncDispose]();
});

test('the doctor says when text messages have switched themselves off', async () => {
  await using app = await startTestApp({ env: { GATEHOUSE_MESSAGES_SMS_CAPS_PER_DAY: '1' } });
  await using line = await openCommandLine();
  const env = { GATEHOUSE_DATA: app.data, GATEHOUSE_MESSAGES_SMS_CAPS_PER_DAY: '1' };

  expect((await line.run('doctor', { env })).out).not.toContain('used up');
  await app.services.messages.allowText({ number: '+4915112345678', ip: '203.0.113.9' });
  expect((await line.run('doctor', { env })).out).toContain('look mail: Today’s text messages are used up');
});

test('a machine without data has no messages to list', async () => {
  await using line = await openCommandLine();

  expect((await line.run('messages list')).code).toBe(1);
  await line.run(begin);
  expect((await line.run('messages list')).out).toMatch(/^CREATED/);
});
