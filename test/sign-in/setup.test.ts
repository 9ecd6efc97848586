import { describe, expect, test } from '@jest/globals';

import { stepAt } from '../support/interactions.ts';
import { openDoor } from './door.ts';

const path = '/setup?token=the-token-of-the-link';

const person = {
  email: 'ana@example.com',
  firstName: 'Ana',
  lastName: 'Lindqvist',
  displayName: 'Ana',
  password: 'quiet-marble-otter-47-lantern',
};

async function openSetup() {
  const door = await openDoor(stepAt('login'));
  door.open.add('the-token-of-the-link');

  return door;
}

describe('setting up the first administrator', () => {
  test('S79: looking at the link has no effect; sending the form makes the administrator and leads to the console', async () => {
    await using door = await openSetup();
    const browser = door.browser({ headers: { 'accept-language': 'de' } });

    await browser.get(path);
    const page = await browser.get(path);

    expect(page.words).toContain('Mindestens 15 Zeichen');
    expect(page.headers['referrer-policy']).toBe('no-referrer');
    expect(door.administrators).toEqual([]);

    const done = await browser.submit(page, person, { follow: false });

    expect(done.location).toBe(`${door.origin}/account`);
    expect(door.administrators).toEqual([{ ...person, locale: 'de' }]);
    expect((await browser.get('/setup')).words).toContain('Melden Sie sich damit an.');
  });

  test('puts each problem beside its field and keeps what was typed, the password aside', async () => {
    await using door = await openSetup();
    door.problems = [
      { path: 'email', key: 'problem.email' },
      { path: 'password', key: 'problem.passwordTooShort', values: { min: 15 } },
      { path: 'password', key: 'problem.passwordCommon' },
    ];
    const browser = door.browser();

    const page = await browser.submit(await browser.get(path), person);

    expect(page.status).toBe(422);
    expect(page.forms[0]?.fields).toMatchObject({ email: person.email, lastName: 'Lindqvist', password: '' });
    expect(page.html).toMatch(/id="field-password-problem">.*15/);
    expect(page.html).toMatch(/id="field-email-problem">/);
    expect(page.html).not.toContain(person.password);

    door.problems = [];
    await browser.submit(page, person);
    expect(door.administrators).toHaveLength(1);
  });

  test('wants a display name', async () => {
    await using door = await openSetup();
    const browser = door.browser();

    const page = await browser.submit(await browser.get(path), { ...person, displayName: '  ' });

    expect(page.html).toMatch(/id="field-displayName-problem">/);
    // That is where it can be mended, so that is where the focus goes.
    expect(page.html.match(/id="[^"]*"[^>]* autofocus/g)).toEqual([expect.stringContaining('id="field-displayName"')]);
    expect(door.administrators).toEqual([]);
  });

  test.each(['/setup', '/setup?token=', '/setup?token=used'])('%s says how to get a new link', async (address) => {
    await using door = await openSetup();

    const page = await door.browser().get(address);

    expect(page.status).toBe(410);
    expect(page.words).toContain('Restart the server');
    expect(page.words).toContain('gatehouse admin create');
    expect(page.forms.map(({ action }) => action)).not.toContainEqual(expect.stringContaining('setup?'));
  });

  test('a form that comes too late says so', async () => {
    await using door = await openSetup();
    const browser = door.browser();
    const page = await browser.get(path);
    door.open.clear();

    expect((await browser.submit(page, person)).words).toContain('This link doesn’t work any more');
    expect(door.administrators).toEqual([]);
  });

  test('S112: the token is in no line of the log', async () => {
    await using door = await openSetup();
    const browser = door.browser();

    await browser.submit(await browser.get(path), person);

    expect(door.raw.length).toBeGreaterThan(1);
    expect(door.raw.join('\n')).not.toContain('the-token-of-the-link');
  });
});
