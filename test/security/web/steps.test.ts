import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import type { Account } from '../../../src/domain/account.ts';
import { openBrowser, type Browser, type Page } from '../../support/browser.ts';
import { tickAll } from '../../support/relying-party.ts';
import { answerAt, openGround, type Ground, type Party } from '../protocol/ground.ts';
import { isSignedIn } from './visits.ts';

const by = { actor: 'command-line' };

/** Between the first page and the code: nobody gets on without each step, or by somebody else's. */
describe('half-way', () => {
  let ground: Ground;
  let wiki: Party;
  let ben: Account & { password: string };
  let browser: Browser;

  beforeAll(async () => {
    ground = await openGround();
    wiki = await ground.party('web', { client_name: 'Wiki' });
  });

  beforeEach(async () => {
    ben = await ground.app.account({});
    browser = openBrowser(ground.app.url);
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  const uidOf = (page: Page): string => new URL(page.url).pathname.split('/').at(-1) ?? '';
  const resume = (page: Page): string => `/oauth/authorize/${uidOf(page)}`;
  const prove = (page: Page, person = ben) =>
    browser.submit(page, { email: person.email, password: person.password }, { follow: false });
  const consents = async (id: string): Promise<number> => ground.app.services.records.consents.count('account', id);
  const hasCode = ({ location }: Page): boolean => location?.includes('code=') ?? false;

  test('S98: going on without the step leads back to it, and to no session', async () => {
    const door = await browser.open(wiki.url());

    for (const path of [resume(door), `${resume(door)}?login=1&accountId=${ben.id}`, '/account', wiki.url()]) {
      const page = await browser.open(path);

      expect(hasCode(page)).toBe(false);
      expect(page.url).toMatch(/\/sign-in\//);
    }

    expect(answerAt(await browser.open(wiki.url({ prompt: 'none' })))).toMatchObject({ error: 'login_required' });
  });

  test('S98: going on without consent leads back to it, and to no code', async () => {
    const asked = await browser.follow(await prove(await browser.open(wiki.url())));
    expect(asked.url).toMatch(/\/consent\//);

    for (const path of [`${resume(asked)}?consent=1&answer=allow`, wiki.url()]) {
      const page = await browser.open(path);
      expect([hasCode(page), page.url.includes('/consent/')]).toEqual([false, true]);
    }

    expect(await consents(ben.id)).toBe(0);
    expect((await ground.app.services.records.grants.list('account', ben.id)).rows).toEqual([]);
  });

  test('S80, S98: a right password is not enough where the address was never verified', async () => {
    const unproved = await ground.app.account({ emailVerified: false });

    const page = await prove(await browser.open(wiki.url()), unproved);
    await browser.open(resume(page));

    expect(hasCode(await browser.follow(page))).toBe(false);
    expect(await isSignedIn(browser)).toBe(false);
  });

  test('S98: two factors that are a must are not replaced by one', async () => {
    const must = { id_token: { acr: { essential: true, value: 'urn:gatehouse:acr:2' } } };
    const page = await browser.open(wiki.url({ claims: JSON.stringify(must) }));
    const first = page.url.includes('/sign-in/') ? await browser.follow(await prove(page)) : page;

    expect(hasCode(first)).toBe(false);
  });

  test('S30, S98: an account that is disabled between the password and going on gets no session', async () => {
    const proved = await prove(await browser.open(wiki.url()));
    await ground.app.services.locking.lock(ben.id, { reason: 'Lost' }, by);

    const page = await browser.follow(proved);

    expect(hasCode(page)).toBe(false);
    expect(page.words).toContain('Sign in');
    expect(await isSignedIn(browser)).toBe(false);
  });

  test('S30, S98: nor a code between the sign-in and consent', async () => {
    const asked = await browser.follow(await prove(await browser.open(wiki.url())));
    await ground.app.services.locking.lock(ben.id, { reason: 'Lost' }, by);

    const page = await browser.submit(asked, tickAll(asked), { button: 'Allow' });

    expect(hasCode(page)).toBe(false);
    expect(await consents(ben.id)).toBe(0);
  });

  test('S98: an app that is disabled in between gets nothing', async () => {
    const party = await ground.party('web');
    const asked = await browser.follow(await prove(await browser.open(party.url())));
    await ground.app.services.clients.disable(party.id, by);
    ground.app.clock.advance(5000);

    const page = await browser.submit(asked, tickAll(asked), { button: 'Allow' });

    expect([page.status, page.location]).toEqual([410, undefined]);
    expect(await consents(ben.id)).toBe(0);
  });

  describe('S20: the consent page of somebody else', () => {
    let anas: Page;

    beforeEach(async () => {
      const ana = await ground.app.account({});
      const hers = openBrowser(ground.app.url);
      anas = await hers.submit(await hers.open(wiki.url()), { email: ana.email, password: ana.password });
      await browser.follow(await prove(await browser.open('/account')));
    });

    test('shows nothing of her, and takes no answer', async () => {
      const csrf = (await browser.open('/account')).forms[0]?.fields['csrf'] ?? '';
      const page = await browser.open(anas.url);

      expect(page.status).toBe(410);
      expect(page.words).not.toMatch(/person\d+@/);

      for (const answer of ['allow', 'refuse']) {
        const sent = await browser.post(anas.url, { csrf, answer, 'allow scope:email': 'on' });
        expect([sent.status, sent.location]).toEqual([410, undefined]);
      }

      expect((await browser.post(`${anas.url}/switch`, { csrf })).status).toBe(410);
      expect(await consents(ben.id)).toBe(0);
    });

    test('cannot be gone on from', async () => {
      const page = await browser.open(resume(anas));

      expect([page.status, hasCode(page)]).toEqual([410, false]);
    });
  });

  test('S20: who signs in in another tab meanwhile has not allowed anything', async () => {
    const ana = await ground.app.account({});
    const anas = await browser.follow(await prove(await browser.open(wiki.url()), ana));
    expect(anas.words).toContain(ana.email);

    const door = await browser.open(wiki.url({ prompt: 'login' }));
    await browser.follow(await prove(door, ben));
    const page = await browser.submit(anas, tickAll(anas), { button: 'Allow' });

    expect(hasCode(page)).toBe(false);
    expect([await consents(ana.id), await consents(ben.id)]).toEqual([0, 0]);
  });

  test('S20: what was refused can’t be allowed by sending the page again', async () => {
    const asked = await browser.follow(await prove(await browser.open(wiki.url())));
    await browser.post(asked.url, { ...asked.forms[0]?.fields, answer: 'refuse' });
    await browser.open(resume(asked));

    const page = await browser.submit(asked, tickAll(asked), { button: 'Allow' });

    expect(hasCode(page)).toBe(false);
    expect(await consents(ben.id)).toBe(0);
  });

  test('S98: a step that was taken can’t be taken again for another code', async () => {
    const asked = await browser.follow(await prove(await browser.open(wiki.url())));
    const left = await browser.submit(asked, tickAll(asked), { button: 'Allow' });
    expect(hasCode(left)).toBe(true);

    for (const again of [
      await browser.submit(asked, tickAll(asked), { button: 'Allow' }),
      await browser.open(resume(asked)),
    ]) {
      expect([again.status, hasCode(again)]).toEqual([410, false]);
    }
  });
});
