import { z } from 'zod';

import type { Proven } from '../domain/acr.ts';
import { digitsIn } from '../domain/typed-digits.ts';
import type { AuthenticatorShown } from '../operations/authenticators.ts';
import { byField } from '../operations/problems.ts';
import { action, page, show, to, view, type Outcome, type Route } from '../web/route.ts';
import { bindingOf, type SignInDeps, type StepAsk } from './deps.ts';
import { at, shownWhereNext, whereNext } from './open-step.ts';
import { proceed, type SoFar } from './proceed.ts';

import type { Interaction } from '../oidc/interactions.ts';

/** A second factor is needed and there is none: setting one up is the next step of signing in (S102). */
export interface SetUpView {
  uid: string;
  email: string;
  /** What the authenticator app reads; absent: it is not begun yet. */
  authenticator?: AuthenticatorShown;
  /** For the passkey script. */
  options: string;
  mayRefuse: boolean;
  clientName: string;
}

export const setUpView = view<SetUpView>('sign-in/set-up', 'door', 'setUp.title');

export interface RecoveryCodesView {
  uid: string;
  /** Whose they are: for the file and the paper on which they are kept. */
  email: string;
  codes: readonly string[];
}

export const recoveryCodesView = view<RecoveryCodesView>('sign-in/recovery-codes', 'door', 'recoveryCodes.title');

const path = '/sign-in/:uid/set-up';
const confirmation = z.object({ code: z.string().trim().min(1, 'secondFactor.codeMissing').max(20) });
const made = z.object({ response: z.string().min(1, 'passkey.cancelled').max(20_000) });

export function setUpRoutes(deps: SignInDeps): Route[] {
  const showSetUp = (ask: StepAsk): Promise<Outcome> =>
    shownWhereNext(deps, ask, 'set-up', async (step, { account }) => {
      const { uid, mayRefuse, formAction, client } = step;
      const authenticator = await deps.authenticators.begun(account, bindingOf(uid));
      const options = JSON.stringify(await deps.passkeys.creationOptions(account, bindingOf(uid)));

      return show(
        setUpView,
        {
          uid,
          email: account.email,
          options,
          mayRefuse,
          clientName: client.name,
          ...(authenticator && { authenticator }),
        },
        { formAction },
      );
    });

  return [
    page(path, setUpView, showSetUp),

    action('/sign-in/:uid/set-up/begin', z.object({}), (ask) =>
      whereNext(deps, ask, 'set-up', async ({ uid }, { account }) => {
        await deps.authenticators.begin(account, bindingOf(uid));

        return to(`/sign-in/${uid}/set-up`);
      }),
    ),

    action(path, confirmation, (ask, { code }, wrong) =>
      whereNext(deps, ask, 'set-up', async (step, soFar) => {
        const binding = bindingOf(step.uid);
        const digits = digitsIn(code);
        const by = { actor: soFar.account.id, from: ask.visitor };
        const added = await deps.authenticators.confirm(soFar.account, { code: digits, binding }, by);

        if (added === 'ended') return wrong({ form: 'setUp.ended' });
        if (!added.ok) return wrong(byField(added.problems));

        return enrolled(deps, ask, step, { soFar, with: 'authenticator', codes: added.value.recoveryCodes });
      }),
    ),

    page('/sign-in/:uid/set-up/passkey', setUpView, showSetUp),

    action('/sign-in/:uid/set-up/passkey', made, (ask, { response }, wrong) =>
      whereNext(deps, ask, 'set-up', async (step, soFar) => {
        const binding = bindingOf(step.uid);
        const by = { actor: soFar.account.id, from: ask.visitor };
        const name = ask.say('passkey.firstName');
        const added = await deps.passkeys.add(soFar.account, { response, name, binding }, by);

        if (!added.ok) return wrong(byField(added.problems));

        const { passkey, recoveryCodes } = added.value;
        const kind = passkey.synced ? 'synced-passkey' : 'device-passkey';

        return enrolled(deps, ask, step, { soFar, with: kind, codes: recoveryCodes });
      }),
    ),

    action('/sign-in/:uid/go-on', z.object({}), (ask) =>
      at(deps, ask, (step, soFar) => proceed(deps, ask, step, soFar)),
    ),
  ];
}

/** What was set up was proved by it. Recovery codes are shown now and never again, so they come before going on. */
async function enrolled(
  deps: SignInDeps,
  ask: StepAsk,
  step: Interaction,
  of: { soFar: SoFar; with: Proven; codes: string[] | undefined },
): Promise<Outcome> {
  const { account, at: since, proven } = of.soFar;
  const soFar = { account, at: since, proven: [...proven, of.with] };

  if (of.codes === undefined) return proceed(deps, ask, step, soFar);

  await deps.interactions.keepProof(ask.exchange, step.uid, { accountId: account.id, proven: soFar.proven, at: since });

  return show(
    recoveryCodesView,
    { uid: step.uid, email: account.email, codes: of.codes },
    { formAction: step.formAction },
  );
}
