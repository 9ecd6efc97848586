import { expect, test } from '@jest/globals';

import { createEmailVerification } from '../../src/operations/email-verification.ts';
import { openRoom } from '../credentials/room.ts';
import { ana } from '../support/interactions.ts';

test.each([
  ['required', true, 'required'],
  ['offered', true, 'offered'],
  ['off', true, 'off'],
  // Nobody could ever get in who can’t be sent a code.
  ['required', false, 'off'],
] as const)('%s, where mail can be sent: %s', async (setting, canSendEmail, wanted) => {
  await using room = await openRoom();
  const verification = createEmailVerification({
    ...room,
    tell: undefined,
    setting,
    codes: room.oneTimeCodes,
    messages: { canSendEmail, compose: () => [], wake: () => undefined },
  });

  expect(verification.wanted({ ...ana, emailVerified: false })).toBe(wanted);
  expect(verification.wanted(ana)).toBe('off');
});

test('a code that went to another address proves nothing about this one', async () => {
  await using room = await openRoom();
  const sent: string[] = [];
  const verification = createEmailVerification({
    ...room,
    tell: undefined,
    setting: 'required',
    codes: room.oneTimeCodes,
    messages: {
      canSendEmail: true,
      compose: (_name, { data }) => (sent.push(JSON.stringify(data)), []),
      wake: () => undefined,
    },
  });
  const made = await room.accounts.create({ email: 'old@example.com' }, { actor: 'command-line' });
  if (!made.ok) throw new Error('no account');
  const { value: account } = made;
  const from = { ip: '192.0.2.1', userAgent: 'Firefox', requestId: 'r', deviceId: 'device-of-ada-0123456789' };

  await verification.send(account, { binding: 'b', locale: 'en' });
  const code = /\d{6}/.exec(sent[0] ?? '')?.[0] ?? '';
  await room.records.accounts.update(account.id, (old) => ({ ...old, email: 'new@x.org', emailKey: 'new@x.org' }));

  expect(await verification.confirm(account, { code, binding: 'b', from })).toBe('ended');
  expect(await room.records.accounts.get(account.id)).toMatchObject({ emailVerified: false });
  expect((await room.events.read(account)).events.map(({ kind }) => kind)).not.toContain('email.verified');
});
