import { describe, expect, test } from '@jest/globals';

import { startSecureApp } from '../security/web/secure.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { startMailServer } from '../support/mail-server.ts';
import { startTextServer } from '../support/text-server.ts';
import { mailSamples } from './samples.ts';

async function write(app: TestApp): Promise<void> {
  const { records, messages } = app.services;
  const to = { to: 'ana@example.com', locale: 'en' } as const;

  await records.write(messages.compose('verify-email', { ...to, data: { code: '314159', lives: 600 } }));
  app.clock.advance(1000);
  await records.write(messages.compose('reset-password', { ...to, data: mailSamples['reset-password'] }));
  app.clock.advance(1000);

  const allowed = await messages.allowText({ number: '+4915112345678', ip: '203.0.113.9' });
  if (!allowed.allowed) throw new Error(allowed.reason);
  await records.write(
    messages.composeText('phone-code', { to: allowed.to, locale: 'en', data: { code: '271828', lives: 600 } }),
  );
  messages.wake();
  await app.logged('message', 3);
}

describe('the outbox of development mode', () => {
  test('shows what would have been sent, newest first', async () => {
    await using app = await startTestApp();
    const browser = openBrowser(app.url);

    expect((await browser.get('/dev/outbox')).words).toContain('Nothing yet.');
    await write(app);

    const { words } = await browser.get('/dev/outbox');
    const places = ['271828 is your code', 'Choose a new password', 'Confirm your e-mail address'].map((title) =>
      words.indexOf(title),
    );
    expect(Math.min(...places)).toBeGreaterThan(0);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(words).toContain('ana@example.com');
    expect(words).toContain('+4915112345678');
  });

  test('shows a mail as plain text, as HTML, and where it leads', async () => {
    await using app = await startTestApp();
    await write(app);
    const browser = openBrowser(app.url);
    const { id, link, code } = await app.mail.to('ana@example.com', 'reset-password');

    const page = await browser.get(`/dev/outbox/${id}`);
    expect(page.words).toContain(code);
    expect(page.html).toContain(`href="${link}"`);
    expect(link).toMatch(new RegExp(`^${app.url}/reset\\?token=`));
    expect(page.headers['content-security-policy']).toContain("frame-src 'self'");

    const html = await browser.get(`/dev/outbox/${id}/html`);
    expect(html.words).toContain('Somebody, probably you, asked for a new password');
  });

  test('shows HTML as a document that is of no origin, runs nothing and fetches nothing', async () => {
    await using app = await startTestApp();
    await write(app);
    const { id } = await app.mail.to('ana@example.com');
    const { headers } = await openBrowser(app.url).get(`/dev/outbox/${id}/html`);
    const policy = String(headers['content-security-policy']).split('; ');

    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "form-action 'none'", "frame-ancestors 'self'"]),
    );
    expect(policy.find((one) => one.startsWith('sandbox'))).toBe('sandbox allow-popups allow-popups-to-escape-sandbox');
    expect(policy.join(' ')).not.toMatch(/script-src|allow-same-origin|allow-scripts/);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test('has no page for what is not there', async () => {
    await using app = await startTestApp();
    await write(app);
    const browser = openBrowser(app.url);
    const { id } = await app.texts.to('+4915112345678');

    expect((await browser.get('/dev/outbox/nothing')).status).toBe(404);
    expect((await browser.get('/dev/outbox/nothing/html')).status).toBe(404);
    expect((await browser.get(`/dev/outbox/${id}/html`)).status).toBe(404);
    expect((await browser.get(`/dev/outbox/${id}`)).words).toContain('271828');
  });

  test('is not there where everything is sent', async () => {
    await using mail = await startMailServer();
    await using texts = await startTextServer();
    await using app = await startTestApp({ env: { ...mail.env, ...texts.env } });

    expect((await openBrowser(app.url).get('/dev/outbox')).status).toBe(404);
  });

  test('S114: production has no such page, and queues nothing that nobody sends', async () => {
    await using app = await startSecureApp();

    expect((await openBrowser(app.url, app.reach).get('/dev/outbox')).status).toBe(404);
    const { messages } = app.services;

    const data = { code: '314159', lives: 600 };
    expect(messages.compose('verify-email', { to: 'ana@example.com', locale: 'en', data })).toEqual([]);
    expect(messages.canSendEmail).toBe(false);
    expect(messages.canSendText()).toBe(false);
    expect(await messages.allowText({ number: '+4915112345678', ip: '203.0.113.9' })).toEqual({
      allowed: false,
      reason: 'off',
    });
  });
});
