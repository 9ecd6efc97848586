import { randomBytes } from 'node:crypto';

import { partyOf, postForm, type Party, type Tokens } from '../security/protocol/ground.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import type { Registered } from '../../src/operations/clients.ts';

/**
 * One person who does one thing after another, and remembers of each whether it was acknowledged. What was asked and
 * not answered may have been done or not; what was answered must stand, whatever happens to the server afterwards.
 */
export interface Remembered {
  sessions: { browser: Browser; state: 'alive' | 'ended' | 'unknown' }[];
  displayName: Value;
  password: Value;
  families: { token: string; browser: Browser; state: 'alive' | 'revoked' | 'unknown'; asked: boolean }[];
  /** Redeemed codes: they must never be worth anything again. */
  codes: string[];
}

/** `asked`: what it was to become when no answer came. */
export interface Value {
  is: string;
  asked?: string;
}

export interface PersonOptions {
  url: string;
  email: string;
  password: string;
  app: Registered;
  /** Called after each acknowledged write, before the next thing is asked. */
  acknowledged(what: string): void;
}

export interface Person {
  email: string;
  remembered: Remembered;
  party: Party;
  /** Signs in for the first time. */
  begin(): Promise<void>;
  /** One thing, drawn at random. Throws when the server does not answer. */
  act(): Promise<void>;
}

/** How many browsers and apps one person has at the same time, at the most. */
const most = 4;

export function createPerson({ url, email, password, app, acknowledged }: PersonOptions): Person {
  const remembered: Remembered = {
    sessions: [],
    displayName: { is: '' },
    password: { is: password },
    families: [],
    codes: [],
  };
  const party = partyOf(
    { app: { url }, post: (path, fields, headers) => postForm(new URL(path, url), fields, headers) },
    app,
  );

  const alive = () => remembered.sessions.filter(({ state }) => state === 'alive');
  const living = () => remembered.families.filter(({ state, asked }) => state === 'alive' && !asked);

  async function signIn(): Promise<void> {
    const browser = await signedIn(url, { email, password: remembered.password.is });
    remembered.sessions.push({ browser, state: 'alive' });
    acknowledged('sign-in');
  }

  async function change(value: Value, next: string, send: () => Promise<Page>): Promise<void> {
    value.asked = next;
    expectStatus(await send(), 303);
    value.is = next;
    delete value.asked;
  }

  async function profile(): Promise<void> {
    const { browser } = one(alive());
    const page = await browser.open('/account/personal-information');
    const displayName = `Ana ${randomBytes(4).toString('hex')}`;
    const fields = { firstName: 'Ana', lastName: 'Lind', task: '', locale: 'en', displayName };

    await change(remembered.displayName, displayName, () => browser.submit(page, fields, { follow: false }));
    acknowledged('profile');
  }

  async function changePassword(): Promise<void> {
    const session = one(alive());
    const { browser } = session;
    const page = await browser.open('/account/sign-in-and-security');
    const newPassword = `quiet-marble-otter-${randomBytes(6).toString('hex')}`;
    const fields = { currentPassword: remembered.password.is, newPassword, confirmPassword: newPassword };

    // The answer carries the session's new cookie: a browser that got none may be signed out.
    session.state = 'unknown';
    await change(remembered.password, newPassword, () =>
      browser.submit(page, { ...fields, everywhere: undefined }, { follow: false }),
    );
    session.state = 'alive';
    acknowledged('password');
  }

  async function tokens(): Promise<void> {
    const { browser } = one(alive());
    const { code } = await party.code(browser);
    const answer = await party.redeem(code);
    if (answer.status !== 200) throw new Error(`redeeming was answered ${answer.status}: ${answer.text}`);

    const { refresh_token: token } = answer.body as unknown as Tokens;
    remembered.codes.push(code);
    remembered.families.push({ token, browser, state: 'alive', asked: false });
    acknowledged('code');
  }

  async function refresh(): Promise<void> {
    const family = one(living());
    family.asked = true;
    const answer = await party.refresh(family.token);
    if (answer.status !== 200) throw new Error(`refreshing was answered ${answer.status}: ${answer.text}`);

    family.token = (answer.body as unknown as Tokens).refresh_token;
    family.asked = false;
    acknowledged('refresh');
  }

  async function revoke(): Promise<void> {
    const { token, browser } = one(living());
    // Revoking one takes the grant, and with it every token that the app was given in the same browser (S31).
    const ended = remembered.families.filter((family) => family.browser === browser && family.state === 'alive');
    for (const family of ended) family.state = 'unknown';
    const { status } = await party.revoke(token);
    if (status !== 200) throw new Error(`revoking was answered ${status}`);

    for (const family of ended) family.state = 'revoked';
    acknowledged('revocation');
  }

  async function signOut(): Promise<void> {
    const session = one(alive());
    const page = await session.browser.open('/account/personal-information');
    session.state = 'unknown';
    expectStatus(await session.browser.submit(page, {}, { form: '/account/sign-out', follow: false }), 303);
    session.state = 'ended';
    acknowledged('sign-out');
  }

  /** What can be done now, the frequent things more than once. */
  function possible(): (() => Promise<void>)[] {
    const families = living().length;

    const browsers = alive().length;

    return [
      ...(browsers > 0 ? [profile, profile] : []),
      ...(browsers > 0 && remembered.password.asked === undefined ? [changePassword] : []),
      ...(browsers < most ? [signIn] : []),
      ...(browsers > 1 ? [signOut] : []),
      ...(browsers > 0 && families < most ? [tokens] : []),
      ...(families > 0 ? [refresh, refresh, refresh] : []),
      ...(families > 1 ? [revoke] : []),
    ];
  }

  return {
    email,
    remembered,
    party,
    begin: signIn,
    act: () => one(possible())(),
  };
}

export async function signedIn(
  url: string,
  { email, password }: { email: string; password: string },
): Promise<Browser> {
  const browser = openBrowser(url, { headers: { connection: 'close' } });
  const arrived = await browser.submit(await browser.open('/account'), { email, password });
  expectStatus(arrived, 200);

  return browser;
}

/** Whether the browser is signed in: the page, or undefined. */
export async function accountPage(browser: Browser): Promise<Page | undefined> {
  const page = await browser.get('/account/personal-information');
  if (page.status !== 200 && page.status !== 303) throw new Error(`the account page was answered ${page.status}`);

  return page.status === 200 ? page : undefined;
}

function expectStatus(page: Page, status: number): void {
  if (page.status !== status) throw new Error(`${page.url} was answered ${page.status}: ${page.words.slice(0, 300)}`);
}

function one<T>(of: readonly T[]): T {
  const found = of[Math.floor(Math.random() * of.length)];
  if (found === undefined) throw new Error('there is nothing to choose from');

  return found;
}
