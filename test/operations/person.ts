import speakeasy from 'speakeasy';

import type { Account } from '../../src/domain/account.ts';
import { goodPassword, type Room } from '../credentials/room.ts';

/** Ada, with a verified address and number, and what she does about her factors. */
export async function openPerson(room: Room, about: { admin?: boolean; password?: boolean; email?: string } = {}) {
  const { admin = false, password = true, email = 'ada@example.com' } = about;
  const operator = { actor: 'command-line' };
  const input = {
    email,
    emailVerified: true,
    displayName: 'Ada',
    claims: { phone_number: '+491711234567', phone_number_verified: true },
    ...(password && { password: goodPassword }),
  };
  const made = admin
    ? await room.accounts.createAdministrator(input, operator)
    : await room.accounts.create(input, operator);
  if (!made.ok) throw new Error(JSON.stringify(made.problems));

  const account: Account = made.value;
  const from = { ip: '192.0.2.1', userAgent: 'Firefox', requestId: 'r', deviceId: 'device-of-ada-0123456789' };
  const by = { actor: account.id, from };
  room.clock.advance(60_000);

  /** What the app shows at this moment. */
  const codeOf = (secret: string, at = room.clock.now()): string =>
    speakeasy.totp({ secret, encoding: 'base32', time: at / 1000 });

  /** Sets an authenticator up, half a minute later than its first code; answers its secret. */
  async function authenticator(binding = 'session-1'): Promise<{ secret: string; recoveryCodes: string[] }> {
    const shown = await room.authenticators.begin(account, binding);
    const secret = shown.secret.replaceAll(' ', '');
    const confirmed = await room.authenticators.confirm(account, { code: codeOf(secret), binding }, by);
    if (confirmed === 'ended' || !confirmed.ok) throw new Error(JSON.stringify(confirmed));
    room.clock.advance(60_000);

    return { secret, recoveryCodes: confirmed.value.recoveryCodes ?? [] };
  }

  const kinds = async () => (await room.events.read(account)).events.map(({ kind }) => kind).toReversed();
  const factors = () => room.factors.of(account.id);

  return { account, by, from, codeOf, authenticator, kinds, factors };
}

export type Person = Awaited<ReturnType<typeof openPerson>>;

export const keyOf = (result: unknown): unknown =>
  typeof result === 'object' && result !== null && 'problems' in result
    ? (result.problems as { path: string; key: string }[]).map(({ path, key }) => `${path} ${key}`.trim()).join(', ')
    : result;
