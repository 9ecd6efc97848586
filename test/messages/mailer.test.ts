import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';

import { createMailer, type MailerSettings } from '../../src/messages/mailer.ts';
import { certificate, startMailServer, type MailServer } from '../support/mail-server.ts';

const written = { locale: 'ja' as const, subject: 'Hello', text: 'Plain text', html: '<p>Marked-up text</p>' };
const about = { id: 'message1', to: 'ana@example.com' };
const never = new AbortController().signal;

function mailerTo(server: MailServer, differently: Partial<MailerSettings> = {}) {
  return createMailer({
    smtp: { host: '127.0.0.1', port: server.port, security: 'none', user: undefined, password: undefined },
    from: 'id@northwind.example',
    from_name: 'Northwind ID',
    reply_to: undefined,
    issuer: 'https://id.northwind.example',
    ...differently,
  });
}

function smtp(server: MailServer, security: 'none' | 'starttls' | 'tls', user?: string, password?: string) {
  return { host: '127.0.0.1', port: server.port, security, user, password };
}

describe('a mail', () => {
  test('arrives as plain text and HTML, from the operator, marked as made by a program', async () => {
    await using server = await startMailServer();
    const mailer = mailerTo(server, { reply_to: 'help@northwind.example' });

    expect(await mailer.send(written, about, never)).toEqual({ kind: 'sent' });

    const mail = server.to('ana@example.com');
    expect(mail).toMatchObject({ from: 'id@northwind.example', subject: 'Hello', text: 'Plain text' });
    expect(mail.html).toBe('<p>Marked-up text</p>');
    expect(mail.types).toEqual(['multipart/alternative', 'text/plain', 'text/html']);
    expect(mail.headers).toMatchObject({
      from: 'Northwind ID <id@northwind.example>',
      to: 'ana@example.com',
      'reply-to': 'Northwind ID <help@northwind.example>',
      'message-id': '<message1@id.northwind.example>',
      'content-language': 'ja',
      'auto-submitted': 'auto-generated',
    });
  });

  test('carries the operator’s picture within itself', async () => {
    await using server = await startMailServer();
    const logo = { type: 'image/png', bytes: Buffer.from('89504e470d0a1a0a', 'hex') };

    await mailerTo(server).send({ ...written, html: '<img src="cid:logo">', logo }, about, never);

    const { types } = server.to('ana@example.com');
    expect(types).toEqual(['multipart/alternative', 'text/plain', 'multipart/related', 'text/html', 'image/png']);
  });

  test('has no header but its own, whatever a subject or a name holds', async () => {
    await using server = await startMailServer();
    const attack = 'Hello\r\nBcc: eve@example.net\r\n\r\nA body\u2028';
    const mailer = mailerTo(server, { from_name: 'Northwind "ID", <eve@example.net>' });

    await mailer.send({ ...written, subject: attack }, about, never);

    const mail = server.to('ana@example.com');
    expect(mail.to).toEqual(['ana@example.com']);
    expect(mail.headers).not.toHaveProperty('bcc');
    expect(mail.subject).toBe('Hello Bcc: eve@example.net A body\u2028');
    expect(mail.from).toBe('id@northwind.example');
    expect(mail.text).toBe('Plain text');
  });
});

describe('the connection', () => {
  const authorities = [readFileSync(certificate)];

  test.each(['starttls', 'tls'] as const)('is encrypted with %s, and signed in to inside', async (security) => {
    await using server = await startMailServer({ secure: security === 'tls', disabledCommands: [] });
    const mailer = mailerTo(server, { smtp: smtp(server, security, 'gatehouse', 'right'), authorities });

    expect(await mailer.send(written, about, never)).toEqual({ kind: 'sent' });
    expect(server.to('ana@example.com')).toMatchObject({ secure: true, user: 'gatehouse' });
    expect(await mailer.check()).toBeUndefined();
    expect(server.mails).toHaveLength(1);
  });

  test('is given up where the server has no STARTTLS: nothing is said in the clear', async () => {
    await using server = await startMailServer();
    const mailer = mailerTo(server, { smtp: smtp(server, 'starttls', 'gatehouse', 'right') });

    expect(await mailer.send(written, about, never)).toMatchObject({ kind: 'retry' });
    expect(server.steps.auth.count + server.steps.from.count).toBe(0);
    expect(await mailer.check()).toMatch(/STARTTLS/);
  });

  test('is given up where the certificate is nobody’s', async () => {
    await using server = await startMailServer({ disabledCommands: [] });
    const mailer = mailerTo(server, { smtp: smtp(server, 'starttls', 'gatehouse', 'right') });

    expect(await mailer.send(written, about, never)).toMatchObject({ kind: 'retry', error: /certificate/ });
    expect(server.steps.auth.count + server.steps.from.count).toBe(0);
  });

  test('a refused password is told, is no fault of the mail, and does not stand in what is told', async () => {
    await using server = await startMailServer({ disabledCommands: [] });
    const mailer = mailerTo(server, { smtp: smtp(server, 'starttls', 'gatehouse', 'canary-wrong'), authorities });
    const outcome = await mailer.send(written, about, never);

    expect(outcome).toMatchObject({ kind: 'retry', error: /AUTH.*535/ });
    expect(JSON.stringify([outcome, await mailer.check()])).not.toContain('canary');
  });

  test('a server that offers no sign-in gets no mail from somebody who should sign in', async () => {
    await using server = await startMailServer({ disabledCommands: ['STARTTLS', 'AUTH'] });
    const mailer = mailerTo(server, { smtp: smtp(server, 'none', 'gatehouse', 'right') });

    expect(await mailer.send(written, about, never)).toMatchObject({ kind: 'retry' });
    expect(server.mails).toEqual([]);
  });
});

describe('what a server answers', () => {
  test.each([
    ['greeting', 421, 'retry'],
    ['greeting', 554, 'retry'],
    ['from', 451, 'retry'],
    ['from', 530, 'retry'],
    ['from', 550, 'failed'],
    ['rcpt', 450, 'retry'],
    ['rcpt', 550, 'failed'],
    ['data', 452, 'retry'],
    ['data', 554, 'failed'],
  ] as const)('%s %d: %s', async (step, code, kind) => {
    await using server = await startMailServer();
    server.refuse(step, code);

    const outcome = await mailerTo(server).send(written, about, never);

    expect(outcome).toEqual({ kind, error: expect.stringContaining(String(code)) });
    // Servers repeat the address: it is nobody's business.
    expect(JSON.stringify(outcome)).not.toContain('ana@example.com');
    expect(server.mails).toEqual([]);
  });

  test('nobody is there', async () => {
    const server = await startMailServer();
    await server[Symbol.asyncDispose]();

    const mailer = mailerTo(server);
    expect(await mailer.send(written, about, never)).toEqual({
      kind: 'retry',
      error: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await mailer.check()).toContain('ECONNREFUSED');
  });
});

describe('a slow server', () => {
  const patience = { step: 300, talk: 600, lastWord: 20_000 };

  test.each(['greeting', 'from', 'rcpt'] as const)(
    'that keeps silent at %s is left: tried again later',
    async (step) => {
      await using server = await startMailServer();
      server.hold(step);

      const outcome = await mailerTo(server, { patience }).send(written, about, never);

      expect(outcome).toMatchObject({ kind: 'retry' });
      expect(server.mails).toEqual([]);
    },
  );

  test('that has the mail is waited for: giving up would deliver it twice', async () => {
    await using server = await startMailServer();
    await using silent = await startMailServer();
    const release = server.hold('data');
    silent.hold('rcpt');

    const sending = mailerTo(server, { patience }).send(written, about, never);
    await server.steps.data.reaches(1);
    // As long as anybody is waited for who has no mail yet.
    expect(await mailerTo(silent, { patience }).send(written, about, never)).toMatchObject({ kind: 'retry' });
    release();

    expect(await sending).toEqual({ kind: 'sent' });
    expect(server.mails).toHaveLength(1);
  });

  test('is told goodbye when we stop, as long as the mail is ours', async () => {
    await using server = await startMailServer();
    const stop = new AbortController();
    server.hold('rcpt');

    const sending = mailerTo(server).send(written, about, stop.signal);
    await server.steps.rcpt.reaches(1);
    stop.abort();

    expect(await sending).toEqual({ kind: 'unsent' });
  });
});
