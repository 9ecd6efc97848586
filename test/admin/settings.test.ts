import { readFileSync } from 'node:fs';
import { setTimeout as elapsed } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import { loadConfig } from '../../src/config/load.ts';
import { withManaged } from '../../src/config/managed.ts';
import { accentContrast, grounds, neededContrast, usualAccents } from '../../src/domain/accent.ts';
import { cssFault, logoTypeOf } from '../../src/domain/branding-files.ts';
import { openAdministration } from '../support/administration.ts';
import { openBrowser, type Page } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { startNodes } from '../support/nodes.ts';
import { needsOf, type Pair } from '../support/storage.ts';
import { within } from '../support/within.ts';

const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z" fill="#123456"/></svg>';
const base64 = (text: string) => Buffer.from(text).toString('base64');

type Held = { name: string; source: string; value?: unknown; fixedBy?: string; isSet: boolean };

for (const pair of ['sqlite', 'mongo+redis'] satisfies Pair[]) {
  describeWith(needsOf(pair), `settings on ${pair}`, () => {
    test('S113: an administrator sets what is not fixed; it is in force at once, told in the log, and never lost to another', async () => {
      await using room = await openAdministration(pair, {
        env: { GATEHOUSE_SESSION_IDLE: '2d', GATEHOUSE_MESSAGES_SMTP_SECURITY: 'starttls' },
      });
      const admin = await room.somebody('admin', { email: 'root@example.com' });
      const auditor = await room.somebody('auditor');
      const key = await room.key(admin.account);
      const read = async () => room.ask('/settings', { key });
      const held = async (name: string) =>
        ((await read()).body.settings as Held[]).find((one) => one.name === name) ?? ({} as Held);
      const patch = (version: number, body: object) =>
        room.ask('/settings', { key, method: 'PATCH', body, headers: { 'if-match': `"${version}"` } });

      // What is fixed says where, and can't be changed.
      expect(await held('session.idle')).toMatchObject({
        source: 'fixed',
        value: '2d',
        fixedBy: 'GATEHOUSE_SESSION_IDLE',
      });
      const fixed = await patch(0, { 'session.idle': '1d', 'branding.name': 'Never' });
      expect([fixed.status, fixed.body.errors]).toEqual([
        422,
        [{ field: 'session.idle', detail: expect.stringContaining('GATEHOUSE_SESSION_IDLE') }],
      ]);
      expect(await held('branding.name')).toMatchObject({ source: 'default', value: 'Gatehouse' });

      // Fifty at once: one, and everybody else is told.
      const raced = await Promise.all(
        Array.from({ length: 50 }, (_, at) => patch(0, { 'branding.name': `Northwind ${at}` })),
      );
      expect(raced.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, ...Array(49).fill(412)]);

      // The next page of the one that wrote has it.
      const name = (await held('branding.name')).value as string;
      expect((await openBrowser(room.app.url).open('/account')).title).toContain(name);

      // Beside the field, in the person's language; what was typed stays.
      const { browser } = admin;
      const list = await browser.open('/admin/settings');
      expect(list.words).toContain('GATEHOUSE_SESSION_IDLE');
      const form = await browser.open('/admin/settings/passwords');
      const wrong = await browser.submit(form, { 'pw.minimum_length': '7', 'limits.sign_in.window': 'long' });
      expect(wrong.status).toBe(422);
      expect(wrong.words).toContain('Write a whole number from 8 to 64.');
      expect(wrong.words).toContain('Write a length of time from 1m to 24h');
      expect(wrong.html).toContain('value="long"');
      const crossed = await browser.submit(wrong, {
        'pw.minimum_length': '10',
        'pw.minimum_length_with_second_factor': '12',
        'limits.sign_in.window': '',
      });
      expect(crossed.words).toContain('This must not be more than passwords.minimum_length.');

      const other = await browser.open('/admin/settings/passwords');
      expect((await browser.submit(crossed, { 'pw.minimum_length_with_second_factor': '9' })).words).toContain(
        'The settings are changed',
      );
      expect(room.app.services.config.passwords.minimum_length).toBe(10);
      const late = await browser.submit(other, { 'pw.minimum_length': '20' });
      expect([late.status, late.words]).toEqual([
        409,
        expect.stringContaining('Somebody else has changed the settings'),
      ]);
      expect(room.app.services.config.passwords.minimum_length).toBe(10);

      // A secret is written only.
      const secret = 'smtp-secret-4711';
      const mail = await browser.submit(await browser.open('/admin/settings/mail'), {
        'messages.smtp.host': 'mail.example.com',
        'messages.from': 'id@example.com',
        'messages.smtp.user': 'gatehouse',
        'messages.smtp.password': secret,
      });
      expect(mail.words).toContain('The settings are changed');
      expect(room.app.services.config.messages.smtp.password).toBe(secret);
      expect(await held('messages.smtp.password')).toEqual(expect.objectContaining({ isSet: true, source: 'kept' }));
      const events = await room.ask('/audit?kind=settings.changed', { key });
      expect(events.body.events[0].details.changes).toMatchObject({
        'messages.from': { before: null, after: 'id@example.com' },
        'messages.smtp.password': { before: null, after: 'set anew' },
      });
      const { rows } = await room.app.services.records.settings.scan({ limit: 100 });
      const shown = [JSON.stringify(events.body), JSON.stringify(rows), (await read()).body, room.app.log.join()];
      expect(JSON.stringify(shown)).not.toContain(secret);
      const { version } = (await read()).body as { version: number };
      expect((await patch(version, { 'messages.smtp.security': 'none' })).status).toBe(422);

      // What the mail server says, and no more of it than a few an hour.
      const test = () => room.ask('/settings/test-mails', { key, method: 'POST', body: { to: 'ana@example.com' } });
      expect((await test()).body).toEqual({ sent: false, error: expect.stringMatching(/./) });
      const more = await Promise.all(Array.from({ length: 5 }, test));
      expect(more.filter(({ status }) => status === 422)).toHaveLength(1);

      // Whoever only looks, changes nothing (S36).
      expect((await auditor.browser.open('/admin/settings')).words).toContain(name);
      expect((await auditor.browser.get('/admin/settings/mail')).status).toBe(403);

      // Started again, it is what it was.
      await room.app.restart();
      expect(room.app.services.config.messages.smtp.password).toBe(secret);
    }, 120_000);

    test('a change is in force on every node within 5 s', async () => {
      await using nodes = await startNodes({ pair, settingsEvery: 100 });
      const { first, second } = nodes;
      const by = { actor: 'command-line' };

      const done = await first.services.settings.update({ 'branding.name': 'Northwind', 'session.idle': '3d' }, by, {
        version: 0,
      });
      expect(done).toMatchObject({ ok: true, value: { version: 1 } });
      expect(first.services.config.branding.name).toBe('Northwind');

      await within(
        5_000,
        async () => {
          await elapsed(50);

          return second.services.config.branding.name;
        },
        (name) => name === 'Northwind',
      );
      expect(second.services.config.session.idle).toBe(3 * 86_400);
      expect((await openBrowser(second.url).open('/account')).title).toContain('Northwind');
    }, 60_000);
  });
}

describe('branding', () => {
  test('S52: a logo, colours and a stylesheet are seen before they are kept, and can do nothing', async () => {
    await using room = await openAdministration('sqlite');
    const { browser } = await room.somebody('admin');
    const form = await browser.open('/admin/settings/branding');

    const pale = await browser.submit(form, { 'branding.accent.light': '#9db4ff' }, { button: 'Preview' });
    expect(pale.words).toMatch(/contrast of 1\.\d\d to 1 .* needs 4\.5 to 1/);
    const fetching = await browser.submit(
      form,
      { 'branding.css': 'a{background:url(//evil.example)}' },
      { button: 'Preview' },
    );
    expect(fetching.words).toContain('This stylesheet fetches something');

    const preview = await browser.submit(
      form,
      {
        'branding.name': 'Northwind',
        'branding.accent.light': '#7a1fa2',
        'branding.css': '.panel { border-width: 3px }',
        'branding.logo': base64(svg),
      },
      { button: 'Preview' },
    );
    expect(preview.words).toContain('Nothing is kept yet');
    const dark = await browser.get(`${new URL(preview.url).pathname}/dark`);
    expect(dark.headers['content-security-policy']).toContain('sandbox');
    expect(dark.html).toContain('border-width: 3px');
    expect(dark.html).toContain('color-scheme: dark');
    expect(dark.words).toContain('Northwind');
    expect((await browser.open('/account')).title).not.toContain('Northwind');
    const stranger = await room.somebody('admin');
    expect((await stranger.browser.get(`${new URL(preview.url).pathname}/dark`)).status).toBe(404);

    expect((await browser.submit(preview, {}, { form: '/preview/' })).words).toContain('The settings are changed');
    const account = await browser.open('/account');
    expect(sheetsOf(account)).toEqual(['style.css', 'accent.css', 'branding.css']);
    expect(sheetsOf(await browser.open('/admin/settings'))).toEqual(['style.css', 'accent.css']);
    const logo = /src="(\/assets\/logo\.svg\?v=[^"]+)"/.exec(account.html)?.[1] ?? '';
    const picture = await browser.get(logo);
    expect(picture.headers).toMatchObject({
      'content-type': 'image/svg+xml',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining('sandbox'),
    });

    // As a browser sends a file.
    const again = await browser.open('/admin/settings/branding');
    const parts = new FormData();
    const fields = again.forms.find(({ action }) => action.includes('branding'))?.fields ?? {};
    for (const [field, value] of Object.entries(fields)) if (field !== 'branding.logo') parts.set(field, value);
    parts.set('answer', 'keep');
    parts.set('branding.logo', new Blob(['<svg onload="alert(1)"/>'], { type: 'image/png' }), 'logo.png');
    const sent = new Response(parts);
    const answer = await browser.send('POST', '/admin/settings/branding', {
      headers: {
        'content-type': sent.headers.get('content-type') ?? '',
        'sec-fetch-site': 'same-origin',
        origin: 'null',
      },
      body: Buffer.from(await sent.arrayBuffer()),
    });
    expect([answer.status, answer.words]).toEqual([422, expect.stringContaining('no plain SVG')]);
  }, 60_000);

  test('S52: what a picture or a stylesheet could do is refused, whatever it is called', () => {
    const within = (inner: string, more = '') =>
      Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg"${more}>${inner}</svg>`);

    expect(logoTypeOf(Buffer.from(svg))).toBe('image/svg+xml');
    expect(logoTypeOf(within('<g fill="url(#a)"><use href="#b"/></g>'))).toBe('image/svg+xml');
    for (const bad of [
      within('<script>1</script>'),
      within('', ' onload="x()"'),
      within('<image href="https://evil.example/x.png"/>'),
      within('<use href="https://evil.example/x.svg#a"/>'),
      within('<a href="javascript:x()">a</a>'),
      within('<foreignObject></foreignObject>'),
      within('<style>@import url(//evil.example)</style>'),
      within('<path fill="url(https://evil.example/)"/>'),
      within('<path fill="ur&#108;(//evil.example/)"/>'),
      within('<path d="a>b" onclick="x()"/>'),
      Buffer.from('<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>'),
      Buffer.from('GIF89a'),
    ]) {
      expect([String(bad), logoTypeOf(bad)]).toEqual([String(bad), undefined]);
    }

    for (const bad of [
      '@import "//evil.example"',
      'a{background:URL (x)}',
      'a{background:\\75rl(x)}',
      '</style><script>',
      'a{behavior: x}',
      'a{background:image-set("x" 1x)}',
    ]) {
      expect([bad, cssFault(bad)]).toEqual([bad, 'fetches']);
    }
    expect(cssFault('x'.repeat(20_001))).toBe('tooLong');
    expect(cssFault('.panel > h1 { color: var(--accent); }\n')).toBeUndefined();
  });

  test('our own colours are as readable as the operator’s have to be, and the grounds are those of the stylesheet', () => {
    const css = readFileSync(new URL('../../views/assets/style.css', import.meta.url), 'utf8');
    const names = ['paper', 'surface', 'sunken'];
    const stands = names.map((name) => new RegExp(`--${name}: light-dark\\((#\\w+), (#\\w+)\\)`).exec(css)?.slice(1));

    expect(stands).toEqual(names.map((_, at) => [grounds.light[at], grounds.dark[at]]));
    expect(accentContrast(usualAccents.light, 'light')).toBeGreaterThanOrEqual(neededContrast);
    expect(accentContrast(usualAccents.dark, 'dark')).toBeGreaterThanOrEqual(neededContrast);
  });

  test('nothing is taken that a start in production would refuse', () => {
    const { config } = loadConfig({
      env: {
        GATEHOUSE_ISSUER: 'https://id.example.com',
        GATEHOUSE_SECRETS_ENCRYPTION_KEY: 'q83vEjRWeJASNFZ4kKvN7wEjRWeJq83vEjRWeJASNFY',
      },
    });
    if (!config) throw new Error('refused');

    expect(withManaged(config, { values: { 'registration.allowed': true } }).faults?.map(({ path }) => path)).toEqual([
      'registration.allowed',
    ]);
    expect(withManaged(config, { values: { 'branding.links.help': 'javascript:alert(1)' } }).faults).toHaveLength(1);
  });
});

function sheetsOf(page: Page): string[] {
  return [...page.html.matchAll(/<link rel="stylesheet" href="\/assets\/([\w.-]+)/g)].map(([, name = '']) => name);
}
