import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { RecentSignInRequired, SignInRequired } from '../../src/domain/errors.ts';
import { action, page } from '../../src/web/route.ts';
import { openMemory, openSite, profileView, signedIn } from './site.ts';
import type { Browser, Page } from '../support/browser.ts';
import type { Site } from './site.ts';

const typed = { displayName: 'Ana Maria', about: 'Long\ntext', password: 'correct horse battery' };

/** Where the sign-in was told to come back to, and how old the proof may be. */
function asked(location: string | undefined): { back: string; maxAge: string } {
  const { searchParams } = new URL(location ?? 'none:');

  return { back: searchParams.get('back') ?? '', maxAge: searchParams.get('max_age') ?? '' };
}

/** Sends it to a page that needs a recent sign-in, with the token of another page of this browser. */
async function sent(browser: Browser, { forms }: Page, fields: Record<string, string>) {
  const csrf = forms.find(({ fields: own }) => 'csrf' in own)?.fields['csrf'] ?? '';

  return asked((await browser.post('/careful', { ...fields, csrf })).location);
}

/** What is put into the cache. */
function watched(clock = { now: () => 0 }) {
  const memory = openMemory(clock);
  const kept: string[] = [];
  const ephemera = {
    ...memory,
    put: (...[kind, id, value, life]: Parameters<typeof memory.put>) => {
      kept.push(`${kind} ${id} ${JSON.stringify(value)}`);

      return memory.put(kind, id, value, life);
    },
  };

  return { kept, ephemera };
}

async function openWith(signedInAgo: number): Promise<Site> {
  const site = await openSite();
  const session = signedIn(site.clock);

  site.session = { ...session, session: { ...session.session, signedInAt: site.clock.now() - signedInAgo * 1000 } };

  return site;
}

test('a page for anyone looks up no session', async () => {
  await using site = await openSite({
    gate: {
      current: () => Promise.reject(new Error('looked up')),
      signIn: () => ({ kind: 'to', path: '/' }),
      recentSignIn: 300,
      recentSignInFor: 'all',
      isWeak: async () => false,
      ahead: () => undefined,
    },
  });

  expect((await site.browser().get('/profile')).status).toBe(200);
});

test('without a session the person signs in and comes back to where they were going', async () => {
  await using site = await openSite();
  const page = await site.browser().get('/own?tab=2&q=a%20b');

  expect(page.status).toBe(303);
  expect(asked(page.location)).toEqual({ back: '/own?tab=2&q=a+b', maxAge: '' });
});

test('the shell shows who is signed in, where they are and the way out', async () => {
  await using site = await openWith(0);
  const page = await site.browser().get('/own');

  expect(page.words).toContain('ana@example.com Sign out');
  expect(page.html).toContain('<a href="/own" aria-current="page">');
  expect(page.forms.find(({ action }) => action === '/account/sign-out')?.fields['csrf']).toBeDefined();
  expect(page.headers['cross-origin-opener-policy']).toBe('same-origin');
});

describe('recent sign-in', () => {
  test('is enough at exactly its length, and not a millisecond later', async () => {
    await using fresh = await openWith(300);
    await using stale = await openWith(300.001);

    expect((await fresh.browser().get('/careful')).status).toBe(200);
    expect(asked((await stale.browser().get('/careful')).location)).toEqual({ back: '/careful', maxAge: '299' });
  });

  test('is not asked for elsewhere, unless it is for all', async () => {
    await using site = await openWith(4000);

    expect((await site.browser().get('/own')).status).toBe(200);

    const { session } = site;
    await using strict = await openSite({
      gate: {
        current: () => Promise.resolve(session),
        signIn: () => ({ kind: 'leave', url: 'https://sign-in.example/' }),
        recentSignIn: 300,
        recentSignInFor: 'all',
        isWeak: async () => false,
        ahead: () => undefined,
      },
    });

    expect((await strict.browser().get('/own')).status).toBe(303);
  });

  test('keeps what was typed, but no password, and shows it again afterwards', async () => {
    await using site = await openWith(0);
    const browser = site.browser();
    const page = await browser.get('/careful');

    site.clock.time += 301_000;

    const { back } = asked((await browser.submit(page, typed, { follow: false })).location);

    expect(back).toMatch(/^\/careful\?draft=[\w-]{43}$/);
    expect(site.saved).toEqual([]);

    site.session = signedIn(site.clock);

    const again = await browser.get(back);

    expect(again.words).toContain('Please check what you typed and send it again.');
    expect(again.forms.find(({ names }) => names.includes('about'))?.fields).toMatchObject({ ...typed, password: '' });
    expect((await browser.submit(again, { displayName: 'Ana Maria' }, { follow: false })).status).toBe(303);
    expect(site.saved).toHaveLength(1);
  });

  test('what was typed is kept for ten minutes, for that page in that browser', async () => {
    await using site = await openWith(0);
    const browser = site.browser();
    const page = await browser.get('/careful');

    site.session = undefined;

    const { back } = asked((await browser.submit(page, typed, { follow: false })).location);

    site.session = signedIn(site.clock);

    expect((await site.browser().get(back)).html).not.toContain('Ana Maria');
    expect((await browser.get(back.replace('/careful', '/own'))).html).not.toContain('Ana Maria');
    expect((await browser.get('/careful?draft=made-up')).html).not.toContain('Ana Maria');
    expect((await browser.get(back)).html).toContain('Ana Maria');

    site.clock.time += 600_000;
    site.session = signedIn(site.clock);

    expect((await browser.get(back)).html).not.toContain('Ana Maria');
  });

  test('what is kept can be read by nobody who reads the store', async () => {
    const { kept, ephemera } = watched();
    await using site = await openSite({ ephemera });
    const browser = site.browser();
    const { back } = await sent(browser, await browser.get('/profile'), typed);

    expect(kept).toHaveLength(1);
    expect(kept[0]).not.toMatch(/Ana|careful/);
    expect(kept[0]).not.toContain(back.split('draft=')[1]);
  });

  test('nothing is kept from a form that is not this browser’s: strangers don’t fill the store', async () => {
    const { kept, ephemera } = watched();
    await using site = await openSite({ ephemera });
    const page = await site.browser().get('/profile');
    const csrf = page.forms[0]?.fields['csrf'] ?? '';
    const browser = site.browser();
    await browser.get('/profile');

    for (const token of [{}, { csrf: '' }, { csrf }]) {
      const answer = await browser.post('/careful', { ...typed, ...token });
      expect(asked(answer.location)).toEqual({ back: '/careful', maxAge: '299' });
    }

    expect(kept).toEqual([]);
  });

  test('nor more than 8 kB, nor more than a hundred of one network in ten minutes', async () => {
    const clock = { time: 0, now: () => clock.time };
    const { kept, ephemera } = watched(clock);
    await using site = await openSite({ ephemera });
    const browser = site.browser();
    const page = await browser.get('/profile');

    expect((await sent(browser, page, { ...typed, about: 'ü'.repeat(4_000) })).back).toBe('/careful');
    expect(kept).toEqual([]);

    for (let n = 0; n < 100; n += 1) await sent(browser, page, { ...typed, about: 'x'.repeat(7_800) });
    expect(kept).toHaveLength(100);

    expect((await sent(browser, page, typed)).back).toBe('/careful');
    clock.time += 600_000;
    expect((await sent(browser, page, typed)).back).toMatch(/^\/careful\?draft=/);
    expect(kept).toHaveLength(101);
  });

  test.each([
    ['while signed in', (session: Site['session']) => session],
    ['and sent once the session was over', () => undefined],
  ])('S23: what somebody typed %s is shown to nobody else who signs in there', async (_when, left) => {
    await using site = await openWith(0);
    const browser = site.browser();
    const page = await browser.get('/careful');
    site.clock.time += 301_000;
    site.session = left(site.session);
    const { back } = asked((await browser.submit(page, typed, { follow: false })).location);
    expect(back).toContain('draft=');

    site.session = signedIn(site.clock, { id: 'a2', email: 'bo@example.com' });
    const other = await browser.get(back);
    expect([other.status, other.html.includes('Ana Maria')]).toEqual([200, false]);
    expect(other.words).toContain('What was typed before was for another account');

    site.session = signedIn(site.clock);
    expect((await browser.get(back)).html).toContain('Ana Maria');
  });

  test('a button without a page comes back to the page above it', async () => {
    await using site = await openSite();
    const page = await site.browser().post('/own/button', { anything: 'typed' });

    expect(asked(page.location)).toEqual({ back: '/own', maxAge: '' });
  });
});

test('an operation deep inside may ask for it too', async () => {
  await using site = await openSite({
    routes: [
      page('/deep', profileView, () => {
        throw new SignInRequired();
      }),
      action('/deep', z.object({ about: z.string() }), async () => {
        throw new RecentSignInRequired();
      }),
    ],
  });
  const browser = site.browser();

  await browser.get('/deep');
  expect(asked((await browser.get('/deep')).location)).toEqual({ back: '/deep', maxAge: '' });

  const [cookie] = (await browser.jar.getCookies(site.origin)).filter(({ key }) => key === 'csrf');

  expect(cookie).toBeUndefined();
});
