import { z } from 'zod';

import type { PasskeyReason } from '../operations/prove-passkey.ts';
import { action, page, to, type MessageKey, type Outcome, type Route } from '../web/route.ts';
import { bindingOf, type SignInDeps, type StepAsk } from './deps.ts';
import { showEnded } from './ended.ts';
import { proceed } from './proceed.ts';
import { at } from './open-step.ts';
import { secondFactorView, showSecondFactor } from './second-factor.ts';
import { showShut } from './shut.ts';
import { elsewhere, isAnother, showSignIn, signInView } from './sign-in.ts';

/** What the browser's own dialogue answered, as JSON. */
const response = z.object({ response: z.string().min(1, 'signIn.passkeyCancelled').max(20_000) });
/** The same behind a password. */
const second = z.object({ response: z.string().min(1, 'secondFactor.passkeyCancelled').max(20_000) });

/**
 * Signing in with a passkey, which is both factors at once: from the first page with no address typed, or as the second
 * step of somebody who gave a password. The only step that needs a script.
 */
export function passkeyRoutes(deps: SignInDeps): Route[] {
  const { interactions } = deps;

  return [
    // The same page at the address of the form, for what is wrong with it.
    page('/sign-in/:uid/passkey', signInView, async ({ exchange, params: { uid }, query }): Promise<Outcome> => {
      const step = await interactions.find(exchange, uid);
      if ('ended' in step) return showEnded(uid, step);

      return elsewhere(step) ?? showSignIn(deps, step, { another: isAnother(query) });
    }),

    action('/sign-in/:uid/passkey', response, async (ask, input, wrong) => {
      const { uid } = ask.params;
      const step = await interactions.find(ask.exchange, uid);
      if ('ended' in step) return showEnded(uid, step);

      const moved = elsewhere(step);
      if (moved !== undefined) return moved;

      const again = isAnother(ask.query) ? undefined : step.account;
      const used = await deps.provePasskey.prove({
        response: input.response,
        account: again,
        binding: bindingOf(uid),
        clientId: step.client.id,
        from: ask.visitor,
      });

      if ('shut' in used) return showShut(step, used.shut);
      if ('refused' in used) return wrong({ form: whyNot(used, 'signIn.passkeyRefused') });

      await recognise(deps, ask, used.account.id);

      return proceed(deps, ask, step, { account: used.account, proven: [used.proven], at: deps.clock.now() });
    }),

    page('/sign-in/:uid/second-factor/passkey', secondFactorView, (ask) =>
      at(deps, ask, (step, soFar) =>
        showSecondFactor(deps, { ...ask, query: { ...ask.query, method: 'passkey' } }, step, { soFar }),
      ),
    ),

    action('/sign-in/:uid/second-factor/passkey', second, (ask, input, wrong) =>
      at(deps, ask, async (step, soFar) => {
        const used = await deps.provePasskey.prove({
          response: input.response,
          account: soFar.account,
          binding: bindingOf(step.uid),
          clientId: step.client.id,
          from: ask.visitor,
        });

        if ('shut' in used) return showShut(step, used.shut);
        if ('refused' in used) return wrong({ form: whyNot(used, 'secondFactor.passkeyRefused') });
        if (used.account.id !== soFar.account.id) return to(`/sign-in/${step.uid}`);

        await recognise(deps, ask, used.account.id);

        return proceed(deps, ask, step, { ...soFar, proven: [...soFar.proven, used.proven] });
      }),
    ),
  ];
}

/** What the page says stood on it for too long, or was sent before: the page that says so asks anew. */
function whyNot({ refused }: { refused: PasskeyReason }, otherwise: MessageKey): MessageKey {
  return refused === 'challenge' ? 'problem.passkeyLate' : otherwise;
}

/** Whoever proved a passkey here has a lane of their own here: strangers' guesses don't slow them (S88). */
function recognise(deps: SignInDeps, { visitor }: StepAsk, accountId: string): Promise<void> {
  return deps.secondFactorGuessing.recognised({ accountId, deviceId: visitor.deviceId });
}
