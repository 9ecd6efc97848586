import { z } from 'zod';

import type { Account } from '../domain/account.ts';
import type { ClientFace } from '../domain/client-face.ts';
import { action, page, show, to, view, type Outcome, type Route } from '../web/route.ts';
import type { SignInDeps } from './deps.ts';
import { showEnded } from './ended.ts';
import { refuse } from './refuse.ts';

export interface PickerView {
  uid: string;
  client: ClientFace;
  account: Pick<Account, 'displayName' | 'email'>;
  mayRefuse: boolean;
}

export const pickerView = view<PickerView>('sign-in/choose-account', 'door', 'signIn.chooseTitle');

const choice = z.object({ choice: z.enum(['current', 'another']) });

/** `prompt=select_account` (OpenID Connect Core 1.0 section 3.1.2.1): this browser's account, or another one. */
export function pickerRoutes({ interactions }: SignInDeps): Route[] {
  return [
    page('/choose-account/:uid', pickerView, async ({ exchange, params: { uid } }): Promise<Outcome> => {
      const step = await interactions.find(exchange, uid);

      if ('ended' in step) return showEnded(uid, step);
      if (step.prompt !== 'select_account' || step.account === undefined) return to(`/sign-in/${uid}`);

      const { client, mayRefuse, formAction } = step;
      const { displayName, email } = step.account;
      return show(pickerView, { uid, client, mayRefuse, account: { displayName, email } }, { formAction });
    }),

    action('/choose-account/:uid', choice, async ({ exchange, params: { uid } }, input) => {
      const step = await interactions.find(exchange, uid);

      if ('ended' in step) return showEnded(uid, step);
      if (step.prompt !== 'select_account') return to(`/sign-in/${uid}`);

      return interactions.selected(exchange, uid, input.choice);
    }),

    action('/choose-account/:uid/refuse', z.object({}), ({ exchange, params: { uid } }) =>
      refuse(interactions, exchange, uid),
    ),
  ];
}
