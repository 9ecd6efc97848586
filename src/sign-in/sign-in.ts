import { z } from 'zod';

import { consoleClientId } from '../domain/client.ts';
import { waitInWords } from '../domain/duration.ts';
import type { ClientFace } from '../domain/client-face.ts';
import type { Interaction } from '../oidc/interactions.ts';
import { action, page, show, to, view, type Ask, type Outcome, type Route } from '../web/route.ts';
import { bindingOf, type SignInDeps } from './deps.ts';
import { endedView, showEnded } from './ended.ts';
import { showMailbox } from './mailbox.ts';
import { proceed } from './proceed.ts';
import { proveByPassword } from './prove.ts';
import { refuse } from './refuse.ts';
import { showShut } from './shut.ts';

export interface SignInView {
  uid: string;
  client: ClientFace;
  /** The app is the account console: not named, because to people it is this very service. */
  forAccount: boolean;
  /** What the e-mail field begins with. */
  email: string;
  /** The address that was typed, to be carried on to the pages that ask for it as well. */
  typed?: string;
  /** Whose sign-in has to be proved again; absent: anybody may sign in. */
  again?: { email: string };
  /** "Not you?" was followed: what is sent from here is about nobody who is signed in. */
  another: boolean;
  /** What the passkey script asks the browser for. */
  passkey: string;
  /** Whether people may create accounts here. */
  mayRegister: boolean;
  /** In words, during a wait after wrong guesses. */
  wait?: string;
  mayRefuse: boolean;
  /** Whether a link to a new password can be sent. */
  mayRecover: boolean;
}

export const signInView = view<SignInView>('sign-in/sign-in', 'door', 'signIn.title');

const credentials = z.object({
  email: z.string().trim().min(1, 'signIn.emailMissing').max(320, 'signIn.emailTooLong'),
  password: z.string().min(1, 'signIn.passwordMissing'),
});

export function passwordRoutes(deps: SignInDeps): Route[] {
  const { interactions } = deps;

  return [
    page('/sign-in/:uid', signInView, async ({ exchange, params: { uid }, query, visitor }): Promise<Outcome> => {
      const step = await interactions.find(exchange, uid);
      if ('ended' in step) return showEnded(uid, step);

      const email = deps.typedAddress.read(query['typed'], visitor);
      const another = isAnother(query);
      // `prompt=create`: the app has sent a newcomer, who may still say that they have an account.
      if (deps.registration.isAllowed && step.reasons.includes('create_prompt') && !another) {
        return to(`/sign-in/${uid}/register`);
      }

      return elsewhere(step) ?? showSignIn(deps, step, { another, ...(email !== undefined && { email }) });
    }),

    action('/sign-in/:uid', credentials, async (ask, { email, password }, wrong) => {
      const { uid } = ask.params;
      const step = await interactions.find(ask.exchange, uid);

      if ('ended' in step) return showEnded(uid, step);

      const moved = elsewhere(step);
      if (moved !== undefined) return moved;

      const clientId = step.client.id;
      const typed = deps.typedAddress.carry(email, ask.visitor);
      const proved = await proveByPassword(deps, ask.visitor, { email, password, clientId });

      if (proved === 'wrong') return wrong({ form: 'signIn.wrong' }, 422, { typed });
      // No time is named: waiting does not help here (S84).
      if (proved === 'locked') {
        return deps.mailbox.possible
          ? showMailbox(step, { email, waiting: false }, { status: 429 })
          : wrong({ form: 'signIn.locked' }, 429, { typed });
      }
      if ('shut' in proved) return showShut(step, proved.shut);
      if ('wait' in proved) {
        return showSignIn(deps, step, { another: isAnother(ask.query), email, typed, wait: waitOf(ask, proved.wait) });
      }

      return proceed(deps, ask, step, { account: proved.account, proven: ['password'], at: proved.at });
    }),

    action('/sign-in/:uid/refuse', z.object({}), ({ exchange, params: { uid } }) =>
      refuse(interactions, exchange, uid),
    ),

    // A link and not a form: it has no effect but to begin the app's request anew, works without cookies, and may end at
    // the app, which a form of a page that knows no app could not.
    page('/sign-in/:uid/restart', endedView, async ({ exchange, params: { uid } }) => {
      const restarted = await interactions.restart(uid);
      if (restarted !== undefined) return restarted;

      const step = await interactions.find(exchange, uid);
      return 'ended' in step ? showEnded(uid, { ...step, restartable: false }) : to(`/sign-in/${uid}`);
    }),
  ];
}

/** Where this authorization request is by now, when that is not here: the back button leads to steps that were taken. */
export function elsewhere(step: Interaction): Outcome | undefined {
  if (step.prompt === 'consent') return to(`/consent/${step.uid}`);
  if (step.prompt === 'select_account') return to(`/choose-account/${step.uid}`);

  return undefined;
}

/** The link "Not you?" leads to the same page with this in its query. */
export function isAnother(query: Readonly<Record<string, string>>): boolean {
  return query['as'] === 'another';
}

export async function showSignIn(
  { provePasskey, recovery, registration }: Pick<SignInDeps, 'provePasskey' | 'recovery' | 'registration'>,
  step: Interaction,
  now: { another: boolean; email?: string; typed?: string; wait?: Wait },
): Promise<Outcome> {
  const { uid, client, mayRefuse, formAction, account, loginHint } = step;
  const { another, typed, wait } = now;
  const again = another ? undefined : account;
  const passkey = await provePasskey.requestOptions({ account: again, binding: bindingOf(uid) });

  return show(
    signInView,
    {
      uid,
      client,
      forAccount: client.id === consoleClientId,
      another,
      mayRefuse,
      mayRecover: recovery.possible,
      passkey: JSON.stringify(passkey),
      mayRegister: registration.isAllowed && again === undefined,
      email: again?.email ?? now.email ?? (another ? '' : (loginHint ?? '')),
      ...(typed !== undefined && { typed }),
      ...(again && { again: { email: again.email } }),
      ...(wait && { wait: wait.inWords }),
    },
    { formAction, ...(wait && { status: 429, retryAfter: wait.seconds }) },
  );
}

interface Wait {
  seconds: number;
  inWords: string;
}

function waitOf({ visitor, say }: Ask, seconds: number): Wait {
  return { seconds, inWords: say('signIn.wait', { time: waitInWords(seconds, visitor.locale) }) };
}
