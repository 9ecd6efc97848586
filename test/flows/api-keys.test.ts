import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openBrowser } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { needsOf, eachStore } from '../support/storage.ts';
import { addOn, openApiKeys, ordersApi, path, seeProfile, told, type ApiKeyRoom } from './api-key-room.ts';
import { chosen, recoveryAt } from './recovery.ts';

const day = 86_400_000;
const minute = 60_000;
const readOrders = 'Read your orders';

/** Keys that people make for their programs: the page, the account API, and what an API of the operator's learns. */
for (const pair of eachStore) {
  describeWith(needsOf(pair), `API keys on ${pair}`, () => {
    let room: ApiKeyRoom;

    beforeAll(async () => {
      room = await openApiKeys(pair);
    }, 60_000);

    afterAll(async () => {
      await room[Symbol.asyncDispose]();
    });

    test('one is added, shown once, told by mail, listed without itself, and deleted', async () => {
      const { account, browser } = await room.ana();
      const empty = await browser.open(path);
      expect(empty.words).toContain('0 of 5');
      expect(empty.words).toContain('There is none. The keys that you add');

      const shown = await addOn(browser, { name: 'Backup <b>1</b>', may: [seeProfile, 'Delete your API keys'] });
      const [key = ''] = /gthk_[0-9A-Za-z]{42}/.exec(shown.html) ?? [];
      expect(shown.words).toContain('It is shown this once.');
      expect(shown.headers['cache-control']).toContain('no-store');

      const list = await browser.open(path);
      expect(list.words).toContain('Backup <b>1</b> May use');
      expect(list.words).toContain(`May use ${seeProfile} Delete your API keys At Gatehouse`);
      expect(list.words).toMatch(/Last used never Added just now Expires [^·]{3,25} Key begins with gthk_\w{6}/);
      expect(list.words).toContain(key.slice(0, 11));
      expect((await browser.open('/account/devices')).words).toMatch(
        /2 things can act for you.*Backup <b>1<\/b> API key/,
      );

      // Kept as a hash, and nowhere in what is logged.
      const [row] = await room.rowsOf(account.id);
      expect(JSON.stringify(row)).not.toContain(key.slice(5, 40));
      expect(room.app.log.join('\n')).not.toContain(key.slice(5, 40));
      const { template, text } = await room.app.mail.to(account.email);
      expect(template).toBe('api-key-created');
      expect(text).toContain('Backup <b>1</b>');
      expect(text).not.toContain(key);
      expect((await browser.open('/account/activity')).words).toMatch(
        /API key added .*gthk_\w{6}… What .*Delete your API/,
      );

      const page = await browser.open(`${path}/${row?.id ?? ''}`);
      expect(page.words).toContain('Delete the API key “Backup <b>1</b>”?');
      expect((await browser.submit(page, {}, { form: path })).words).toContain('The API key is deleted.');
      // After Back, or in another tab.
      for (const late of [await browser.submit(page, {}, { form: path }), await browser.open(page.url)]) {
        expect([new URL(late.url).pathname, late.status]).toEqual([path, 200]);
        expect(late.words).toContain('There is no such API key any more: it was deleted before');
      }
      expect((await room.ask('/profile', { key })).status).toBe(401);
      expect((await browser.open('/account/activity')).words).toContain('API key deleted');
    });

    test('a form that is sent again makes no other key, and the key does not come back', async () => {
      const { account, browser } = await room.ana();
      const form = await browser.open(`${path}/new`);
      const fields = { name: 'Once', [/name="(may-\w+)"/.exec(form.html)?.[1] ?? '']: 'on' };

      const first = await browser.submit(form, fields);
      expect(first.html).toMatch(/gthk_[0-9A-Za-z]{42}/);

      const again = await browser.submit(form, fields);
      expect(again.html).not.toMatch(/gthk_[0-9A-Za-z]{42}/);
      expect(again.words).toContain('This key is added already.');
      expect(await room.rowsOf(account.id)).toHaveLength(1);
    });

    test('what is wrong stands beside its field, and what was typed and ticked stays', async () => {
      const { account, browser } = await room.ana();

      const nothing = await addOn(browser, { name: ' ', may: [] });
      expect(nothing.status).toBe(422);
      const summary = [...nothing.html.matchAll(/<li><a href="#(field-\w+)">([^<]*)<\/a> – ([^<]*)/g)];
      expect(summary.map(([, ...parts]) => parts)).toEqual([
        ['field-name', 'Name', 'This is needed.'],
        ['field-permissions', 'What it may do', 'Choose at least one permission.'],
      ]);

      const both = await addOn(browser, { name: 'Both', may: [seeProfile, readOrders] });
      expect(both.status).toBe(422);
      expect(both.words).toContain('A key is for one API: choose permissions of one only.');
      expect(both.html).toMatch(/value="Both"/);
      expect(both.html.match(/ checked/g)).toHaveLength(2);

      const long = await addOn(browser, { name: 'x'.repeat(41) });
      expect(long.status).toBe(422);
      expect(await room.rowsOf(account.id)).toEqual([]);
    });

    test('F12: the sixth is refused, also by a page from before', async () => {
      const { browser } = await room.ana();
      await room.add(browser, { name: 'Key 1', lives: String(30 * 86_400) });
      const sixth = await browser.open(`${path}/new`);
      for (let count = 2; count <= 5; count += 1) await room.add(browser, { name: `Key ${count}` });

      const full = await browser.open(path);
      expect(full.words).toContain('5 of 5');
      expect(full.html).not.toContain(`${path}/new`);
      expect(full.words).toContain('These are as many as you can have.');
      expect(new URL((await browser.open(`${path}/new`)).url).pathname).toBe(path);

      const refused = await browser.submit(sixth, {
        name: 'Six',
        [/name="(may-\w+)"/.exec(sixth.html)?.[1] ?? '']: 'on',
      });
      expect(new URL(refused.url).pathname).toBe(path);
      expect(refused.words).toMatch(/Nothing was changed.* 5 of 5 .* These are as many as you can have\./);
    });

    test('S30: what ends it ends it at once: deleting, its time, a disabled account, the operator’s switch', async () => {
      const { account, browser } = await room.ana();
      const keys = [await room.add(browser), await room.add(browser, { name: 'Orders', may: [readOrders] })] as const;
      const answers = async () => [
        (await room.ask('/profile', { key: keys[0] })).status,
        (await told(room.orders, keys[1])).active,
      ];
      const by = { actor: 'command-line' };
      expect(await answers()).toEqual([200, true]);

      await room.app.services.locking.lock(account.id, { reason: 'Lost' }, by);
      expect(await answers()).toEqual([401, false]);
      await room.app.services.locking.unlock(account.id, by);

      await room.app.services.clients.disable('api-keys', by);
      expect(await answers()).toEqual([401, false]);
      await room.app.services.clients.enable('api-keys', by);
      expect(await answers()).toEqual([200, true]);

      room.app.clock.advance(91 * day);
      expect(await answers()).toEqual([401, false]);
      expect((await (await room.signIn(account)).open(path)).words).toContain('0 of 5');

      const gone = await room.add(await room.signIn(account));
      await room.app.services.accounts.delete(account.id, by);
      expect((await room.ask('/profile', { key: gone })).status).toBe(401);
      expect(await room.rowsOf(account.id)).toEqual([]);
    });

    test('S96: adding and deleting ask for a fresh proof; somebody else’s key is not there', async () => {
      const { account, browser } = await room.ana();
      const other = await room.ana();
      await room.add(browser);
      const [row] = await room.rowsOf(account.id);
      const place = `${path}/${row?.id ?? ''}`;

      const forged = await other.browser.open(`${path}/new`);
      const csrf = forged.forms[1]?.fields['csrf'] ?? '';
      // Answered as one that never was.
      for (const not of [place, `${path}/nobody`]) {
        for (const ask of [() => other.browser.get(not), () => other.browser.post(not, { csrf })]) {
          const answer = await ask();
          expect([answer.status, new URL(answer.location ?? '').pathname]).toEqual([303, path]);
          expect((await other.browser.open(path)).words).toContain('There is no such API key any more');
        }
      }
      expect((await browser.post(place, {})).status).toBe(403);

      room.app.clock.advance(6 * minute);
      for (const one of [place, `${path}/new`]) expect((await browser.open(one)).title).toContain('Sign in');
      expect((await browser.open(path)).words).toContain('1 of 5');
      expect(await room.rowsOf(account.id)).toHaveLength(1);
    });
  });
}

describe('API keys after something went wrong', () => {
  let room: ApiKeyRoom;

  beforeAll(async () => {
    room = await openApiKeys('sqlite');
  });

  afterAll(async () => {
    await room[Symbol.asyncDispose]();
  });

  const { ask, linkTo, reset } = recoveryAt(() => room.app);
  const works = async (key: string) => (await room.ask('/profile', { key })).status === 200;

  test('S70: a new password leaves them alone, and leads to the list with a word on it', async () => {
    const account = await room.app.account();
    const browser = await room.signIn(account);
    const key = await room.add(browser);
    const fields = { currentPassword: account.password, ...chosen };

    const page = await browser.open('/account/sign-in-and-security');
    const changed = await browser.submit(page, { ...fields, everywhere: 'on' });
    expect(new URL(changed.url).pathname).toBe(path);
    expect(changed.words).toMatch(/signed out everywhere else\. Your API keys go on working: .*Backup May use/);

    await ask(account.email);
    const done = await reset(await linkTo(account), browser, {
      newPassword: 'two otters mend the lighthouse',
      confirmPassword: 'two otters mend the lighthouse',
    });
    expect(done.words).toContain('Your API keys go on working: sign in, look through them');
    const back = await browser.submit(done, { email: account.email, password: 'two otters mend the lighthouse' });
    expect(new URL(back.url).pathname).toBe(path);
    expect(await works(key)).toBe(true);
  });

  test('S80: where the address is proved by it, they were a stranger’s, and are gone', async () => {
    const account = await room.app.account({ emailVerified: false });
    const input = { name: 'Stranger', permissions: [{ audience: ordersApi, scope: 'read' }], once: 'o' };
    const made = await room.app.services.apiKeys.create(account, input, { actor: account.id });
    expect(made).toMatchObject({ ok: true });

    await ask(account.email);
    const done = await reset(await linkTo(account));

    expect(done.words).not.toContain('API keys');
    expect(await room.app.services.apiKeys.list(account.id)).toEqual([]);
  });

  test('S45: an account that is closed and kept after all has none any more, and says so', async () => {
    await room.app.restart({ GATEHOUSE_ACCOUNT_CLOSING_GRACE: '30d' });
    const account = await room.app.account();
    const browser = await room.signIn(account);
    const [own, orders] = [await room.add(browser), await room.add(browser, { may: ['Read your orders'] })];
    const answers = async () => [await works(own), (await told(room.orders, orders)).active];
    expect(await answers()).toEqual([true, true]);

    await browser.submit(await browser.open('/account/close'), { agree: 'on' });
    expect(await answers()).toEqual([false, false]);

    const back = openBrowser(room.app.url);
    const offer = await back.submit(await back.open('/account'), { email: account.email, password: account.password });
    expect(offer.words).toContain('API keys are deleted for good');
    await back.submit(offer, {}, { button: 'Keep my account' });
    expect((await back.open(path)).words).toContain('0 of 5');
    expect(await answers()).toEqual([false, false]);
    await room.app.restart({ GATEHOUSE_ACCOUNT_CLOSING_GRACE: 'off' });
  });

  test('“This wasn’t me” on an entry deletes those that were made since, says so before and on the receipt', async () => {
    const account = await room.app.account();
    const browser = await room.signIn(account);
    const old = await room.add(browser, { name: 'Older' });
    room.app.clock.advance(minute);
    const thief = await room.signIn(account);
    const stolen = await room.add(thief, { name: 'Stolen' });

    const { events } = await room.app.services.activity.list(account);
    const entry = `/account/activity/${events.find(({ kind }) => kind === 'api_key.created')?.id ?? ''}`;
    const page = await browser.open(entry);
    expect(page.words).toMatch(/API keys that were added since are deleted: Stolen \(gthk_\w{6}…\)\./);

    const done = await browser.submit(page, {}, { form: entry });
    const [, receipt = ''] = /href="(\/account\/receipts\/[\w-]+)"/.exec(done.html) ?? [];
    expect((await browser.open(receipt)).words).toMatch(/Deleted API keys Stolen Key begins with gthk_/);
    expect([await works(stolen), await works(old)]).toEqual([false, true]);
    expect((await thief.get(path)).status).toBe(303);
  });

  test('the button behind the mail about one deletes it, with the mailbox alone', async () => {
    const account = await room.app.account();
    const browser = await room.signIn(account);
    const old = await room.add(browser, { name: 'Older' });
    room.app.clock.advance(minute);
    const stolen = await room.add(browser, { name: 'Stolen' });
    const { link } = await room.app.mail.to(account.email, 'api-key-created');

    const anybody = openBrowser(room.app.url);
    const page = await anybody.open(link.slice(room.app.url.length));
    expect(page.words).toMatch(/The button also deletes API keys that were added then or later: Stolen \(gthk_/);
    expect(await works(stolen)).toBe(true);

    const done = await anybody.submit(page, {}, { form: '/wasnt-me' });
    expect(done.words).toMatch(/Deleted API keys Stolen \(gthk_/);
    expect([await works(stolen), await works(old)]).toEqual([false, true]);
    expect((await browser.get(path)).status).toBe(303);
  });
});
