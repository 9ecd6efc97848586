import { z } from 'zod';

import { waitInWords } from '../domain/duration.ts';
import type { EndedKey } from '../domain/api-key.ts';
import type { AddedShown } from '../operations/added-factors.ts';
import type { Disowned, WasntMe } from '../operations/wasnt-me.ts';
import { action, page, show, to, view, type MessageKey, type Outcome, type Route } from '../web/route.ts';

export interface WasntMeDeps {
  wasntMe: WasntMe;
}

export interface WasntMeView {
  token: string;
  /** Whose account it is about. */
  email: string;
  /** What the button removes as well, with the password from before. */
  added?: Named;
  /** API keys that it deletes, in words; empty: none. */
  keys: string;
}

/** A way to sign in, as people know it. */
export interface Named {
  what: MessageKey;
  /** As it is called by whoever added it. */
  name?: string;
  /** When it was added, in milliseconds. */
  at: number;
}

export interface WasntMeDoneView {
  /** Where the link went; absent: the account has another address by now. */
  sentTo?: string;
  removed?: Named;
  /** Deleted API keys, in words. */
  keys: string;
  /** What else was added lately. */
  others: readonly Named[];
}

export const wasntMeView = view<WasntMeView>('sign-in/wasnt-me', 'door', 'wasntMe.title');

export const wasntMeCodeView = view<object>('sign-in/wasnt-me-code', 'door', 'wasntMe.codeTitle');

export const wasntMeDoneView = view<WasntMeDoneView>('sign-in/wasnt-me-done', 'door', 'wasntMe.doneTitle');

export const wasntMeEndedView = view<object>('sign-in/wasnt-me-ended', 'door', 'recover.endedTitle');

const code = z.object({ code: z.string().trim().min(1, 'secondFactor.codeMissing').max(200, 'wasntMe.codeWrong') });

/** Where every security mail leads who did not do what it tells of. Opening it has no effect; its button does. */
export function wasntMeRoutes({ wasntMe }: WasntMeDeps): Route[] {
  return [
    page('/wasnt-me', wasntMeView, async ({ query }) => {
      const token = query['token'];
      if (token === undefined) return to('/wasnt-me/code');

      const found = await wasntMe.find(token);
      if (!found) return ended();

      const { account, added, keys } = found;

      return { token, email: account.email, keys: namesOf(keys), ...(added && { added: inWords(added) }) };
    }),

    action('/wasnt-me', z.object({ formerPassword: z.string().max(2000).optional() }), async (ask, input, wrong) => {
      const { query, visitor } = ask;
      const password = input.formerPassword === '' ? undefined : input.formerPassword;
      const disowned = await wasntMe.disown(query['token'] ?? '', { password, from: visitor });

      if (disowned === undefined) return ended();
      if (disowned === 'locked') return wrong({ form: 'undo.locked' }, 429);
      if (disowned === 'wrong') return wrong({ formerPassword: 'undo.wrongPassword' });

      if ('wait' in disowned) {
        const time = waitInWords(disowned.wait, visitor.locale);

        return wrong({ form: { key: 'contact.wait', values: { time } } }, 429);
      }

      return show(wasntMeDoneView, doneOf(disowned));
    }),

    page('/wasnt-me/code', wasntMeCodeView, () => ({})),

    action('/wasnt-me/code', code, async (_ask, input, wrong) =>
      (await wasntMe.find(input.code))
        ? to(`/wasnt-me?token=${encodeURIComponent(input.code)}`)
        : wrong({ code: 'wasntMe.codeWrong' }),
    ),
  ];
}

const words = {
  passkey: 'secondFactor.passkey',
  authenticator: 'secondFactor.authenticator',
  text: 'secondFactor.text',
  email: 'secondFactor.email',
  'recovery-codes': 'recoveryCodes.row',
} as const satisfies Record<AddedShown['kind'], MessageKey>;

function inWords({ kind, ...rest }: AddedShown): Named {
  return { what: words[kind], ...rest };
}

function namesOf(keys: readonly EndedKey[]): string {
  return keys.map(({ name, prefix }) => `${name} (${prefix}…)`).join(', ');
}

function doneOf({ sentTo, removed, keys, others }: Disowned): WasntMeDoneView {
  return {
    keys: namesOf(keys),
    others: others.map(inWords),
    ...(sentTo !== undefined && { sentTo }),
    ...(removed && { removed: inWords(removed) }),
  };
}

function ended(): Outcome {
  return show(wasntMeEndedView, {}, { status: 410 });
}
