import type { Account } from '../../../src/domain/account.ts';
import { openBrowser, type Browser, type Page } from '../../support/browser.ts';
import { tickAll } from '../../support/relying-party.ts';
import type { Answer, Ground, Party, Tokens } from '../protocol/ground.ts';

/** What an attempt to get in, or on, came to. */
export interface Outcome {
  status: number;
  retryAfter: string | undefined;
}

/** Who asks, and for which app. */
export interface Asking {
  ground: Ground;
  wiki: Party;
  /** Somebody else's app: it needs to be allowed. */
  strange: Party;
  ben: Account & { password: string };
  /** Signed in as Ana. */
  ana: Browser;
  tokens: Tokens;
}

export type Asked = [what: string, begin: () => Promise<() => Promise<Outcome>>];

const outcomeOf = ({ status, headers }: Page | Answer): Outcome => ({ status, retryAfter: headers['retry-after'] });

/** Everything that lets somebody in or on. Each begins while all is well, and is finished while it is not. */
export function askedFor(of: () => Asking): Asked[] {
  return [
    [
      'signing in',
      async () => {
        const browser = openBrowser(of().ground.app.url);
        const door = await browser.open('/account');

        return async () =>
          outcomeOf(
            await browser.submit(door, { email: of().ben.email, password: of().ben.password }, { follow: false }),
          );
      },
    ],
    [
      'an authorization request',
      async () => {
        // The app is known from then on.
        await of().wiki.code(of().ana);

        return async () => outcomeOf(await of().ana.get(of().wiki.url()));
      },
    ],
    [
      'going on after the sign-in',
      async () => {
        const browser = openBrowser(of().ground.app.url);
        const door = await browser.open(of().wiki.url());
        const on = await browser.submit(
          door,
          { email: of().ben.email, password: of().ben.password },
          { follow: false },
        );

        return async () => outcomeOf(await browser.get(String(on.location)));
      },
    ],
    [
      'redeeming a code',
      async () => {
        const { code } = await of().wiki.code(of().ana);

        return async () => outcomeOf(await of().wiki.redeem(code));
      },
    ],
    [
      'refreshing',
      async () => {
        const { refresh_token: token } = await of().wiki.tokens(of().ana);

        return async () => outcomeOf(await of().wiki.refresh(token));
      },
    ],
    ['introspection', async () => async () => outcomeOf(await of().wiki.introspect(of().tokens.access_token))],
    [
      'introspection of a refresh token',
      async () => async () => outcomeOf(await of().wiki.introspect(of().tokens.refresh_token)),
    ],
    ['userinfo', async () => async () => outcomeOf(await of().ground.userinfo(of().tokens.access_token))],
    [
      'revocation',
      async () => {
        const { refresh_token: token } = await of().wiki.tokens(of().ana);

        return async () => outcomeOf(await of().wiki.revoke(token));
      },
    ],
    ['the console', async () => async () => outcomeOf(await of().ana.get('/account/personal-information'))],
    [
      'a change in the console',
      async () => {
        const profile = await of().ana.open('/account/personal-information');

        return async () => outcomeOf(await of().ana.submit(profile, { displayName: 'Changed' }, { follow: false }));
      },
    ],
    [
      'a change of the password',
      async () => {
        const person = await of().ground.app.account({});
        const browser = await of().ground.signedIn(person);
        const form = await browser.open('/account/sign-in-and-security');
        const newPassword = `${person.password}-new`;
        const fields = { currentPassword: person.password, newPassword, confirmPassword: newPassword };

        return async () => outcomeOf(await browser.submit(form, fields, { follow: false }));
      },
    ],
    [
      'what an app asks to be allowed',
      async () => async () => outcomeOf(await of().ana.get(of().strange.url({ prompt: 'consent' }))),
    ],
    [
      'allowing it',
      async () => {
        const asks = await of().ana.open(of().strange.url({ prompt: 'consent' }));

        return async () => outcomeOf(await of().ana.submit(asks, tickAll(asks), { button: 'Allow', follow: false }));
      },
    ],
    [
      'going on after that',
      async () => {
        const asks = await of().ana.open(of().strange.url({ prompt: 'consent' }));
        const on = await of().ana.submit(asks, tickAll(asks), { button: 'Allow', follow: false });

        return async () => outcomeOf(await of().ana.get(String(on.location)));
      },
    ],
    ['signing out?', async () => async () => outcomeOf(await of().ana.get('/oauth/logout'))],
    [
      'signing out of the console',
      async () => {
        const browser = await of().ground.signedIn(of().ground.ana);
        const profile = await browser.open('/account/personal-information');

        return async () => outcomeOf(await browser.submit(profile, {}, { form: '/account/sign-out', follow: false }));
      },
    ],
  ];
}
