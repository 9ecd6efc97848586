import { keepableUntil, type Account } from '../domain/account.ts';
import { provenBy, type Proven, type WantedFactors } from '../domain/acr.ts';
import { isStrong, type Method } from '../domain/factors.ts';
import type { EmailVerification } from './email-verification.ts';
import type { SecondFactorAsked } from './second-factor.ts';

/**
 * What comes after what in a sign-in. Here and nowhere else: the pages go by it, and so does whoever explains beforehand
 * what they will ask. It knows no page.
 */

/** What is still to come: nothing, or the page where it is done. */
export type NextStep = 'done' | 'second-factor' | 'set-up' | 'verify-email' | 'closing';

/** What the app asks for. */
export interface WantedSignIn {
  factors: WantedFactors;
  /** Whether each factor has to be proved now, also in a browser that is remembered. */
  fresh: boolean;
}

export interface Proved {
  account: Account;
  proven: readonly Proven[];
  /** "Not now", where it was only offered. */
  verifiesLater?: true;
}

export interface PathDeps {
  asked: SecondFactorAsked;
  emailVerification: Pick<EmailVerification, 'wanted'>;
  /** Whether the browser is. */
  isRemembered(): Promise<boolean>;
  /** Milliseconds. */
  now: number;
}

export async function nextStep(deps: PathDeps, wanted: WantedSignIn, proved: Proved): Promise<NextStep> {
  const comes = await factorNext(deps, wanted, proved);
  // Whoever has proved all that they have may keep it; nothing is added to one that is going.
  if (comes !== 'second-factor' && keepableUntil(proved.account, deps.now) !== undefined) return 'closing';

  const isVerified = proved.verifiesLater === true || deps.emailVerification.wanted(proved.account) === 'off';

  return comes === 'done' && !isVerified ? 'verify-email' : comes;
}

async function factorNext(
  { asked, isRemembered }: PathDeps,
  wanted: WantedSignIn,
  { proven }: Proved,
): Promise<'done' | 'second-factor' | 'set-up'> {
  const isMust = wanted.factors === 'must' || asked.needsStrong;

  if (provenBy(proven).strength === 3) return 'done';
  if (wantsStrong(wanted, asked) && asked.methods.some(isStrong)) return 'second-factor';

  const isAllGiven = isTwice(proven) || (asked.methods.length === 0 && !asked.isOn);
  // What is enrolled can't give what is needed; it is given all the same before anything is added to it.
  if (isMust) return isAllGiven ? 'set-up' : 'second-factor';
  if (isTwice(proven)) return 'done';
  // What is on and can't be used just now leaves the recovery codes.
  if (asked.methods.length === 0) return asked.isOn ? 'second-factor' : 'done';
  if (wanted.factors === 'wished') return 'second-factor';
  if (!asked.needed) return 'done';

  return !wanted.fresh && (await isRemembered()) ? 'done' : 'second-factor';
}

/** Whether two factors are asked for, as far as the person can give them. */
function wantsStrong({ factors }: WantedSignIn, { needsStrong }: Pick<SecondFactorAsked, 'needsStrong'>): boolean {
  return factors !== 'own' || needsStrong;
}

/** What can be proved: where two factors are asked for, nothing that would not make two. */
export function methodsFor(wanted: WantedSignIn, asked: SecondFactorAsked): Method[] {
  const strong = wantsStrong(wanted, asked) ? asked.methods.filter(isStrong) : [];

  return strong.length > 0 ? strong : asked.methods;
}

/** A password and a code from the mailbox: not two factors to an app, and what the person has set up all the same. */
function isTwice(proven: readonly Proven[]): boolean {
  return proven.length > 1;
}
