import { z } from 'zod';

import { waitInWords } from '../domain/duration.ts';
import { digitsIn } from '../domain/typed-digits.ts';
import type { Interaction } from '../oidc/interactions.ts';
import { action, page, show, to, view, type Outcome, type Route } from '../web/route.ts';
import { bindingOf, type SignInDeps, type StepAsk } from './deps.ts';
import { showEnded } from './ended.ts';
import { wrongCode } from './typed-code.ts';

export interface MailboxView {
  uid: string;
  /** Whose mailbox it is, as it was typed. */
  email: string;
  /** Whether a code may have been sent that can be typed here. */
  waiting: boolean;
  /** In words, until another may be sent. */
  wait?: string;
}

export const mailboxView = view<MailboxView>('sign-in/mailbox', 'door', 'mailbox.title');

const email = z.string().trim().min(1, 'signIn.emailMissing').max(320, 'signIn.emailTooLong');

const proof = z.object({
  email,
  code: z.string().trim().min(1, 'secondFactor.codeMissing').max(40, 'contact.codeWrong'),
});

/** What a browser that nobody knows has to do first after a hundred wrong passwords in a row (S84). */
export function showMailbox(
  { uid, formAction }: Interaction,
  shown: Omit<MailboxView, 'uid'>,
  frame: { status?: number; retryAfter?: number } = {},
): Outcome {
  return show(mailboxView, { uid, ...shown }, { formAction, ...frame });
}

type Deps = Pick<SignInDeps, 'interactions' | 'mailbox' | 'typedAddress'>;

export function mailboxRoutes({ interactions, mailbox, typedAddress }: Deps): Route[] {
  async function at({ exchange, params: { uid } }: StepAsk, work: (step: Interaction) => Promise<Outcome>) {
    const step = await interactions.find(exchange, uid);

    return 'ended' in step ? showEnded(uid, step) : work(step);
  }

  const again = (ask: StepAsk, sent: boolean) =>
    at(ask, async (step) => {
      const email = typedAddress.read(ask.query['typed'], ask.visitor) ?? step.loginHint ?? '';

      return showMailbox(step, { email, waiting: sent });
    });

  const carried = (email: string, { visitor }: StepAsk) =>
    `?typed=${encodeURIComponent(typedAddress.carry(email, visitor))}` as const;

  return [
    page('/sign-in/:uid/mailbox', mailboxView, (ask) => again(ask, true)),
    page('/sign-in/:uid/mailbox/send', mailboxView, (ask) => again(ask, false)),

    action('/sign-in/:uid/mailbox/send', z.object({ email }), (ask, input, wrong) =>
      at(ask, async (step) => {
        const { email } = input;
        const sent = await mailbox.send({ email, binding: bindingOf(step.uid), from: ask.visitor });

        if (sent === 'too-many') return wrong({ form: 'recover.tooMany' }, 429);
        if (sent === 'sent') return to(`/sign-in/${step.uid}/mailbox${carried(email, ask)}`);

        const wait = ask.say('mailbox.wait', { time: waitInWords(sent.wait, ask.visitor.locale) });

        return showMailbox(step, { email, waiting: true, wait }, { status: 429, retryAfter: sent.wait });
      }),
    ),

    action('/sign-in/:uid/mailbox', proof, (ask, input, wrong) =>
      at(ask, async ({ uid }) => {
        const proved = await mailbox.prove({
          email: input.email,
          code: digitsIn(input.code),
          binding: bindingOf(uid),
          from: ask.visitor,
        });

        if (proved === 'right') return to(`/sign-in/${uid}${carried(input.email, ask)}`, 'mailbox.proved');
        if (proved === 'ended') return wrong({ form: 'secondFactor.codeEnded' });

        return wrong({ code: wrongCode(proved) });
      }),
    ),
  ];
}
