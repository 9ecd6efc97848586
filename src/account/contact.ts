import { z } from 'zod';

import { waitInWords } from '../domain/duration.ts';
import { digitsIn } from '../domain/typed-digits.ts';
import type { AwaitedCode, CodeSent, Confirmed, ContactChange } from '../operations/contact-change.ts';
import type { Problem } from '../operations/problems.ts';
import {
  action,
  page,
  show,
  to,
  view,
  type Ask,
  type MessageKey,
  type Outcome,
  type ProblemText,
} from '../web/route.ts';
import type { Route, SignedIn, Visitor } from '../web/route.ts';
import { bindingOf } from './two-factor.ts';

/** Where the account's address and number stand, and what both have in common: the code that makes them count. */

export const personalPath = '/account/personal-information';

export interface ContactCodeView {
  /** The page's own path, without `/code`. */
  base: string;
  /** Where the code went, as people write it. */
  to: string;
  state: 'lives' | 'over' | 'elsewhere' | 'refused';
  /** Why nothing came of a right code. */
  problem?: string;
}

export const contactCodeView = view<ContactCodeView>('account/contact-code', 'shell', 'contact.codeTitle');

export interface CodeStep {
  base: `/account/personal-information/${'email' | 'phone'}`;
  change: ContactChange;
  /** The address or number as people write it. */
  written(to: string): string | Promise<string>;
  done: MessageKey;
}

const recent = { access: 'recent' } as const;

/** The step after an address or a number was typed: its code, another code, or none of it. */
export function codeRoutes({ base, change, written, done }: CodeStep): Route[] {
  const codePath = `${base}/code` as const;

  /** The code is used, and there is nothing to type any more. */
  function refused([problem]: readonly Problem[], { say }: Pick<Ask, 'say'>): Outcome {
    const why = problem ? say(problem.key, problem.values) : say('contact.cancelled');

    return show(contactCodeView, { base, to: '', state: 'refused', problem: why }, { status: 409 });
  }

  return [
    page(
      codePath,
      contactCodeView,
      async ({ account, session }) => {
        const awaited = await change.waiting(account.id, bindingOf(session));
        if (awaited === undefined) return to(personalPath);

        return { base, to: await written(awaited.to), state: stateOf(awaited) };
      },
      recent,
    ),

    action(
      codePath,
      z.object({ code: z.string().trim().max(100, 'problem.codeWrong').optional(), again: z.string().optional() }),
      async (ask, { code = '', again }, wrong) => {
        const { account, session, visitor } = ask;

        if (again !== undefined) {
          const sent = await change.sendAgain(account, askingOf(ask));
          if (sent === 'nothing') return to(personalPath);

          return sent === 'sent' ? to(codePath, 'contact.sent') : wrong({ form: notSent(sent, visitor) }, 429);
        }

        const digits = digitsIn(code);
        if (digits === '') return wrong({ code: 'secondFactor.codeMissing' });

        const confirmed = await change.confirm(account, { code: digits, binding: bindingOf(session), from: visitor });
        if (confirmed === 'locked') return wrong({ form: 'contact.locked' }, 429);
        if (confirmed === 'ended') return wrong({ form: 'secondFactor.codeEnded' });
        if ('wait' in confirmed) return wrong({ form: notSent(confirmed, visitor) }, 429);
        if ('wrong' in confirmed) return wrong(wrongCode(confirmed));
        if (!confirmed.ok) return refused(confirmed.problems, ask);

        return to(personalPath, done);
      },
      recent,
    ),

    action(
      `${base}/cancel`,
      z.object({}),
      async ({ account }) => {
        await change.cancel(account);

        return to(personalPath, 'contact.cancelled');
      },
      recent,
    ),
  ];
}

/** Who asks for a code, from where, and in which browser it will be right. */
export function askingOf({ session, visitor }: Pick<Ask & SignedIn, 'session' | 'visitor'>) {
  const { locale, deviceId: _, ...from } = visitor;

  return { binding: bindingOf(session), from, locale };
}

/** Why no code went out (or is looked at) now. */
export function notSent(why: Exclude<CodeSent, 'sent'>, { locale }: Visitor): ProblemText {
  return typeof why === 'object'
    ? { key: 'contact.wait', values: { time: waitInWords(why.wait, locale) } }
    : 'contact.cantSend';
}

function stateOf({ here, lives }: AwaitedCode): ContactCodeView['state'] {
  if (!here) return 'elsewhere';

  return lives ? 'lives' : 'over';
}

type CodeProblem = { code: ProblemText } | { form: ProblemText };

function wrongCode({ triesLeft: count = 5 }: Extract<Confirmed, { wrong: true }>): CodeProblem {
  if (count === 0) return { form: 'secondFactor.codeEnded' };

  return { code: count > 2 ? 'contact.codeWrong' : { key: 'secondFactor.triesLeft', values: { count } } };
}
