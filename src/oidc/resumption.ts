import type { InteractionResults, KoaContextWithOIDC } from 'oidc-provider';

import { sha256 } from '../domain/ids.ts';
import type { Exchange } from '../web/route.ts';
import { readStepAhead } from './ahead.ts';
import type { Inside } from './deps.ts';
import type { UnitOfWork } from './request.ts';
import { interactionPath } from './policy.ts';

type BrowserDeps = Pick<Inside, 'browserOf'>;

/** Goes with the result of a step: the browser in which it was taken. */
export function markOf({ browserOf }: BrowserDeps, exchange: Exchange): string {
  return sha256(browserOf(exchange) ?? '');
}

/**
 * What a person proved in a step counts in their own browser alone (S104). The step's cookies are bound to its path, so
 * they can't be `__Host-`: a neighbour under the same domain could plant the step that they began, and go on in their
 * own browser once somebody else has signed in there. Nor does it count once the password is another one (S70). Such a
 * request is led back to the step.
 */
export function onlyWhereProved(deps: BrowserDeps & Pick<Inside, 'provider' | 'units' | 'clientOf'>) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> => {
    const provider = deps.provider();
    // The library goes by this cookie, whatever the address says.
    const uid = ctx.cookies.get(provider.cookieName('resume'), { signed: true });
    const step = uid === undefined ? undefined : await provider.Interaction.find(uid);

    const result = step?.result;
    const unit = deps.units.current();
    if (step && unit) readStepAhead({ unit, clientOf: deps.clientOf }, step);

    if (
      step === undefined ||
      result === undefined ||
      (result['browser'] === markOf(deps, { request: ctx.req, response: ctx.res }) && (await stillProved(deps, result)))
    ) {
      const accountId = result?.login?.accountId;
      if (step && unit && accountId !== undefined) {
        unit.notes.proved = { accountId, at: Number(result?.['at']), step: interactionPath(step) };
      }

      await next();
      return;
    }

    ctx.status = 303;
    ctx.redirect(interactionPath(step));
  };
}

/**
 * Whether the password that was proved is another one by the time that the session is written (S70, F13): a change ends
 * the sessions that it finds, and this is the one that it could not find yet. Then it goes at once, and nothing is said
 * to the app.
 */
export async function endedByNewPassword(
  { records, endings }: Pick<Inside, 'records' | 'endings'>,
  { notes: { proved } }: UnitOfWork,
  sessionUid: string | undefined,
): Promise<{ step: string } | undefined> {
  if (proved === undefined) return undefined;

  const password = await records.passwords.get(proved.accountId);
  if (password === undefined || password.changedAt <= proved.at) return undefined;

  if (sessionUid !== undefined) await endings.session(sessionUid, { offline: false });

  return { step: proved.step };
}

async function stillProved({ units }: Pick<Inside, 'units'>, { login, at }: InteractionResults): Promise<boolean> {
  const accountId = login?.accountId;
  if (accountId === undefined) return true;

  const password = await units.within((unit) => unit.get('passwords', accountId));
  return password === undefined || password.changedAt <= Number(at);
}
