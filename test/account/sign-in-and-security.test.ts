import { describe, expect, test } from '@jest/globals';

import { openConsole } from './console.ts';

const path = '/account/sign-in-and-security';
const wanted = 'nine herons judge the moor';
const current = 'seven lamps over the harbour';
const right = { currentPassword: current, newPassword: wanted, confirmPassword: wanted };

type Console = Awaited<ReturnType<typeof openConsole>>;

async function send(site: Console, fields: Record<string, string | undefined>) {
  const browser = site.browser();

  return browser.submit(await browser.get(path), fields, { form: path });
}

const problemAt = (html: string, name: string) => html.includes(`id="field-${name}-problem"`);

describe('sign-in & security: the password', () => {
  test('the rules stand beside the field, the box is ticked, password managers know whose it is', async () => {
    await using site = await openConsole();

    const page = await site.browser().get(path);

    expect(page.title).toBe('Sign-in &amp; security · Northwind ID');
    expect(page.words).toContain('15 to 256 characters');
    expect(page.forms.find(({ action }) => action === path)?.fields).toMatchObject({ everywhere: 'on' });
    expect(page.html).toMatch(/autocomplete="username" value="ana@example.com"/);
    expect(page.html.match(/autocomplete="(current|new)-password"/g)).toHaveLength(3);
  });

  test('S70: is changed, everything else is signed out, and this goes on under a new id', async () => {
    await using site = await openConsole();

    const page = await send(site, right);

    expect(page.status).toBe(200);
    expect(page.words).toContain('Your password is changed, and you are signed out everywhere else.');
    expect(site.security).toMatchObject({ password: wanted, spared: ['s1'], failures: 0 });
    expect(site.played.calls).toEqual([['renewSession']]);
  });

  test('without the tick nothing else is signed out; the id is a new one all the same', async () => {
    await using site = await openConsole();

    const page = await send(site, { ...right, everywhere: undefined });

    expect(page.words).toContain('Your password is changed.');
    expect(site.security).toMatchObject({ password: wanted, spared: [] });
    expect(site.played.calls).toEqual([['renewSession']]);
  });

  test('S69: a wrong current one has words of its own, is counted, and changes nothing', async () => {
    await using site = await openConsole();

    const page = await send(site, { ...right, currentPassword: 'a wrong one', everywhere: undefined });

    expect(page.status).toBe(422);
    expect(page.html).toMatch(/id="field-currentPassword-problem">.*This is not your current password\./s);
    expect(page.html).not.toContain('a wrong one');
    expect(page.html).not.toContain(wanted);
    expect(page.forms.find(({ action }) => action === path)?.fields).not.toHaveProperty('everywhere');
    expect(site.security).toMatchObject({ password: current, failures: 1 });
    expect(site.played.calls).toEqual([]);
  });

  test.each([
    ['confirmPassword', { confirmPassword: 'another one altogether' }, 'This differs from the new password.'],
    ['newPassword', { newPassword: 'short', confirmPassword: 'short' }, 'Use at least 15 characters.'],
    ['newPassword', { newPassword: 'ana@example.com 1', confirmPassword: 'ana@example.com 1' }, 'leave out your name'],
    ['currentPassword', { currentPassword: '' }, 'This is needed.'],
  ])('problems stand beside %s', async (name, fields, words) => {
    await using site = await openConsole();

    const page = await send(site, { ...right, ...fields });

    expect(page.status).toBe(422);
    expect(problemAt(page.html, name)).toBe(true);
    expect(page.words).toContain(words);
    expect(site.security).toMatchObject({ password: current, failures: 0 });
  });

  test('S69: a wait is said as on sign-in, and the box stays as it was', async () => {
    await using site = await openConsole();
    site.security.admission = { allowed: false, reason: 'pair', retryAfter: 90 };

    const page = await send(site, { ...right, everywhere: undefined });

    expect(page.status).toBe(429);
    expect(page.headers['retry-after']).toBe('90');
    expect(page.words).toContain('Wait 2 minutes, then try again.');
    expect(page.forms.find(({ action }) => action === path)?.fields).not.toHaveProperty('everywhere');
    expect(site.security.password).toBe(current);
  });

  test('where waiting does not help, no wait is named', async () => {
    await using site = await openConsole();
    site.security.admission = { allowed: false, reason: 'locked', retryAfter: 300 };

    const page = await send(site, right);

    expect(page.status).toBe(429);
    expect(page.words).toContain('Ask an administrator');
    expect(page.headers['retry-after']).toBeUndefined();
  });

  test('a sign-in that is not recent is asked for again, before and while the form is open', async () => {
    await using site = await openConsole();
    const browser = site.browser();
    const page = await browser.get(path);
    site.clock.time += 600_000;

    expect((await browser.get(path)).location).toContain('max_age=299');
    expect((await browser.submit(page, right, { form: path })).location).toContain('max_age=299');
    expect(site.security.password).toBe(current);
  });
});
