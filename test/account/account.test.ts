import { describe, expect, test } from '@jest/globals';

import { accountConsole } from '../../src/account/index.ts';
import { openConsole } from './console.ts';

const path = '/account/personal-information';

describe('the console', () => {
  test('opens on its first page', async () => {
    await using site = await openConsole();

    const page = await site.browser().open('/');

    expect(page.url).toBe(site.origin + path);
    expect(page.title).toBe('Personal information · Northwind ID');
  });

  test('shows exactly the pages that there are', async () => {
    await using site = await openConsole();
    const browser = site.browser();

    const { html } = await browser.get(path);
    const links = [...html.matchAll(/<nav.*?<\/nav>/gs)].flatMap(([nav]) => [...nav.matchAll(/href="([^"]+)"/g)]);

    expect(links.map(([, address]) => address)).toEqual(accountConsole.navigation.map((place) => place.path));

    for (const place of accountConsole.navigation) expect((await browser.get(place.path)).status).toBe(200);
  });

  test('asks whoever is not signed in to sign in, and leads back', async () => {
    await using site = await openConsole();
    site.session = undefined;

    const { location } = await site.browser().get(path);

    expect(location).toContain(`back=${encodeURIComponent(path)}`);
  });
});

describe('personal information', () => {
  test('shows what is known: e-mail and phone to read, the rest to change', async () => {
    await using site = await openConsole({ phone: { number: '+4915112345678', verified: false }, task: 'Payroll' });

    const { words, forms } = await site.browser().get(path);

    expect(words).toContain('E-mail Verified ana@example.com');
    expect(words).toContain('Mobile phone Not verified 01511 2345678 (Germany)');
    expect(forms.find(({ action }) => action === path)?.fields).toMatchObject({
      firstName: 'Ana',
      lastName: 'Lindqvist',
      displayName: 'Ana Lindqvist',
      task: 'Payroll',
      locale: 'en',
    });
  });

  test('further claims: those that the operator shows and that have a value', async () => {
    const claims = {
      website: 'https://ana.example.com',
      gender: 'x',
      address: { street_address: 'Kai 1', locality: 'Kiel' },
    };
    await using site = await openConsole({ claims }, ['nickname', 'website', 'address']);

    const { words } = await site.browser().get(path);

    expect(words).toContain('Website https://ana.example.com Postal address Kai 1, Kiel');
    expect(words).not.toMatch(/Gender|Nickname/);
  });

  test('saves as the person, says so on the next page, once', async () => {
    await using site = await openConsole();
    const browser = site.browser();

    const saved = await browser.submit(await browser.get(path), { displayName: 'Ana L.', task: 'Accounts' });

    expect(saved.words).toContain('Your changes are saved.');
    expect(saved.words).toContain('Personal information');
    expect(site.changes).toEqual([
      {
        accountId: 'a1',
        actor: 'a1',
        input: {
          firstName: 'Ana',
          lastName: 'Lindqvist',
          displayName: 'Ana L.',
          task: 'Accounts',
          locale: 'en',
          claims: { zoneinfo: null },
        },
      },
    ]);
    expect((await browser.get(path)).words).not.toContain('Your changes are saved.');
  });

  test('the language switches at once', async () => {
    await using site = await openConsole();
    const browser = site.browser();

    const saved = await browser.submit(await browser.get(path), { locale: 'de' });

    expect(saved.words).toContain('Ihre Änderungen sind gespeichert.');
    expect(saved.html).toContain('<html lang="de">');
    expect(saved.title).toContain('Persönliche Daten');
  });

  test('problems stand beside their fields and on top; what was typed stays', async () => {
    await using site = await openConsole();
    site.problems.push(
      { path: 'displayName', key: 'problem.tooLong', values: { max: 20 } },
      { path: 'task', key: 'problem.tooLong', values: { max: 20 } },
    );
    const browser = site.browser();

    const page = await browser.submit(await browser.get(path), { displayName: 'x'.repeat(21), task: 'y'.repeat(30) });

    expect(page.status).toBe(422);
    expect(page.html).toContain('href="#field-displayName"');
    expect(page.html).toMatch(/id="field-task-problem">.*20/);
    expect(page.forms.find(({ action }) => action === path)?.fields).toMatchObject({ displayName: 'x'.repeat(21) });
  });

  test('without the token of this browser nothing changes', async () => {
    await using site = await openConsole();

    const page = await site.browser().post(path, { displayName: 'Mallory' });

    expect(page.status).toBe(403);
    expect(site.changes).toEqual([]);
  });
});

describe('coming and going', () => {
  test('the console’s own sign-in ends where the person was going', async () => {
    await using site = await openConsole();
    const browser = site.browser();

    expect((await browser.get('/account/signed-in?state=checked')).location).toBe(`${site.origin}${path}?from=here`);
    expect((await browser.get('/account/signed-in?state=forged')).location).toBe(`${site.origin}/account`);
    expect((await browser.get('/account/signed-in')).location).toBe(`${site.origin}/account`);
  });

  test('an error says what to do, and nothing that came with it is shown', async () => {
    await using site = await openConsole();

    const query = 'error=temporarily_unavailable&error_description=Call+0900+123&state=checked';
    const page = await site.browser().get(`/account/signed-in?${query}`);

    expect(page.status).toBe(400);
    expect(page.words).toContain('temporarily_unavailable');
    expect(page.html).toContain(`class="button primary wide" href="${path}?from=here"`);
    expect(page.words).not.toContain('0900');
  });

  test('signing out is a form, ends the session and says so', async () => {
    await using site = await openConsole();
    const browser = site.browser();

    const page = await browser.submit(await browser.get(path), {}, { form: 'sign-out' });

    expect(site.played.calls).toEqual([['signOut']]);
    expect(page.words).toContain('You are signed out');
    expect((await browser.get('/account/sign-out')).status).toBe(405);
  });
});
