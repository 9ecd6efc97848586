import { setTimeout as elapsed } from 'node:timers/promises';

import * as oidc from 'openid-client';

import type { Browser } from '../support/browser.ts';
import type { Front } from '../support/front.ts';
import type { Person, RelyingParty, Tokens } from '../support/relying-party.ts';
import { within } from '../support/within.ts';

/**
 * One person in a browser without a screen, and an app: signs in, allows, changes a name, has the tokens refreshed, and
 * keeps account of what was acknowledged. What fails on the way is done again, as a person would who is told to; how
 * often that was is counted.
 */
export interface Walker {
  /** Settles when everything is done. */
  walk(): Promise<void>;
  /** Reads everything that was acknowledged back over HTTP; one line for each thing that is not there. */
  missing(): Promise<string[]>;
  /** What was acknowledged so far, in order. */
  acknowledged: string[];
  retries: number;
}

export interface WalkerOptions {
  front: Front;
  party: RelyingParty;
  person: Person;
  /** The name that is chosen on the way. */
  displayName: string;
  /** What is done last. */
  ends: 'signed in' | 'signed out' | 'revoked';
}

const mostRetries = 5;
/** For which people are asked to wait, in milliseconds. */
const aMoment = 1000;
const scope = 'openid profile email offline_access';

export function createWalker({ front, party, person, displayName, ends }: WalkerOptions): Walker {
  const browser = front.browser();
  let tokens: Tokens | undefined;
  let subject = '';

  const walker: Walker = {
    acknowledged: [],
    retries: 0,

    async walk() {
      await patiently('tokens', async () => {
        ({ tokens } = await party.signIn(person, { browser, request: { scope } }));
        subject = tokens.claims()?.sub ?? '';
      });
      await patiently('name', () => rename(browser, displayName));
      await patiently('refreshed', refresh);

      if (ends === 'signed out') await patiently('signed out', () => signOut(browser));
      if (ends === 'revoked') await patiently('revoked', () => oidc.tokenRevocation(party.config, refreshToken()));
    },

    async missing() {
      const checks: [string, () => Promise<boolean>][] = [
        ['the session', async () => (await nameShown(browser)) === (ends === 'signed out' ? undefined : displayName)],
        ['the consent', async () => ends === 'signed out' || (await arrivesSilently())],
        ['the tokens', async () => (await isRefused(refresh)) === (ends === 'revoked')],
        ['the name', async () => ends !== 'signed in' || (await nameTold()) === displayName],
      ];
      const found = [];

      for (const [what, check] of checks) if (!(await check())) found.push(`${what} of ${person.email}`);

      return found;
    },
  };

  /** Until it is acknowledged; each time but the first is a retry. */
  async function patiently(what: string, step: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await step();
        walker.acknowledged.push(what);

        return;
      } catch (error) {
        walker.retries += 1;
        if (walker.retries > mostRetries) throw error;
        await elapsed(aMoment);
      }
    }
  }

  function refreshToken(): string {
    return tokens?.refresh_token ?? '';
  }

  /** An app that lost the answer may send the old token again a little later: until then it is refused, and no more. */
  async function refresh(): Promise<void> {
    const renew = async () => oidc.refreshTokenGrant(party.config, refreshToken()).catch((error: unknown) => error);
    const first = await renew();
    const answer = isLost(first) ? await within(8000, renew, isTokens) : first;

    if (!isTokens(answer)) throw answer;
    tokens = answer;
  }

  async function arrivesSilently(): Promise<boolean> {
    const departure = await party.request({ scope, prompt: 'none' });
    const { location = '' } = await browser.open(departure.url.href);

    return new URL(location).searchParams.has('code');
  }

  async function nameTold(): Promise<unknown> {
    const { name } = await oidc.fetchUserInfo(party.config, tokens?.access_token ?? '', subject);

    return name;
  }

  return walker;
}

function isTokens(answer: unknown): answer is Tokens {
  return typeof answer === 'object' && answer !== null && 'access_token' in answer;
}

/** Nothing came back, or not from Gatehouse itself. */
function isLost(answer: unknown): boolean {
  return !isTokens(answer) && !(answer instanceof oidc.ResponseBodyError);
}

async function isRefused(refresh: () => Promise<void>): Promise<boolean> {
  try {
    await refresh();
    return false;
  } catch (error) {
    if (error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant') return true;
    throw error;
  }
}

async function rename(browser: Browser, displayName: string): Promise<void> {
  const page = await browser.open('/account/personal-information');
  const saved = await browser.submit(page, { displayName }, { follow: false });

  if (saved.status !== 303) throw new Error(`the name was answered ${saved.status}`);
}

async function signOut(browser: Browser): Promise<void> {
  const page = await browser.open('/account/personal-information');
  if (page.title.includes('Sign in')) return;

  const left = await browser.submit(page, {}, { form: '/account/sign-out', follow: false });
  if (left.status !== 303) throw new Error(`signing out was answered ${left.status}`);
}

/** On the page that only a session shows. */
async function nameShown(browser: Browser): Promise<string | undefined> {
  const page = await browser.open('/account/personal-information');

  return page.forms.find(({ names }) => names.includes('displayName'))?.fields['displayName'];
}
