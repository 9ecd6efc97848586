import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { createMailer, type Mailer } from '../../src/messages/mailer.ts';
import { startTestApp } from '../support/app.ts';
import { startMailServer, type MailServer } from '../support/mail-server.ts';

/** What an attacker types so that a mail meant for victim.example reaches somebody else (SECURITY: nodemailer's history). */
const hostile = [
  '"attacker@evil.example x"@victim.example',
  '"attacker@evil.example"@victim.example',
  '"attacker@evil.example,"@victim.example',
  'attacker@evil.example,ana@victim.example',
  'attacker@evil.example ana@victim.example',
  'attacker@evil.example;ana@victim.example',
  'attacker@evil.example\r\nana@victim.example',
  'ana@victim.example\r\nRCPT TO:<attacker@evil.example>',
  'ana@victim.example>\r\nRCPT TO:<attacker@evil.example',
  'ana@victim.example\nBcc: attacker@evil.example',
  'ana@victim.example\r\nDATA\r\nSubject: hi',
  '<attacker@evil.example>',
  'Ana <attacker@evil.example>',
  '<attacker@evil.example>ana@victim.example',
  'ana@victim.example <attacker@evil.example>',
  'ana@victim.example(attacker@evil.example)',
  '(comment)ana@victim.example',
  'ana@victim.example@evil.example',
  'attacker@evil.example@victim.example',
  'attacker\\@evil.example@victim.example',
  'group:attacker@evil.example;',
  '@evil.example:ana@victim.example',
  'ana@[127.0.0.1]',
  'ana@[IPv6:::1]',
  'ana@127.0.0.1',
  'ana@0x7f.1',
  'ana@victim.example.',
  'ana@.victim.example',
  'ana@victim..example',
  'ana@-victim.example',
  'ana@victim.example/evil.example',
  'ana@victim.example#evil.example',
  'ana@victim.example\u0000evil.example',
  'ana@victim.example\u2028attacker@evil.example',
  'ana@victim\u3002example\u3000attacker@evil.example',
  '=?utf-8?q?attacker=40evil.example=3e?=@victim.example',
  'attacker%evil.example@victim.example',
  'evil.example!attacker@victim.example',
  ' ana@victim.example',
  'ana@victim.example ORCPT=rfc822;attacker@evil.example',
  'ana',
  '',
];

/** Odd, and one reading each: with how the server is told them. */
const odd: [string, string][] = [
  ["o'brien+tag@victim.example", "o'brien+tag@victim.example"],
  // The server shows names in letters again.
  ['ana@bücher.example', 'ana@bücher.example'],
  ['ana@ＶＩＣＴＩＭ.example', 'ana@victim.example'],
  ['a{b}|c~d@victim.example', 'a{b}|c~d@victim.example'],
];

const never = new AbortController().signal;
const written = { locale: 'ja' as const, subject: 'Hello', text: 'Hello', html: '<p>Hello</p>' };

function mailerTo({ port }: MailServer): Mailer {
  return createMailer({
    smtp: { host: '127.0.0.1', port, security: 'none', user: undefined, password: undefined },
    from: 'id@northwind.example',
    from_name: 'Northwind',
    reply_to: undefined,
    issuer: 'https://id.northwind.example',
  });
}

describe('a hostile address', () => {
  let server: MailServer;

  beforeAll(async () => {
    server = await startMailServer();
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test.each(hostile)('%j gets no mail, and nobody else does', async (to) => {
    expect(await mailerTo(server).send(written, { id: 'm', to }, never)).toMatchObject({ kind: 'failed' });
    expect(server.mails).toEqual([]);
    expect(server.steps.rcpt.count).toBe(0);
  });

  test('goes through no door: neither an account nor a message is made for it', async () => {
    await using app = await startTestApp();
    const { accounts, messages } = app.services;
    const by = { actor: 'command-line' };

    // Blanks at the ends are a slip of the keyboard and taken away; numbers are refused where they would be looked up.
    for (const email of hostile.filter((one) => one === one.trim() && !/^ana@(\d|0x)/.test(one))) {
      const mail = { to: email, locale: 'en', data: { at: 0 } } as const;

      expect({ email, made: (await accounts.create({ email, displayName: 'Ana' }, by)).ok }).toEqual({
        email,
        made: false,
      });
      expect(() => messages.compose('email-undone', mail)).toThrow(TypeError);
    }
  });
});

test.each(odd)('%s is one address, told as %s', async (to, told) => {
  await using server = await startMailServer();

  expect(await mailerTo(server).send(written, { id: 'm', to }, never)).toEqual({ kind: 'sent' });
  expect(server.mails.map((mail) => mail.to)).toEqual([[told]]);
});

describe('a mailbox in other letters', () => {
  const to = '用户@例え.example';

  test('is told as it is to a server that knows them', async () => {
    await using server = await startMailServer();

    expect(await mailerTo(server).send(written, { id: 'm', to }, never)).toEqual({ kind: 'sent' });
    expect(server.mails.map((mail) => mail.to)).toEqual([[to]]);
  });

  test('is not told to one that would make another address of it', async () => {
    await using server = await startMailServer({ hideSMTPUTF8: true });

    expect(await mailerTo(server).send(written, { id: 'm', to }, never)).toMatchObject({
      kind: 'failed',
      error: /SMTPUTF8/,
    });
    expect(server.steps.rcpt.count).toBe(0);
  });
});
