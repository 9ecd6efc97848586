import { describe, expect, test } from '@jest/globals';

import type { Ended } from '../../src/oidc/interactions.ts';
import { to } from '../../src/web/route.ts';
import { ana, stepAt, uid, wiki } from '../support/interactions.ts';
import { openDoor } from './door.ts';

const path = `/sign-in/${uid}`;

describe('a step that is not there any more', () => {
  test.each([
    ['expired', 'This page has expired'],
    ['finished', 'This step is finished already'],
    ['elsewhere', 'This step belongs to another browser'],
  ] as const)('%s: says so, starts again on one press, and leads back to the app', async (ended, words) => {
    await using door = await openDoor({ ended, client: wiki, restartable: true });
    door.played.restarted = to('/begun');
    const browser = door.browser();

    const page = await browser.get(path);

    expect(page.status).toBe(410);
    expect(page.words).toContain(words);
    expect(page.html).toContain('href="https://wiki.example.net/"');

    expect(page.html).toContain(`class="button primary wide" href="${path}/restart"`);

    const begun = await browser.get(`${path}/restart`);
    expect(begun.location).toBe(`${door.origin}/begun`);
    expect(door.played.calls).toEqual([['restart', uid]]);
  });

  const gone: Ended[] = [
    { ended: 'expired', restartable: false },
    { ended: 'expired', restartable: false, client: wiki },
    { ended: 'expired', restartable: true },
  ];

  test.each(gone)('is never a dead end: %j', async (ended) => {
    await using door = await openDoor(ended);

    const { html } = await door.browser().get(path);

    expect(html.match(/class="button primary wide"|class="button wide primary"/g)).toHaveLength(1);
    expect(html).toMatch(ended.client ? /href="https:\/\/wiki\.example\.net\/"/ : /href="\/account"/);
  });

  test('what was sent to it has no effect', async () => {
    await using door = await openDoor(stepAt('login'));
    const browser = door.browser();
    const page = await browser.get(path);

    door.played.now = { ended: 'expired', restartable: true };
    const late = await browser.submit(page, { email: 'ana@example.com', password: door.password });

    expect(late.words).toContain('This page has expired');
    expect(door.steps).toEqual([]);
    expect(door.played.calls).toEqual([]);
  });

  test('what can’t be started again after all says so', async () => {
    await using door = await openDoor({ ended: 'finished', client: wiki, restartable: true });
    const browser = door.browser();

    const page = await browser.get(`${path}/restart`);

    expect(page.words).toContain('is not known here any more');
    expect(page.html).not.toContain(`href="${path}/restart"`);
  });
});

describe('a step that was taken', () => {
  test.each([
    ['consent', `/consent/${uid}`],
    ['select_account', `/choose-account/${uid}`],
  ] as const)('the back button leads from the sign-in to %s', async (prompt, place) => {
    await using door = await openDoor(stepAt(prompt, { account: ana }));
    const browser = door.browser();

    expect((await browser.get(path)).location).toBe(door.origin + place);

    door.played.now = stepAt('login');
    const page = await browser.get(path);
    door.played.now = stepAt(prompt, { account: ana });

    const sent = await browser.submit(page, { email: 'ana@example.com', password: 'x' }, { follow: false });
    expect(sent.location).toBe(door.origin + place);
    expect(door.steps).toEqual([]);
  });
});

describe('the account picker', () => {
  const picker = `/choose-account/${uid}`;

  test('goes on with the account of this browser, or with another', async () => {
    await using door = await openDoor(stepAt('select_account', { account: ana }));
    const browser = door.browser();
    const page = await browser.get(picker);

    expect(page.words).toContain('Go on as Ana Lindqvist');
    expect(page.words).toContain('ana@example.com');

    await browser.submit(page, {}, { button: 'Go on as', follow: false });
    await browser.submit(page, {}, { button: 'Use another account', follow: false });
    await browser.submit(page, {}, { form: 'refuse', follow: false });

    expect(door.played.calls).toEqual([
      ['selected', uid, 'current'],
      ['selected', uid, 'another'],
      ['refused', uid],
    ]);
  });

  test('leads on when the step is another one, and says when there is none', async () => {
    await using door = await openDoor(stepAt('login'));
    const browser = door.browser();

    expect((await browser.get(picker)).location).toBe(door.origin + path);

    door.played.now = { ended: 'elsewhere', restartable: true };
    expect((await browser.get(picker)).words).toContain('belongs to another browser');
  });
});
