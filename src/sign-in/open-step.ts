import type { Interaction } from '../oidc/interactions.ts';
import type { NextStep } from '../operations/sign-in-path.ts';
import { to, type Outcome } from '../web/route.ts';
import type { SignInDeps, StepAsk } from './deps.ts';
import { showEnded } from './ended.ts';
import { next, proceed, soFarIn, type SoFar } from './proceed.ts';

/** The way into the pages behind the password: none does anything for somebody who has not come so far. */

export type Work = (step: Interaction, soFar: SoFar) => Promise<Outcome>;

/** Runs `work` where this step is open and its password was proved; else leads to where that is done. */
export async function at(deps: SignInDeps, ask: StepAsk, work: Work): Promise<Outcome> {
  const { uid } = ask.params;
  const step = await deps.interactions.find(ask.exchange, uid);
  if ('ended' in step) return showEnded(uid, step);

  const soFar = step.prompt === 'login' ? await soFarIn(deps, ask, uid) : undefined;

  return soFar === undefined ? to(`/sign-in/${uid}`) : work(step, soFar);
}

/**
 * The same, where `place` is what comes next: nobody sets up a factor who has not given the one that they have (S98), and
 * a password alone has no code sent to a mailbox. Else leads to what comes next.
 */
export function whereNext(
  deps: SignInDeps,
  ask: StepAsk,
  place: Exclude<NextStep, 'done' | 'second-factor'>,
  work: Work,
): Promise<Outcome> {
  return at(deps, ask, async (step, soFar) =>
    (await next(deps, ask, step, soFar)) === place ? work(step, soFar) : proceed(deps, ask, step, soFar),
  );
}

/** The same for a page, which does nothing but lead there (S23). */
export function shownWhereNext(
  deps: SignInDeps,
  ask: StepAsk,
  place: Exclude<NextStep, 'done' | 'second-factor'>,
  work: Work,
): Promise<Outcome> {
  return at(deps, ask, async (step, soFar) => {
    const comes = await next(deps, ask, step, soFar);
    if (comes === place) return work(step, soFar);

    return to(comes === 'done' ? `/sign-in/${step.uid}` : `/sign-in/${step.uid}/${comes}`);
  });
}
