import type { Account } from '../domain/account.ts';
import type { ClientFace } from '../domain/client-face.ts';
import type { Interaction } from '../oidc/interactions.ts';
import { show, view, type Outcome } from '../web/route.ts';

export interface ShutView {
  uid: string;
  client: ClientFace;
  email: string;
  /** As the administrator worded it for the person; may be empty. */
  reason: string;
  /** Milliseconds; absent: until somebody unlocks it. */
  until?: number;
  mayRefuse: boolean;
}

export const shutView = view<ShutView>('sign-in/shut', 'door', 'signIn.shutTitle');

/**
 * What somebody sees whose account is locked, and who has proved that it is theirs: whoever has not is answered as for an
 * account that is not there (S71).
 */
export function showShut(
  { uid, client, mayRefuse, formAction }: Interaction,
  { email, lock }: Pick<Account, 'email' | 'lock'>,
): Outcome {
  const { reason = '', until } = lock ?? {};

  return show(
    shutView,
    { uid, client, mayRefuse, email, reason, ...(until !== undefined && { until }) },
    { status: 403, formAction },
  );
}
