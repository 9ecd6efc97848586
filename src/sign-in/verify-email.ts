import { z } from 'zod';

import { waitInWords } from '../domain/duration.ts';
import { digitsIn } from '../domain/typed-digits.ts';
import type { Interaction } from '../oidc/interactions.ts';
import { action, page, show, to, view, type MessageKey, type Outcome, type Route } from '../web/route.ts';
import { bindingOf, type SignInDeps, type StepAsk } from './deps.ts';
import { shownWhereNext, whereNext } from './open-step.ts';
import { proceed, type SoFar } from './proceed.ts';
import { wrongCode } from './typed-code.ts';

export interface VerifyEmailView {
  uid: string;
  email: string;
  /** Whether a code was sent that can still be typed here. */
  waiting: boolean;
  /** Whether it can be put off. */
  optional: boolean;
  wait?: string;
  mayRefuse: boolean;
  clientName: string;
}

export const verifyEmailView = view<VerifyEmailView>('sign-in/verify-email', 'door', 'verifyEmail.title');

const code = z.object({ code: z.string().trim().min(1, 'secondFactor.codeMissing').max(40, 'contact.codeWrong') });
const path = '/sign-in/:uid/verify-email';

/** The last step of a sign-in to an account whose address nobody has proved yet: a code from its mailbox. */
export function verifyEmailRoutes(deps: SignInDeps): Route[] {
  const { emailVerification } = deps;

  return [
    page(path, verifyEmailView, (ask) =>
      shownWhereNext(deps, ask, 'verify-email', (step, soFar) => showVerifyEmail(deps, ask, step, soFar)),
    ),

    action(path, code, (ask, input, wrong) =>
      whereNext(deps, ask, 'verify-email', async (step, soFar) => {
        const { uid } = step;
        const given = { code: digitsIn(input.code), binding: bindingOf(uid), from: ask.visitor };
        const judged = await emailVerification.confirm(soFar.account, given);

        if (judged === 'locked') return wrong({ form: 'secondFactor.locked' }, 429);
        if (judged === 'ended') return wrong({ form: 'secondFactor.codeEnded' });
        if ('wait' in judged) {
          return showVerifyEmail(deps, ask, step, soFar, { seconds: judged.wait, key: 'secondFactor.wait' });
        }
        if ('wrong' in judged) return wrong({ code: wrongCode(judged) });

        return proceed(deps, ask, step, { ...soFar, account: judged.account });
      }),
    ),

    page('/sign-in/:uid/verify-email/send', verifyEmailView, (ask) =>
      shownWhereNext(deps, ask, 'verify-email', (step, soFar) => showVerifyEmail(deps, ask, step, soFar)),
    ),

    action('/sign-in/:uid/verify-email/send', z.object({}), (ask) =>
      whereNext(deps, ask, 'verify-email', async (step, soFar) => {
        const { locale } = ask.visitor;
        const sent = await emailVerification.send(soFar.account, { binding: bindingOf(step.uid), locale });

        return sent === 'sent'
          ? to(`/sign-in/${step.uid}/verify-email`, 'secondFactor.sent')
          : showVerifyEmail(deps, ask, step, soFar, { seconds: sent.wait, key: 'mailbox.wait' });
      }),
    ),

    action('/sign-in/:uid/verify-email/later', z.object({}), (ask) =>
      whereNext(deps, ask, 'verify-email', async (step, soFar) =>
        emailVerification.wanted(soFar.account) === 'offered'
          ? proceed(deps, ask, step, { ...soFar, verifiesLater: true })
          : to(`/sign-in/${step.uid}/verify-email`),
      ),
    ),
  ];
}

async function showVerifyEmail(
  { emailVerification }: SignInDeps,
  { say, visitor }: StepAsk,
  { uid, client, mayRefuse, formAction }: Interaction,
  { account }: SoFar,
  wait?: { seconds: number; key: MessageKey },
): Promise<Outcome> {
  const inWords = wait && say(wait.key, { time: waitInWords(wait.seconds, visitor.locale) });

  return show(
    verifyEmailView,
    {
      uid,
      email: account.email,
      waiting: await emailVerification.isWaiting(account, bindingOf(uid)),
      optional: emailVerification.wanted(account) === 'offered',
      mayRefuse,
      clientName: client.name,
      ...(inWords && { wait: inWords }),
    },
    { formAction, ...(wait && { status: 429, retryAfter: wait.seconds }) },
  );
}
