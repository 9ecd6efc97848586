import type { JsonWebKey } from 'node:crypto';

import { systemClock } from '../../src/domain/clock.ts';
import type { Registered } from '../../src/operations/clients.ts';
import { partyOf, postForm, type Party } from '../security/protocol/ground.ts';
import type { Browser } from '../support/browser.ts';
import type { Person as Credentials } from '../support/relying-party.ts';
import { accountPage, signedIn, type Person } from './person.ts';
import { createVerifier } from './verifier.ts';

/** Somebody at work, with what they were called and signed in with after each thing that was acknowledged. */
export interface Worker {
  person: Person;
  values: { displayName: string; password: string }[];
}

/** Somebody who has one of everything when the backup is made, and tries it all where it was restored. */
export interface Witness extends Credentials {
  browser: Browser;
  party: Party;
  tokens: { access_token: string; refresh_token: string; id_token: string };
  /** Not redeemed yet. */
  code: string;
}

export async function openWitness({ url }: { url: string }, who: Credentials, app: Registered): Promise<Witness> {
  const post = (path: string, fields: Parameters<typeof postForm>[1], headers?: Record<string, string>) =>
    postForm(new URL(path, url), fields, headers);
  const party = partyOf({ app: { url }, post }, app);
  const browser = await signedIn(url, who);
  const tokens = (await party.tokens(browser)) as unknown as Witness['tokens'];
  const { code } = await party.code(browser);

  return { ...who, browser, party, tokens, code };
}

/** What is not as it has to be, a line each: what was there is there, what let somebody in is dead, and people sign in. */
export async function asItWas(
  { url }: { url: string },
  { workers, witness }: { workers: readonly Worker[]; witness: Witness },
): Promise<string[]> {
  const wrong: string[] = [];
  const expect = (holds: boolean, what: string) => {
    if (!holds) wrong.push(what);
  };
  const { party, tokens, code, browser } = witness;
  const userinfo = await fetch(new URL('/oauth/userinfo', url), {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });

  expect((await accountPage(browser)) === undefined, 'a browser is signed in still');
  expect(userinfo.status === 401, `userinfo answers an old access token with ${userinfo.status}`);
  expect((await party.introspect(tokens.access_token)).body['active'] === false, 'an old access token is active');
  expect((await party.redeem(code)).status === 400, 'an old code is redeemed');
  expect((await party.refresh(tokens.refresh_token)).status === 400, 'an old refresh token works');
  expect((await verified(url, tokens.id_token)) === undefined, 'an old ID token does not verify');

  const fresh = (await party.tokens(await signedIn(url, witness))) as unknown as Witness['tokens'];
  expect((await party.introspect(fresh.access_token)).body['active'] === true, 'a new access token is not active');
  expect((await verified(url, fresh.id_token)) === undefined, 'a new ID token does not verify');

  for (const { person, values } of workers) {
    const { remembered, email } = person;

    for (const session of remembered.sessions) {
      expect((await accountPage(session.browser)) === undefined, `${email} is signed in still`);
    }
    for (const { token } of remembered.families) {
      expect((await person.party.refresh(token)).status === 400, `a refresh token of ${email} works`);
    }
    for (const used of remembered.codes) {
      expect((await person.party.redeem(used)).status === 400, `a code of ${email} works twice`);
    }

    const now = await signedInWith(url, { email, passwords: new Set(values.map(({ password }) => password)) });
    const page = now && (await accountPage(now));
    expect(page !== undefined, `${email} has none of the passwords since the backup was begun`);

    const names = values.map(({ displayName }) => displayName);
    const isCalled = names.some((name) => page?.html.includes(name) === true);
    expect(isCalled, `${email} is called none of ${names.join(', ')}`);
  }

  return wrong;
}

async function signedInWith(
  url: string,
  { email, passwords }: { email: string; passwords: ReadonlySet<string> },
): Promise<Browser | undefined> {
  for (const password of passwords) {
    const browser = await signedIn(url, { email, password }).catch(() => undefined);
    if (browser && (await accountPage(browser))) return browser;
  }

  return undefined;
}

/** Why it does not hold. */
async function verified(url: string, token: string): Promise<string | undefined> {
  const keys = async (): Promise<readonly JsonWebKey[]> => {
    const answer = await fetch(new URL('/oauth/jwks', url));

    return ((await answer.json()) as { keys: JsonWebKey[] }).keys;
  };

  return await createVerifier(keys, systemClock).refuse(token);
}
