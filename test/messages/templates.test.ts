import { describe, expect, test } from '@jest/globals';

import { locales, type Locale } from '../../src/domain/account.ts';
import type { Message } from '../../src/domain/message.ts';
import type { MailName, Mails, TextName } from '../../src/messages/catalogue.ts';
import { isOneSegment } from '../../src/messages/texts.ts';
import { createWriting, type WrittenMail } from '../../src/messages/writing.ts';
import { loaded, production } from '../config/given.ts';
import { textOf } from '../support/html.ts';
import { mailSamples, secret, textSamples } from './samples.ts';

const links = {
  GATEHOUSE_BRANDING_NAME: 'Northwind ID',
  GATEHOUSE_BRANDING_LINKS_HELP: 'https://northwind.example/help',
};
const config = loaded({ env: { ...production, ...links } });
const writing = createWriting(config);
const now = Date.UTC(2026, 6, 1, 22, 30);

function message(template: string, locale: Locale, differently: Partial<Message> = {}): Message {
  const times = { nextAt: now, createdAt: now, usefulUntil: now + 600_000, expiresAt: now + 1 };

  return { id: 'm', channel: 'email', template, locale, state: 'queued', attempts: 1, ...times, ...differently };
}

function mail<Name extends MailName>(
  name: Name,
  locale: Locale = 'en',
  data: Mails[Name] = mailSamples[name],
): WrittenMail {
  const written = writing.mail(message(name, locale), { to: 'a@b.example', timeZone: 'Europe/Berlin', data }, now);
  if (!written) throw new Error(`nothing is written for ${name}`);

  return written;
}

function text(name: TextName, locale: Locale, from = writing): string {
  const content = { to: '+49', timeZone: 'UTC', data: textSamples[name] };

  return from.text(message(name, locale, { channel: 'sms' }), content, now) ?? '';
}

const names = Object.keys(mailSamples) as MailName[];
const everyMail = names.flatMap((name) => locales.map((locale) => [name, locale] as const));

describe.each(everyMail)('%s in %s', (name, locale) => {
  const { subject, text: plain, html } = mail(name, locale);

  test('is complete, as plain text and as HTML', () => {
    expect(subject).toMatch(/\S/);
    expect(subject.length).toBeLessThanOrEqual(78);
    expect(plain).toContain('Northwind ID');
    expect(html).toContain(`<html lang="${locale}">`);
    expect(html).toContain('Northwind ID');

    for (const part of [subject, plain, html.replace(/<style>.*<\/style>/s, '')]) {
      expect(part).not.toMatch(/\{\w*\}|undefined|\bnull\b|NaN|\[object|message\./);
    }
  });

  test('says the same in both', () => {
    const bare = (line: string) =>
      line
        .replaceAll(/\s+/g, ' ')
        .replaceAll(/ ?:(?= |$)/g, '')
        .trim();
    const words = bare(textOf(html));

    for (const line of plain.split('\n').filter((one) => !/^\s*$|^-- |^https:|: https:/.test(one))) {
      expect(words).toContain(bare(line));
    }
  });

  test('leads to the issuer alone (S72), and to the operator’s own links', () => {
    const hrefs = [...html.matchAll(/href="([^"]*)"/g)].map(([, href = '']) => new URL(href).origin);

    expect(new Set([...hrefs, 'https://id.example.com'])).toEqual(
      new Set(['https://id.example.com', 'https://northwind.example']),
    );
    expect(html).not.toMatch(/<(img|script|link|form|iframe)\b|url\(|@import/);
  });
});

describe('codes', () => {
  test.each(['verify-email', 'sign-in-code', 'change-email-code'] as const)(
    '%s shows the code with its zero, alone on a line, and never in the subject',
    (name) => {
      for (const locale of locales) {
        const { subject, text: plain, html } = mail(name, locale);

        expect(plain).toMatch(/^ {4}012345$/m);
        expect(html).toContain('>012345</p>');
        expect(subject).not.toContain('012345');
      }
    },
  );

  test('say how long they still work when they go out, not how long they once did', () => {
    const late = writing.mail(
      message('verify-email', 'en', { usefulUntil: now + 175_000 }),
      { to: 'a@b.example', timeZone: 'UTC', data: mailSamples['verify-email'] },
      now,
    );

    expect(mail('verify-email').text).toContain('10 minutes');
    expect(late?.text).toContain('3 minutes');
  });

  test('a link has a code beside it, and says where to enter it', () => {
    for (const name of ['reset-password', 'email-changed', 'password-changed'] as const) {
      const { text: plain, html } = mail(name);

      expect(plain).toMatch(new RegExp(`^https://id\\.example\\.com/[\\w-]+\\?token=${secret}$`, 'm'));
      expect(plain).toMatch(/open https:\/\/id\.example\.com\/[\w-]+ and enter this code/);
      expect(plain).toMatch(new RegExp(`^ {4}${secret}$`, 'm'));
      expect(html).toContain(`>${secret}</p>`);
    }
  });
});

describe('security mails', () => {
  test('say what, when in the person’s time zone, with which device and from where', () => {
    const english = mail('new-device').text;

    expect(english).toContain('When: Thursday, July 2, 2026 at 12:30 AM GMT+2');
    expect(english).toContain('Device: Firefox on Windows');
    expect(english).toContain('IP address: 203.0.113.9');
    expect(english).toContain('Near: Kiel');
    expect(english).toContain('This wasn’t me:');

    const german = mail('new-device', 'de').text;
    expect(german).toContain('Wann: Donnerstag, 2. Juli 2026 um 00:30 MESZ');
    expect(german).toContain('Gerät: Firefox auf Windows');
    expect(german).toContain('Das war ich nicht:');
  });

  test('a browser that says what it likes puts no words of its own into a mail', () => {
    const userAgent = 'Call +1-900-555-0100 now/1.0 (Security Team; <b>) Urgent/2.0';
    const { text: plain, html } = mail('new-device', 'en', {
      ...mailSamples['new-device'],
      from: { ip: '203.0.113.9', userAgent },
    });

    expect(plain + html).not.toMatch(/Call|900|Urgent|Security Team/);
    expect(plain).toContain('Device: A program that doesn’t say what it is');
  });

  test('what people chose is text, wherever it stands', () => {
    const attack = '<img src=x onerror=alert(1)>"\'{service}';
    const written = [
      mail('factor-added', 'en', { ...mailSamples['factor-added'], factor: { kind: 'passkey', name: attack } }),
      mail('email-changed', 'en', { ...mailSamples['email-changed'], newEmail: attack }),
      mail('phone-changed', 'en', { ...mailSamples['phone-changed'], phone: attack }),
      mail('new-device', 'en', { ...mailSamples['new-device'], place: attack }),
    ];

    for (const { html, text: plain } of written) {
      expect(html).not.toContain('<img');
      expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;&#34;&#39;{service}');
      expect(plain).toContain(attack);
    }
  });

  test('S72: a path that would leave for another host is not written', () => {
    const away = { ...mailSamples['password-changed'], wasntMe: { path: '@evil.example/' as `/${string}` } };
    const doubled = { ...mailSamples['password-changed'], wasntMe: { path: '//evil.example/' } as const };

    expect(() => mail('password-changed', 'en', away)).toThrow(TypeError);
    expect(mail('password-changed', 'en', doubled).text).toContain('https://id.example.com//evil.example/');
  });
});

describe('text messages', () => {
  test.each(Object.keys(textSamples) as TextName[])('%s is one segment that begins with the code', (name) => {
    for (const locale of locales) {
      const written = text(name, locale);

      expect(written).toMatch(/^012345 /);
      expect(written.endsWith('\n\n@id.example.com #012345')).toBe(true);
      expect(isOneSegment(written)).toBe(true);
      expect(written).not.toMatch(/https?:|\{/);
    }
  });

  test('without https no browser would fill the code in, and the line is left out', () => {
    expect(text('phone-code', 'en', createWriting(loaded()))).toBe(
      '012345 is your code to confirm this number at Gatehouse.',
    );
  });

  test('where both do not fit into one segment, the code is what stays', () => {
    const name = 'ㄱ'.repeat(30);
    const long = createWriting(loaded({ env: { ...production, GATEHOUSE_BRANDING_NAME: name } }));

    expect(text('sign-in-code-text', 'en', long)).toBe(`012345 is your code to sign in to ${name}.`);
  });
});

test('what a later release queued is not guessed at', () => {
  const content = { to: 'a@b.example', timeZone: 'UTC', data: {} };

  expect(writing.mail(message('constructor', 'en'), content, now)).toBeUndefined();
  expect(writing.text(message('verify-email', 'en'), content, now)).toBeUndefined();
});
