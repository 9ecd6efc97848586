import { z } from 'zod';

import type { Account } from '../domain/account.ts';
import type { ClientFace } from '../domain/client-face.ts';
import type { ConsentItem } from '../domain/consent-items.ts';
import { itemInWords, timeInWords, type ItemInWords } from '../domain/consent-words.ts';
import type { Ended, Interactions } from '../oidc/interactions.ts';
import { action, page, show, to, view, type Outcome, type Route } from '../web/route.ts';

/**
 * Consent: the page on which a person lets an app that the operator does not run use their account, or not. It owns
 * the form; what a tick means for scopes, claims and grants it must not know (that is `oidc/interactions`).
 */
export interface ConsentDeps {
  interactions: Pick<Interactions, 'find' | 'consentAsked' | 'consented' | 'selected' | 'refused'>;
  /** What is shown when the step is not there any more. */
  showEnded(uid: string, ended: Ended): Outcome;
  /** Seconds that access lasts at most, while the person stays signed in and while they are away (S21). */
  lasts: { signedIn: number; away: number };
}

export interface ConsentView {
  uid: string;
  client: ClientFace;
  account: Pick<Account, 'email'>;
  items: ItemInWords[];
  /** Apart from the rest: going on while the person is away (`offline_access`). */
  offline?: ItemInWords;
  /** How long access lasts. */
  lasts: string;
  mayRefuse: boolean;
}

export const consentView = view<ConsentView>('consent/consent', 'door', 'consent.title');

/** Each box is a field of its own, `allow <id>`: what is not ticked does not arrive. */
const answer = z.looseObject({ answer: z.enum(['allow', 'refuse']) });
const box = 'allow ';

export function consentRoutes({ interactions, showEnded, lasts }: ConsentDeps): Route[] {
  return [
    page('/consent/:uid', consentView, async (ask): Promise<Outcome> => {
      const { exchange, params } = ask;
      const { uid } = params;
      const step = await interactions.find(exchange, uid);

      if ('ended' in step) return showEnded(uid, step);
      if (step.prompt !== 'consent' || step.account === undefined) return to(`/sign-in/${uid}`);

      const asked = await interactions.consentAsked(exchange, uid);
      if ('ended' in asked) return showEnded(uid, asked);

      const items = asked.items.map((item) => itemInWords(item, ask.visitor.locale, { away: lasts.away }));
      const offline = items.find(isOffline);
      const { client, account, mayRefuse, formAction } = step;

      return show(
        consentView,
        {
          uid,
          client,
          account: { email: account.email },
          items: items.filter((item) => !isOffline(item)),
          ...(offline === undefined ? {} : { offline }),
          lasts: ask.say('consent.lasts', { time: timeInWords(lasts.signedIn, ask.visitor.locale) }),
          mayRefuse,
        },
        { formAction, titleValues: { client: client.name }, keepsLanguage: true },
      );
    }),

    action('/consent/:uid', answer, async ({ exchange, params: { uid } }, input) => {
      const step = await interactions.find(exchange, uid);

      if ('ended' in step) return showEnded(uid, step);
      if (step.prompt !== 'consent') return to(`/sign-in/${uid}`);
      if (input.answer === 'refuse') return interactions.refused(exchange, uid);

      const asked = await interactions.consentAsked(exchange, uid);
      if ('ended' in asked) return showEnded(uid, asked);

      return interactions.consented(exchange, uid, tickedOf(asked.items, input));
    }),

    action('/consent/:uid/switch', z.object({}), async ({ exchange, params: { uid } }) => {
      const step = await interactions.find(exchange, uid);

      if ('ended' in step) return showEnded(uid, step);
      return interactions.selected(exchange, uid, 'another');
    }),
  ];
}

function isOffline(item: Pick<ConsentItem, 'id'>): boolean {
  return item.id === 'scope:offline_access';
}

/** Only what was really asked counts, whatever the form says; what is required is never left out. */
function tickedOf(items: readonly ConsentItem[], input: Readonly<Record<string, unknown>>): string[] {
  return items.filter((item) => item.required || input[box + item.id] !== undefined).map((item) => item.id);
}
