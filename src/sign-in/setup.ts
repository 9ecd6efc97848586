import { z } from 'zod';

import { strengthInKeys } from '../credentials/password-strength.ts';
import { knownOf, type JudgeStrength } from '../operations/password-problems.ts';
import { byField } from '../operations/problems.ts';
import type { Setup } from '../operations/setup.ts';
import { action, page, show, to, view, type Outcome, type Route } from '../web/route.ts';

export interface SetupDeps {
  setup: Pick<Setup, 'isOpen' | 'complete'>;
  /** Of the password, in characters: said beside the field. */
  minimumLength: number;
  strength: JudgeStrength;
}

export interface SetupView {
  token: string;
  minimumLength: number;
}

export const setupView = view<SetupView>('sign-in/setup', 'door', 'setup.title');

/** What stands in place of the form when the link is used, too old or incomplete. */
export const setupClosedView = view<object>('sign-in/setup-closed', 'door', 'setup.closedTitle');

const closed = (): Outcome => show(setupClosedView, {}, { status: 410 });

/** Only what keeps a form from being a form; the rules of accounts are those of `operations/`. */
const administrator = z.object({
  email: z.string(),
  firstName: z.string(),
  lastName: z.string(),
  displayName: z.string().trim().min(1),
  password: z.string(),
});

/**
 * The first administrator (S79), behind the link that the first start prints. The token stays in the address also when
 * the form is sent, so that the page can be shown again with what is wrong; opening it has no effect.
 */
export function setupRoutes({ setup, minimumLength, strength }: SetupDeps): Route[] {
  return [
    page('/setup', setupView, async ({ query }) => {
      const token = query['token'] ?? '';

      return (await setup.isOpen(token)) ? { token, minimumLength } : closed();
    }),

    action('/setup', administrator, async ({ query, visitor }, input, wrong) => {
      const person = { ...input, locale: visitor.locale };
      const made = await setup.complete(query['token'] ?? '', person, { from: visitor });

      if (made === 'closed') return closed();
      if (!made.ok) {
        const judged = await strength(input.password, knownOf(input));

        return wrong(byField(made.problems), 422, { strength: strengthInKeys(judged) });
      }

      return to('/account', 'setup.done');
    }),
  ];
}
