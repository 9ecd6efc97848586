import { provenBy, type Proven } from '../domain/acr.ts';
import { keepableUntil, maySignIn, type Account } from '../domain/account.ts';
import { isStrong, type Method } from '../domain/factors.ts';
import type { Interaction, PartialProof } from '../oidc/interactions.ts';
import type { SecondFactorAsked } from '../operations/second-factor.ts';
import { inLanguageOf, to, type Outcome } from '../web/route.ts';
import { bindingOf, type SignInDeps, type StepAsk } from './deps.ts';

/** What was proved by now, and by whom. */
export interface SoFar extends Omit<PartialProof, 'accountId'> {
  account: Account;
  /** "Not now", where it was only offered. */
  verifiesLater?: true;
}

/** Where the next page of a sign-in is. */
export type Next = 'done' | 'second-factor' | 'set-up' | 'verify-email' | 'closing';

/**
 * What comes after something was proved: the app, a second factor, or setting one up where it is needed and there is
 * none. Every way of signing in ends here, so all of them are as strong (S97).
 */
export async function proceed(deps: SignInDeps, ask: StepAsk, step: Interaction, soFar: SoFar): Promise<Outcome> {
  const account = await deps.locking.settled(soFar.account);

  return inLanguageOf(account, await goOn(deps, ask, step, { ...soFar, account }));
}

async function goOn(deps: SignInDeps, ask: StepAsk, step: Interaction, soFar: SoFar): Promise<Outcome> {
  const { account, proven, at } = soFar;
  const { exchange, visitor } = ask;
  const arrived = deps.arrivals.begin(account, visitor);
  const comes = await next(deps, ask, step, soFar);

  if (comes === 'done') {
    const { acr, amr } = provenBy(proven);
    const details = { amr, acr };

    await deps.events.write('sign_in.succeeded', {
      actor: account.id,
      account,
      clientId: step.client.id,
      from: visitor,
      details,
    });

    await arrived();

    return deps.interactions.signedIn(exchange, step.uid, { accountId: account.id, amr, acr, at });
  }

  await deps.interactions.keepProof(exchange, step.uid, { accountId: account.id, proven, at });
  if (comes === 'set-up' || comes === 'closing') return to(`/sign-in/${step.uid}/${comes}`);
  if (comes === 'verify-email') return beginVerification(deps, step, account);

  return beginSecondFactor(deps, ask, step, account);
}

/** What is still to come. */
export async function next(deps: SignInDeps, ask: StepAsk, step: Interaction, soFar: SoFar): Promise<Next> {
  const comes = await factorNext(deps, ask, step, soFar);
  // Whoever has proved all that they have may keep it; nothing is added to one that is going.
  if (comes !== 'second-factor' && keepableUntil(soFar.account, deps.clock.now()) !== undefined) return 'closing';

  const isVerified = soFar.verifiesLater === true || deps.emailVerification.wanted(soFar.account) === 'off';

  return comes === 'done' && !isVerified ? 'verify-email' : comes;
}

async function factorNext(
  deps: SignInDeps,
  { visitor }: StepAsk,
  step: Interaction,
  { account, proven }: SoFar,
): Promise<Exclude<Next, 'verify-email'>> {
  const asked = await deps.secondFactor.ask(account);
  const isMust = step.factors === 'must' || asked.needsStrong;

  if (provenBy(proven).strength === 3) return 'done';
  if (wantsStrong(step, asked) && asked.methods.some(isStrong)) return 'second-factor';

  const isAllGiven = isTwice(proven) || (asked.methods.length === 0 && !asked.isOn);
  // What is enrolled can't give what is needed; it is given all the same before anything is added to it.
  if (isMust) return isAllGiven ? 'set-up' : 'second-factor';
  if (isTwice(proven)) return 'done';
  // What is on and can't be used just now leaves the recovery codes.
  if (asked.methods.length === 0) return asked.isOn ? 'second-factor' : 'done';
  if (step.factors === 'wished') return 'second-factor';
  if (!asked.needed) return 'done';

  const remembered = !step.fresh && (await deps.remembering.isRemembered(account, visitor.deviceId));

  return remembered ? 'done' : 'second-factor';
}

/** Whether two factors are asked for, as far as the person can give them. */
function wantsStrong({ factors }: Interaction, { needsStrong }: Pick<SecondFactorAsked, 'needsStrong'>): boolean {
  return factors !== 'own' || needsStrong;
}

/** What can be proved in this step: where two factors are asked for, nothing that would not make two. */
export function methodsIn(step: Interaction, asked: SecondFactorAsked): Method[] {
  const strong = wantsStrong(step, asked) ? asked.methods.filter(isStrong) : [];

  return strong.length > 0 ? strong : asked.methods;
}

/** A password and a code from the mailbox: not two factors to an app, and what the person has set up all the same. */
function isTwice(proven: readonly Proven[]): boolean {
  return proven.length > 1;
}

/** A code is sent where the person's own choice is to get one: they pressed a button to come here. */
async function beginSecondFactor(
  deps: SignInDeps,
  { visitor }: StepAsk,
  step: Interaction,
  account: Account,
): Promise<Outcome> {
  const { uid } = step;
  const [first] = methodsIn(step, await deps.secondFactor.ask(account));

  if (first === 'email' || first === 'text') {
    const { locale } = account;
    await deps.signInCodes.send(account, { method: first, binding: bindingOf(uid), from: visitor, locale });
  }

  return to(`/sign-in/${uid}/second-factor`);
}

async function beginVerification(
  { emailVerification }: SignInDeps,
  { uid }: Interaction,
  account: Account,
): Promise<Outcome> {
  const binding = bindingOf(uid);
  const { locale } = account;
  if (!(await emailVerification.isWaiting(account, binding)))
    await emailVerification.send(account, { binding, locale });

  return to(`/sign-in/${uid}/verify-email`);
}

/** Who has proved something in this step, and what; undefined: nobody, or it counts no more. */
export async function soFarIn(deps: SignInDeps, { exchange }: StepAsk, uid: string): Promise<SoFar | undefined> {
  const proof = await deps.interactions.proofSoFar(exchange, uid);
  const account = proof && (await deps.accounts.get(proof.accountId));

  return proof && account && maySignIn(account, deps.clock.now())
    ? { account, proven: proof.proven, at: proof.at }
    : undefined;
}
