import { provenBy } from '../domain/acr.ts';
import { maySignIn, type Account } from '../domain/account.ts';
import type { Interaction, PartialProof } from '../oidc/interactions.ts';
import { methodsFor, nextStep, type NextStep, type Proved } from '../operations/sign-in-path.ts';
import { inLanguageOf, to, type Outcome } from '../web/route.ts';
import { bindingOf, type SignInDeps, type StepAsk } from './deps.ts';

/** What was proved by now, and by whom. */
export interface SoFar extends Omit<PartialProof, 'accountId'>, Proved {
  account: Account;
}

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
export async function next(deps: SignInDeps, { visitor }: StepAsk, step: Interaction, soFar: SoFar): Promise<NextStep> {
  const { account } = soFar;

  return nextStep(
    {
      asked: await deps.secondFactor.ask(account),
      emailVerification: deps.emailVerification,
      isRemembered: () => deps.remembering.isRemembered(account, visitor.deviceId),
      now: deps.clock.now(),
    },
    step,
    soFar,
  );
}

/** A code is sent where the person's own choice is to get one: they pressed a button to come here. */
async function beginSecondFactor(
  deps: SignInDeps,
  { visitor }: StepAsk,
  step: Interaction,
  account: Account,
): Promise<Outcome> {
  const { uid } = step;
  const [first] = methodsFor(step, await deps.secondFactor.ask(account));

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
