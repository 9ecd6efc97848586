import { wrong } from '../security/people/guesses.ts';
import { assertingParty, assertion, newSigner, present } from '../security/protocol/assertions.ts';
import type { Ground, Party } from '../security/protocol/ground.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import type { Person } from '../support/relying-party.ts';
import { totpAt } from '../support/totp.ts';

/**
 * One of everything that is good only once, or only so often. Each is made while all is well; used up at the moment
 * whose memory a store then loses; and tried again afterwards, when nothing of it may be worth anything.
 */
export interface Spent {
  /** Throws when something is not accepted. */
  use(): Promise<void>;
  /** What was accepted again, a line each. */
  tryAgain(): Promise<string[]>;
}

interface Single {
  what: string;
  /** Whether it was accepted. */
  use(): Promise<boolean>;
  /** Whether it was refused. */
  again(): Promise<boolean>;
}

/** A wait that is longer than any outage here. */
export const waits = { GATEHOUSE_LIMITS_SIGN_IN_FIRST_WAIT: '5m', GATEHOUSE_LIMITS_SIGN_IN_LONGEST_WAIT: '10m' };

const security = '/account/sign-in-and-security';
const width = 10;

export async function openSpent(ground: Ground, wiki: Party): Promise<Spent> {
  // The clock is moved for the codes of an authenticator; after it, because of their short lives, come the rest.
  const factors = await secondFactors(ground, wiki);
  const singles = [
    await revokedToken(ground, wiki),
    await signedOut(ground, wiki),
    await wrongPasswords(ground, wiki),
    await mailedCode(ground, wiki),
    await usedAssertion(ground),
    await redeemedCode(ground, wiki),
    // And it is moved again when they are tried once more.
    ...factors,
  ];

  return {
    async use() {
      await Promise.all(
        singles.map(async ({ what, use }) => {
          if (!(await use())) throw new Error(`${what} was refused the first time`);
        }),
      );
    },

    async tryAgain() {
      const accepted: string[] = [];
      for (const { what, again } of singles) if (!(await again())) accepted.push(`${what} is not as it was left`);

      return accepted;
    },
  };
}

async function redeemedCode(ground: Ground, wiki: Party): Promise<Single> {
  const codes: string[] = [];
  while (codes.length < width) codes.push((await wiki.code(ground.browser)).code);

  const redeem = async () => (await Promise.all(codes.map((code) => wiki.redeem(code)))).map(({ status }) => status);

  return {
    what: 'a code that was redeemed',
    use: async () => (await redeem()).every((status) => status === 200),
    again: async () => (await redeem()).every((status) => status === 400),
  };
}

async function revokedToken(ground: Ground, wiki: Party): Promise<Single> {
  const { access_token: token } = await wiki.tokens(await ground.signedIn(ground.ana));

  return {
    what: 'an access token that was revoked',
    use: async () => (await wiki.revoke(token)).status === 200,
    again: () => isDead(ground, wiki, token),
  };
}

async function signedOut(ground: Ground, wiki: Party): Promise<Single> {
  const browser = await ground.signedIn(ground.ana);
  const { access_token: token } = await wiki.tokens(browser, { scope: 'openid' });
  const page = await browser.open('/account/personal-information');

  return {
    what: 'an access token of a session that was ended',
    use: async () => (await browser.submit(page, {}, { form: '/account/sign-out', follow: false })).status === 303,
    again: async () =>
      (await browser.get('/account/personal-information')).status !== 200 && (await isDead(ground, wiki, token)),
  };
}

async function isDead(ground: Ground, wiki: Party, token: string): Promise<boolean> {
  const { status, body } = await wiki.introspect(token);

  return status === 200 && body['active'] === false && (await ground.userinfo(token)).status === 401;
}

async function usedAssertion(ground: Ground): Promise<Single> {
  const signer = newSigner();
  const machine = await assertingParty(ground, signer);
  const once = assertion(ground, machine.id, signer, { claims: { exp: Math.floor(Date.now() / 1000) + 90 } });

  return {
    what: 'a client assertion that was presented',
    use: async () => (await present(ground, once)).status === 200,
    again: async () => (await present(ground, once)).status === 401,
  };
}

async function wrongPasswords(ground: Ground, wiki: Party): Promise<Single> {
  const ben = await ground.app.account();
  const doors = await Promise.all(Array.from({ length: 5 }, () => doorOf(ground, wiki)));

  return {
    what: 'a right password after five wrong ones',
    async use() {
      for (const [place, { browser, page }] of doors.entries()) {
        await browser.submit(page, { email: ben.email, password: wrong(place) });
      }

      return true;
    },
    again: async () => (await enter(ground, wiki, ben)).page.status === 429,
  };
}

/** Five tries, and the right code comes sixth. */
async function mailedCode(ground: Ground, wiki: Party): Promise<Single> {
  const dan = await ground.app.account();
  const browser = await ground.signedIn(dan);
  await browser.submit(await browser.open(security), { method: 'email' }, { form: '/add' });
  const door = await enter(ground, wiki, dan);
  const { code } = await ground.app.mail.to(dan.email, 'sign-in-code');
  const other = code === '000000' ? '111111' : '000000';

  return {
    what: 'a right code after five wrong ones',
    async use() {
      for (let tries = 0; tries < 5; tries += 1) if (await proves(door, other)) return false;

      return true;
    },
    again: async () => !(await proves(door, code)),
  };
}

async function secondFactors(ground: Ground, wiki: Party): Promise<Single[]> {
  const { clock } = ground.app;
  const cleo = await ground.app.account();
  const browser = await ground.signedIn(cleo);
  const begun = await browser.submit(await browser.open(security), {}, { form: '/authenticator/begin' });
  const secret = (/class="secret">([A-Z2-7 ]+)</.exec(begun.html)?.[1] ?? '').replaceAll(' ', '');
  const shown = await browser.submit(begun, { code: totpAt(secret, clock.now()) }, { form: '/authenticator' });
  const [, recovery = ''] = /<ol class="codes"[^]*?<code>([^<]+)<\/code>/.exec(shown.html) ?? [];
  let code = '';

  // No code is good at the step at which the app was set up.
  clock.advance(30_000);
  const [first, second] = [await enter(ground, wiki, cleo), await enterForRecovery(ground, wiki, cleo)];

  return [
    {
      what: 'a recovery code that was used',
      use: () => proves(second, recovery),
      again: async () => !(await proves(await enterForRecovery(ground, wiki, cleo), recovery)),
    },
    {
      what: 'a code of an authenticator that was used',
      use: () => proves(first, (code = totpAt(secret, clock.now()))),
      async again() {
        const door = await enter(ground, wiki, cleo);
        const isRefused = !(await proves(door, code));
        clock.advance(30_000);

        // The next one works: it was refused for what it is.
        return isRefused && (await proves(door, totpAt(secret, clock.now())));
      },
    },
  ];
}

interface Door {
  browser: Browser;
  page: Page;
}

async function doorOf(ground: Ground, wiki: Party): Promise<Door> {
  const browser = openBrowser(ground.app.url, { headers: { connection: 'close' } });

  return { browser, page: await browser.open(wiki.url()) };
}

/** With the password; a second factor comes next. */
async function enter(ground: Ground, wiki: Party, { email, password }: Person): Promise<Door> {
  const { browser, page } = await doorOf(ground, wiki);

  return { browser, page: await browser.submit(page, { email, password }) };
}

async function enterForRecovery(ground: Ground, wiki: Party, person: Person): Promise<Door> {
  const { browser, page } = await enter(ground, wiki, person);

  return { browser, page: await browser.open(`${new URL(page.url).pathname}?method=recovery-code`) };
}

/** Whether a code leads on to the app. */
async function proves({ browser, page }: Door, code: string): Promise<boolean> {
  const after = await browser.submit(page, { code }, { form: '/second-factor' });

  return after.location?.includes('code=') ?? false;
}
