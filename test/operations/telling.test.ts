import { expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import type { Happening } from '../../src/operations/happenings.ts';
import { startTestApp, type TestApp } from '../support/app.ts';

const from = { ip: '203.0.113.9', userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };

/** What a person is told, with the words in it that say which. */
const told: [Happening, string, ...RegExp[]][] = [
  [{ kind: 'password.changed', details: { everywhere: true } }, 'password-changed'],
  [{ kind: 'password.set' }, 'password-changed'],
  [{ kind: 'two_factor.method_added', details: { method: 'authenticator' } }, 'factor-added', /authenticator app/],
  [{ kind: 'two_factor.method_added', details: { method: 'text' } }, 'factor-added', /text message/],
  [{ kind: 'two_factor.method_removed', details: { method: 'email' } }, 'factor-removed', /codes by e-mail/],
  [{ kind: 'two_factor.switched_off' }, 'two-factor-off'],
  [{ kind: 'passkey.added', details: { synced: true } }, 'factor-added', /a passkey/],
  [{ kind: 'passkey.added', details: { synced: true }, name: 'Blue key' }, 'factor-added', /the passkey “Blue key”/],
  [
    { kind: 'two_factor.method_added', details: { method: 'email' }, withCodes: true },
    'factor-added',
    /codes by e-mail, and with recovery codes/,
  ],
  [{ kind: 'passkey.removed' }, 'factor-removed', /a passkey/],
  [{ kind: 'recovery_codes.created', details: { count: 10 } }, 'factor-added', /new recovery codes/],
  [{ kind: 'recovery_code.used', details: { left: 9 } }, 'recovery-code-used', /Codes left: 9/],
  [{ kind: 'second_factor.failed', details: { method: 'authenticator' } }, 'second-factor-failed'],
  [{ kind: 'device.new' }, 'new-device'],
  [
    { kind: 'passkey.counter_regressed', details: { stored: 9, counted: 3 }, name: 'Blue key' },
    'passkey-refused',
    /Blue key/,
  ],
  [
    { kind: 'api_key.created', details: { prefix: 'gthk_4fQz9K', audience: '', scopes: [] }, name: 'Nightly backup' },
    'api-key-created',
    /the API key “Nightly backup”/,
  ],
  [{ kind: 'sign_in.blocked', details: { reason: 'account', retryAfter: 5 } }, 'failed-tries'],
];

const untold: Happening[] = [
  { kind: 'recovery_codes.created', details: { count: 10 }, toldElsewhere: true },
  { kind: 'two_factor.preferred', details: { method: 'email' } },
  { kind: 'passkey.renamed' },
  { kind: 'account.updated', details: { fields: ['task'] } },
];

async function tell(app: TestApp, account: Account, what: Happening): Promise<number> {
  const { tell: toTell, records } = app.services;
  const writes = await toTell(what, { actor: account.id, account, from: { ...from, requestId: 'r' } });
  await records.write(writes);
  app.clock.advance(1000);

  return writes.length;
}

test('S82, S101, S102: a person gets a mail about what happens to their account, and where to go if it wasn’t them', async () => {
  await using app = await startTestApp();
  const ana = await app.account({ email: 'ana@example.com', claims: { zoneinfo: 'Asia/Tokyo' } });

  for (const [what, template, ...words] of told) {
    expect(await tell(app, ana, what)).toBe(2);
    const { text, link, template: written } = await app.mail.to('ana@example.com');

    expect([what.kind, written]).toEqual([what.kind, template]);
    expect(text).toContain('Device: Firefox on Linux');
    expect(text).toContain('IP address: 203.0.113.9');
    expect(text).toMatch(/When: .* GMT\+9/);
    expect(link).toMatch(new RegExp(`^${app.url}/wasnt-me\\?token=[0-9A-Z]{26}$`));
    for (const pattern of words) expect(text).toMatch(pattern);
  }

  for (const what of untold) expect([what.kind, await tell(app, ana, what)]).toEqual([what.kind, 0]);
});

test('when few recovery codes are left, a second mail asks for new ones', async () => {
  await using app = await startTestApp();
  const ana = await app.account({ email: 'ana@example.com', locale: 'de' });

  expect(await tell(app, ana, { kind: 'recovery_code.used', details: { left: 4 } })).toBe(2);
  expect(await tell(app, ana, { kind: 'recovery_code.used', details: { left: 3 } })).toBe(3);
  expect((await app.mail.to('ana@example.com', 'recovery-codes-low')).text).toContain('Verbleibende Codes: 3');
});

test('an address that nobody proved is a stranger’s, perhaps: nothing is told there', async () => {
  await using app = await startTestApp();
  const ana = await app.account({ email: 'ana@example.com', emailVerified: false });

  expect(await tell(app, ana, { kind: 'two_factor.switched_off' })).toBe(0);
});

test('the command line needs no browser to tell of what it did', async () => {
  await using app = await startTestApp();
  const ana = await app.account({ email: 'ana@example.com' });

  await app.services.accounts.setPassword(ana.id, 'nine herons judge the moor', { actor: 'command-line' });

  const { text, template } = await app.mail.to('ana@example.com');
  expect(template).toBe('password-changed');
  expect(text).toContain('When: ');
  expect(text).not.toMatch(/Device|IP address/);
});
