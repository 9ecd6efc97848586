import type { Interactions } from '../oidc/interactions.ts';
import { to, type Exchange, type Outcome } from '../web/route.ts';
import { showEnded } from './ended.ts';

/** The person would rather not: the app is told so, where it may be. */
export async function refuse(
  interactions: Pick<Interactions, 'find' | 'refused'>,
  exchange: Exchange,
  uid: string,
): Promise<Outcome> {
  const step = await interactions.find(exchange, uid);

  if ('ended' in step) return showEnded(uid, step);
  if (!step.mayRefuse) return to(`/sign-in/${uid}`);

  return interactions.refused(exchange, uid);
}
