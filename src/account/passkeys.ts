import { z } from 'zod';

import { acrTwoFactors } from '../domain/acr.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { Passkeys } from '../operations/passkeys.ts';
import { byField } from '../operations/problems.ts';
import { action, page, to, view, type Route } from '../web/route.ts';
import { recoveryCodesPage, securityPath } from './security-places.ts';
import { back, bindingOf, byOf } from './two-factor.ts';

export interface PasskeysDeps {
  interactions: Pick<Interactions, 'renewSession'>;
  passkeys: Passkeys;
}

export interface NewPasskeyView {
  /** For the passkey script. */
  options: string;
}

export const newPasskeyView = view<NewPasskeyView>('account/new-passkey', 'shell', 'passkey.newTitle');

export interface PasskeyView {
  passkey: { id: string; name: string };
}

export const passkeyView = view<PasskeyView>('account/passkey', 'shell', 'passkey.title');

const recent = { access: 'recent' } as const;
const newPath = `${securityPath}/new-passkey`;

/** Passkeys: added, named, renamed and removed. Making one needs the browser's own dialogue, and so a script. */
export function passkeyRoutes({ interactions, passkeys }: PasskeysDeps): Route[] {
  return [
    page(
      newPath,
      newPasskeyView,
      async ({ account, session }) => ({
        options: JSON.stringify(await passkeys.creationOptions(account, bindingOf(session))),
      }),
      recent,
    ),

    action(
      newPath,
      z.object({
        response: z.string().min(1, 'passkey.cancelled').max(20_000),
        name: z.string().trim().min(1).max(40),
      }),
      async (ask, { response, name }, wrong) => {
        const { account, session, exchange } = ask;
        const added = await passkeys.add(account, { response, name, binding: bindingOf(session) }, byOf(ask));
        if (!added.ok) return wrong(byField(added.problems));

        const { passkey, recoveryCodes } = added.value;
        await interactions.renewSession(exchange, {
          amr: [passkey.synced ? 'swk' : 'hwk', 'user', 'mfa'],
          acr: acrTwoFactors,
        });

        return recoveryCodesPage(recoveryCodes, 'passkey.added');
      },
      recent,
    ),

    page(
      `${securityPath}/passkeys/:id`,
      passkeyView,
      async ({ account, params: { id } }) => {
        const passkey = (await passkeys.list(account.id)).find((one) => one.id === id);

        return passkey === undefined ? to(securityPath) : { passkey: { id, name: passkey.name } };
      },
      recent,
    ),

    action(
      `${securityPath}/passkeys/:id`,
      z.object({ name: z.string() }),
      async (ask, { name }, wrong) => {
        const renamed = await passkeys.rename(ask.account, ask.params.id, name, byOf(ask));

        return renamed.ok ? to(securityPath, 'account.saved') : wrong(byField(renamed.problems));
      },
      recent,
    ),

    action(
      `${securityPath}/passkeys/:id/remove`,
      z.object({}),
      async (ask) => {
        const removed = await passkeys.remove(ask.account, ask.params.id, byOf(ask));

        return removed.ok ? to(securityPath, 'passkey.removed') : back(removed);
      },
      recent,
    ),
  ];
}
