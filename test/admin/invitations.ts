import { describe, expect, test } from '@jest/globals';

import { chosen, wanted } from '../flows/recovery.ts';
import { enter, isSignedIn } from '../security/web/visits.ts';
import { fifty, succeeded } from '../storage/rows.ts';
import { goodPassword } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import type { AccountRoom } from './account-room.ts';

const day = 86_400_000;

/** How somebody comes by an account that was made for them. */
export function invitations(room: () => AccountRoom): void {
  describe('S77: an invitation', () => {
    test('is a link and a code that work once; the person sets the password and so proves the address', async () => {
      const at = room();
      const page = await at.admin.browser.open('/admin/accounts/new');
      const refused = await at.admin.browser.submit(page, { email: 'no address', displayName: 'x'.repeat(21) });
      expect(refused.status).toBe(422);
      expect(refused.words).toContain('At most 20 characters');

      const email = 'nora@example.org';
      const made = await at.admin.browser.submit(refused, { email, displayName: 'Nora', invite: 'on' });
      expect(made.words).toContain('The invitation is on its way.');
      expect(made.words).toContain('Not verified');
      expect(made.words).toContain('Password none yet');

      const { link, code } = await at.room.app.mail.to(email, 'invitation');
      const browser = openBrowser(at.room.app.url);
      const asked = await browser.submit(await browser.open('/invitation'), { code });
      expect(asked.words).toContain(`Choose a password for ${email}`);
      expect((await browser.submit(asked, { newPassword: 'short', confirmPassword: 'short' })).status).toBe(422);
      const differs = await browser.submit(asked, { newPassword: wanted, confirmPassword: `${wanted}!` });
      expect(differs.words).toContain('This differs from the new password.');

      const done = await browser.submit(await browser.open(link.slice(at.room.app.url.length)), chosen);
      expect(done.words).toContain('Your account is ready.');
      expect(await isSignedIn(browser)).toBe(false);
      await enter(browser, { email, password: wanted });
      expect(await isSignedIn(browser)).toBe(true);

      const account = await at.room.app.services.accounts.findByEmail(email);
      expect(account).toMatchObject({ emailVerified: true, roles: [] });
      expect((await at.eventsOf(account?.id ?? '')).map(({ kind }) => kind)).toEqual(
        expect.arrayContaining(['account.created', 'account.invited', 'invitation.accepted']),
      );
      expect((await openBrowser(at.room.app.url).open(link.slice(at.room.app.url.length))).status).toBe(410);
      expect(await at.ask(`/${account?.id}/invitation`, 'POST')).toMatchObject({ status: 422 });
    });

    test('S77: of fifty at once one is taken, and the others change nothing', async () => {
      const at = room();
      const { id, code, email } = await at.newcomer();
      const { invitations } = at.room.app.services;
      const from = { ip: '192.0.2.9', userAgent: 'x', requestId: 'r', deviceId: 'd' };
      const passwords = Array.from({ length: 50 }, (_, n) => `${wanted} number ${n}`);

      const results = succeeded(await fifty((n) => invitations.accept(code, passwords[n] ?? '', from)));
      const won = results.findIndex((result) => result !== 'ended');
      expect(results.filter((result) => result !== 'ended')).toHaveLength(1);

      const right = await Promise.all(passwords.map((password) => at.room.app.services.passwords.verify(id, password)));
      expect(right.flatMap((is, n) => (is ? [n] : []))).toEqual([won]);
      expect(await at.mailsTo(email)).toEqual(['invitation']);
    });

    test('S77: ends with a newer one, after a week, and when it is guessed or of somebody else', async () => {
      const at = room();
      const { id, path } = await at.newcomer();
      expect((await at.ask(`/${id}/invitation`, 'POST')).status).toBe(200);
      expect((await openBrowser(at.room.app.url).open(path)).status).toBe(410);

      const again = await at.newcomer();
      at.room.app.clock.advance(7 * day + 1);
      expect((await openBrowser(at.room.app.url).open(again.path)).status).toBe(410);

      const reset = await at.room.app.services.oneTimeSecrets.issue({ purpose: 'password-reset', accountId: id });
      for (const token of ['', 'x', reset.secret, '0'.repeat(26)]) {
        expect((await openBrowser(at.room.app.url).open(`/invitation?token=${token}`)).status).toBe(410);
      }
      const browser = openBrowser(at.room.app.url);
      const wrong = await browser.submit(await browser.open('/invitation/code'), { code: reset.code });
      expect(wrong.words).toContain('This code is not right');
    });

    test('S77: nobody sees or sets a password by the API', async () => {
      const at = room();
      const { id } = await at.newcomer();
      const headers = { 'idempotency-key': 'p' };
      for (const more of [
        { password: goodPassword },
        { emailVerified: true },
        { roles: ['admin'] },
        { status: 'active' },
      ]) {
        expect((await at.ask('', 'POST', { email: 'p@example.org', ...more }, headers)).status).toBe(422);
      }
      const { body, headers: answered } = await at.ask(`/${id}`);
      expect(JSON.stringify(body)).not.toMatch(/password|hash|eventKey|secret/i);
      const match = { 'if-match': answered.get('etag') ?? '' };
      expect((await at.ask(`/${id}`, 'PATCH', { password: goodPassword }, match)).status).toBe(422);
    });
  });
}
