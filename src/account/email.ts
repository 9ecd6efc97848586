import { z } from 'zod';

import type { EmailChange } from '../operations/email-change.ts';
import { byField } from '../operations/problems.ts';
import { action, page, to, view, type Route } from '../web/route.ts';
import { askingOf, codeRoutes, notSent, personalPath } from './contact.ts';

export interface EmailDeps {
  emailChange: EmailChange;
}

export interface EmailView {
  /** The one in force. */
  email: string;
  canSend: boolean;
}

export const emailView = view<EmailView>('account/email', 'shell', 'contact.emailTitle');

export const emailPath = `${personalPath}/email` as const;

const recent = { access: 'recent' } as const;

/**
 * Another e-mail address, or the proof of the one that there is. The next step is the same whatever was typed: whether an
 * address is somebody else's is not to be found out here.
 */
export function emailRoutes({ emailChange }: EmailDeps): Route[] {
  return [
    page(emailPath, emailView, ({ account }) => ({ email: account.email, canSend: emailChange.canSend() }), recent),

    action(
      emailPath,
      z.object({ email: z.string() }),
      async (ask, { email }, wrong) => {
        const sent = await emailChange.ask(ask.account, email, askingOf(ask));

        if (sent === 'sent') return to(`${emailPath}/code`);
        if (typeof sent === 'object' && 'ok' in sent) return sent.ok ? to(emailPath) : wrong(byField(sent.problems));

        return wrong({ email: notSent(sent, ask.visitor) }, 429);
      },
      recent,
    ),

    ...codeRoutes({ base: emailPath, change: emailChange, written: (to) => to, done: 'contact.emailDone' }),
  ];
}
