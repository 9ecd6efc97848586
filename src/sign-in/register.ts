import { z } from 'zod';

import { strengthInKeys } from '../credentials/password-strength.ts';
import { consoleClientId } from '../domain/client.ts';
import { waitInWords } from '../domain/duration.ts';
import { digitsIn } from '../domain/typed-digits.ts';
import type { ClientFace } from '../domain/client-face.ts';
import type { Interaction } from '../oidc/interactions.ts';
import type { JudgeStrength } from '../operations/password-problems.ts';
import { byField } from '../operations/problems.ts';
import type { Attempt } from '../operations/registration.ts';
import { action, page, show, to, view, type MessageKey, type Outcome, type Route } from '../web/route.ts';
import { bindingOf, type SignInDeps, type StepAsk } from './deps.ts';
import { showEnded } from './ended.ts';
import { proceed } from './proceed.ts';
import { wrongCode } from './typed-code.ts';

export interface RegisterView {
  uid: string;
  client: ClientFace;
  /** See `SignInView`. */
  forAccount: boolean;
  /** What was said before the code was sent, or what the app guesses. */
  email: string;
  displayName: string;
  /** Of a password, in characters. */
  minimumLength: number;
  maximumLength: number;
  /** The operator's. */
  terms?: string;
  privacy?: string;
  /** In words, during a wait. */
  wait?: string;
  mayRefuse: boolean;
}

export interface RegisterCodeView {
  uid: string;
  email: string;
  wait?: string;
  mayRefuse: boolean;
  clientName: string;
}

export const registerView = view<RegisterView>('sign-in/register', 'door', 'register.title');
export const registerCodeView = view<RegisterCodeView>('sign-in/register-code', 'door', 'register.codeTitle');

const person = z.object({
  email: z.string().trim().min(1, 'signIn.emailMissing').max(320, 'signIn.emailTooLong'),
  displayName: z.string().trim().min(1, 'problem.required').max(1000),
  password: z.string().min(1, 'register.passwordMissing'),
});

const code = z.object({ code: z.string().trim().min(1, 'secondFactor.codeMissing').max(40, 'contact.codeWrong') });

/**
 * Creating an account inside an authorization request: what the person says, a code from their mailbox, and on to the
 * app. Also where the app sends people for nothing else (`prompt=create`, OpenID Connect Prompt Create 1.0).
 */
export function registerRoutes(deps: SignInDeps & { strength: JudgeStrength }): Route[] {
  const { registration } = deps;

  // Nothing of it is there where it is not allowed.
  if (!registration.isAllowed) return [];

  return [
    page('/sign-in/:uid/register', registerView, (ask) =>
      inStep(deps, ask, (step) =>
        showRegister(deps, step, { hint: deps.typedAddress.read(ask.query['typed'], ask.visitor) }),
      ),
    ),

    action('/sign-in/:uid/register', person, (ask, input, wrong) =>
      inStep(deps, ask, async (step) => {
        const begun = await registration.begin(input, attemptOf(ask));

        if ('wait' in begun) {
          return showRegister(deps, step, { wait: waitOf(ask, begun.wait, 'register.wait'), typed: input });
        }
        if (!begun.ok) {
          const { email, displayName, password } = input;
          const judged = await deps.strength(password, { email, names: [displayName] });

          return wrong(byField(begun.problems), 422, { strength: strengthInKeys(judged) });
        }

        return to(`/sign-in/${step.uid}/register/code`);
      }),
    ),

    page('/sign-in/:uid/register/code', registerCodeView, (ask) =>
      inStep(deps, ask, (step) => showRegisterCode(deps, step)),
    ),

    action('/sign-in/:uid/register/code', code, (ask, input, wrong) =>
      inStep(deps, ask, async (step) => {
        const confirmed = await registration.confirm(digitsIn(input.code), attemptOf(ask));

        if (confirmed === 'ended') return wrong({ form: 'secondFactor.codeEnded' });
        if (confirmed === 'taken') return to(`/sign-in/${step.uid}?as=another`, 'register.taken');
        if ('wait' in confirmed) return showRegisterCode(deps, step, waitOf(ask, confirmed.wait, 'secondFactor.wait'));
        if ('wrong' in confirmed) return wrong({ code: wrongCode(confirmed) });

        // The password was given in this step, and by whoever reads the mailbox.
        return proceed(deps, ask, step, { account: confirmed.account, proven: ['password'], at: deps.clock.now() });
      }),
    ),

    page('/sign-in/:uid/register/send', registerCodeView, (ask) =>
      inStep(deps, ask, (step) => showRegisterCode(deps, step)),
    ),

    action('/sign-in/:uid/register/send', z.object({}), (ask) =>
      inStep(deps, ask, async (step) => {
        const sent = await registration.sendAgain(attemptOf(ask));

        if (sent === 'ended') return to(`/sign-in/${step.uid}/register`);

        return typeof sent === 'string'
          ? to(`/sign-in/${step.uid}/register/code`, 'secondFactor.sent')
          : showRegisterCode(deps, step, waitOf(ask, sent.wait, 'register.wait'));
      }),
    ),
  ];
}

async function inStep(
  { interactions }: SignInDeps,
  ask: StepAsk,
  work: (step: Interaction) => Promise<Outcome>,
): Promise<Outcome> {
  const { uid } = ask.params;
  const step = await interactions.find(ask.exchange, uid);

  if ('ended' in step) return showEnded(uid, step);

  return step.prompt === 'login' ? work(step) : to(`/sign-in/${uid}`);
}

function attemptOf({ params: { uid }, visitor }: StepAsk): Attempt {
  const { locale, ...from } = visitor;

  return { binding: bindingOf(uid), from, locale };
}

interface Waiting {
  seconds: number;
  inWords: string;
}

function waitOf({ say, visitor }: StepAsk, seconds: number, key: MessageKey): Waiting {
  return { seconds, inWords: say(key, { time: waitInWords(seconds, visitor.locale) }) };
}

async function showRegister(
  { registration, registering }: SignInDeps,
  { uid, client, mayRefuse, formAction, loginHint }: Interaction,
  {
    wait,
    typed,
    hint,
  }: { wait?: Waiting; typed?: { email: string; displayName: string }; /** An address. */ hint?: string | undefined },
): Promise<Outcome> {
  const said = typed ?? (await registration.begun({ binding: bindingOf(uid) }));

  return show(
    registerView,
    {
      uid,
      client,
      forAccount: client.id === consoleClientId,
      email: typed?.email ?? hint ?? said?.email ?? loginHint ?? '',
      displayName: said?.displayName ?? '',
      ...registering,
      mayRefuse,
      ...(wait && { wait: wait.inWords }),
    },
    { formAction, ...(wait && { status: 429, retryAfter: wait.seconds }) },
  );
}

async function showRegisterCode(
  { registration }: SignInDeps,
  { uid, client, mayRefuse, formAction }: Interaction,
  wait?: Waiting,
): Promise<Outcome> {
  const begun = await registration.begun({ binding: bindingOf(uid) });
  if (!begun) return to(`/sign-in/${uid}/register`);

  return show(
    registerCodeView,
    { uid, email: begun.email, mayRefuse, clientName: client.name, ...(wait && { wait: wait.inWords }) },
    { formAction, ...(wait && { status: 429, retryAfter: wait.seconds }) },
  );
}
