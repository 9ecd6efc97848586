import type { Account } from '../domain/account.ts';

/** What can be done for an account: each is the last part of its page's path, and of its texts' keys. */
export const doingNames = ['role', 'invite', 'reset', 'sign-out', 'factors', 'lock', 'unlock', 'delete'] as const;
export type DoingName = (typeof doingNames)[number];

/** Which of them make sense just now; each looks for itself when it is done. `mail`: whether any can be sent. */
export function doingsFor(
  { status, emailVerified }: Pick<Account, 'status' | 'emailVerified'>,
  has: { password: boolean; factors: boolean; mail: boolean },
): DoingName[] {
  // Whoever has proved the address was here before, also where their password had to go.
  const isNew = !has.password && !emailVerified;
  const makeSense: Record<DoingName, boolean> = {
    role: status !== 'closing',
    invite: status === 'active' && has.mail && isNew,
    reset: status === 'active' && has.mail && !isNew,
    'sign-out': status === 'active',
    factors: status !== 'closing' && has.factors,
    lock: status === 'active',
    unlock: status === 'disabled',
    delete: true,
  };

  return doingNames.filter((name) => makeSense[name]);
}
