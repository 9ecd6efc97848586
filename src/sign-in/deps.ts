import type { Guessing } from '../credentials/guessing.ts';
import type { OneTimeCodes } from '../credentials/one-time-code.ts';
import type { Passwords } from '../credentials/passwords.ts';
import type { Clock } from '../domain/clock.ts';
import type { Events } from '../events/writer.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { Accounts } from '../operations/accounts.ts';
import type { Arrivals } from '../operations/arrivals.ts';
import type { Authenticators } from '../operations/authenticators.ts';
import type { Closing } from '../operations/closing.ts';
import type { EmailVerification } from '../operations/email-verification.ts';
import type { Locking } from '../operations/locking.ts';
import type { Mailbox } from '../operations/mailbox.ts';
import type { Passkeys } from '../operations/passkeys.ts';
import type { ProveCode } from '../operations/prove-code.ts';
import type { ProvePasskey } from '../operations/prove-passkey.ts';
import type { Recovery } from '../operations/recovery.ts';
import type { Registration } from '../operations/registration.ts';
import type { Remembering } from '../operations/remembering.ts';
import type { SignInCodes } from '../operations/sign-in-codes.ts';
import type { SecondFactor } from '../operations/second-factor.ts';
import type { TypedAddress } from '../operations/typed-address.ts';
import type { Ask } from '../web/route.ts';

/** What signing in needs of the rest: the few functions that it calls. */
export interface SignInDeps {
  interactions: Pick<
    Interactions,
    'find' | 'signedIn' | 'selected' | 'refused' | 'restart' | 'keepProof' | 'proofSoFar'
  >;
  accounts: Pick<Accounts, 'findByEmail' | 'get'>;
  passwords: Pick<Passwords, 'verifier'>;
  guessing: Pick<Guessing, 'admit' | 'succeeded' | 'failed' | 'withdrawn'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
  secondFactor: Pick<SecondFactor, 'ask' | 'ahead'>;
  remembering: Pick<Remembering, 'isRemembered' | 'remember'>;
  secondFactorGuessing: Pick<Guessing, 'recognised'>;
  signInCodes: SignInCodes;
  oneTimeCodes: Pick<OneTimeCodes, 'waiting'>;
  proveCode: Pick<ProveCode, 'secondFactor'>;
  provePasskey: ProvePasskey;
  authenticators: Authenticators;
  passkeys: Pick<Passkeys, 'creationOptions' | 'add'>;
  emailVerification: EmailVerification;
  registration: Registration;
  /** Said on the page: of a password, in characters; the operator's documents. */
  registering: { minimumLength: number; maximumLength: number; terms?: string; privacy?: string };
  recovery: Pick<Recovery, 'possible'>;
  mailbox: Mailbox;
  typedAddress: TypedAddress;
  arrivals: Arrivals;
  closing: Pick<Closing, 'keep'>;
  locking: Pick<Locking, 'settled'>;
}

/** What a page of one step is asked. */
export type StepAsk = Omit<Ask, 'params'> & { params: { uid: string } };

/** Names the attempt that codes and challenges belong to: its step's cookie says which browser that is. */
export function bindingOf(uid: string): string {
  return `sign-in ${uid}`;
}
