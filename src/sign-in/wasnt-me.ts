import { z } from 'zod';

import type { Disowned, WasntMe } from '../operations/wasnt-me.ts';
import { action, page, show, to, view, type Outcome, type Route } from '../web/route.ts';

export interface WasntMeDeps {
  wasntMe: WasntMe;
}

export interface WasntMeView {
  token: string;
  /** Whose account it is about. */
  email: string;
}

export const wasntMeView = view<WasntMeView>('sign-in/wasnt-me', 'door', 'wasntMe.title');

export const wasntMeCodeView = view<object>('sign-in/wasnt-me-code', 'door', 'wasntMe.codeTitle');

export const wasntMeDoneView = view<Disowned>('sign-in/wasnt-me-done', 'door', 'wasntMe.doneTitle');

export const wasntMeEndedView = view<object>('sign-in/wasnt-me-ended', 'door', 'recover.endedTitle');

const code = z.object({ code: z.string().trim().min(1, 'secondFactor.codeMissing').max(200, 'recover.codeWrong') });

/** Where every security mail leads who did not do what it tells of. Opening it has no effect; its button does. */
export function wasntMeRoutes({ wasntMe }: WasntMeDeps): Route[] {
  return [
    page('/wasnt-me', wasntMeView, async ({ query }) => {
      const token = query['token'];
      if (token === undefined) return to('/wasnt-me/code');

      const account = await wasntMe.find(token);

      return account ? { token, email: account.email } : ended();
    }),

    action('/wasnt-me', z.object({}), async ({ query, visitor }) => {
      const disowned = await wasntMe.disown(query['token'] ?? '', visitor);

      return disowned ? show(wasntMeDoneView, disowned) : ended();
    }),

    page('/wasnt-me/code', wasntMeCodeView, () => ({})),

    action('/wasnt-me/code', code, async (_ask, input, wrong) =>
      (await wasntMe.find(input.code))
        ? to(`/wasnt-me?token=${encodeURIComponent(input.code)}`)
        : wrong({ code: 'recover.codeWrong' }),
    ),
  ];
}

function ended(): Outcome {
  return show(wasntMeEndedView, {}, { status: 410 });
}
