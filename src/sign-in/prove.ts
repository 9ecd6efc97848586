import type { Ticket } from '../credentials/guessing.ts';
import { maySignIn, type Account } from '../domain/account.ts';
import type { Visitor } from '../web/route.ts';
import type { SignInDeps } from './deps.ts';

/**
 * What came of an e-mail address and a password. `wrong` never says which of them, nor whether the account is closed;
 * `locked`: after a hundred failures in a row waiting does not help a browser that nobody knows (S84).
 */
export type Proved =
  | { account: Account; /** Milliseconds. */ at: number }
  | 'wrong'
  | 'locked'
  /** The password is right, and an administrator has locked the account. */
  | { shut: Account }
  | { /** Seconds. */ wait: number };

export interface Tried {
  email: string;
  password: string;
  clientId: string;
}

type ProveDeps = Pick<
  SignInDeps,
  'accounts' | 'passwords' | 'guessing' | 'events' | 'arrivals' | 'clock' | 'secondFactor'
>;

/**
 * Checks an e-mail address and a password: the same work for known and unknown addresses (S71), and no password is
 * looked at during a wait, so that the wait tells nothing about it.
 */
export async function proveByPassword(deps: ProveDeps, visitor: Visitor, tried: Tried): Promise<Proved> {
  const { email, password, clientId } = tried;
  // Before it is looked at: a password that is changed in between has not been proved.
  const at = deps.clock.now();
  const account = await deps.accounts.findByEmail(email);
  const facts = { actor: 'anonymous', account, clientId, from: visitor };

  // On its way while the try is counted; nothing is compared with it before.
  const verify = deps.passwords.verifier(account?.id);
  // For nobody, too (S71).
  deps.secondFactor.ahead(account?.id ?? 'nobody');
  const { ip, deviceId } = visitor;
  const admission = await deps.guessing.admit({ email, ip, deviceId, accountId: account?.id });

  if (!admission.allowed) {
    const { reason, retryAfter } = admission;
    await deps.events.write('sign_in.blocked', { ...facts, details: { reason, retryAfter } });
    await deps.arrivals.keptOut({ email, account, from: visitor, reason });

    return reason === 'locked' ? 'locked' : { wait: retryAfter };
  }

  const { ticket } = admission;
  const right = await verifyOrWithdraw(deps, ticket, () => verify(password));

  if (account && right && account.status === 'disabled' && !maySignIn(account, at)) {
    await deps.guessing.succeeded(ticket, account.id);
    await deps.events.write('sign_in.failed', { ...facts, details: { known: true } });

    return { shut: account };
  }

  if (account === undefined || !right || !maySignIn(account, at)) {
    await deps.guessing.failed(ticket);
    await deps.events.write('sign_in.failed', { ...facts, details: { known: account !== undefined } });

    return 'wrong';
  }

  await deps.guessing.succeeded(ticket, account.id);

  return { account, at };
}

async function verifyOrWithdraw(
  { guessing }: Pick<ProveDeps, 'guessing'>,
  ticket: Ticket,
  verify: () => Promise<boolean>,
): Promise<boolean> {
  try {
    return await verify();
  } catch (error) {
    await guessing.withdrawn(ticket);
    throw error;
  }
}
