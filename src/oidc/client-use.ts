import type { OidcDeps } from './deps.ts';

/**
 * That a client was at work is kept behind the answer, so that no request of the protocol waits for it, and beside the
 * client, whose version would otherwise rise with it.
 */
export function noteClientUse(
  { units, clientUses }: Pick<OidcDeps, 'units' | 'clientUses'>,
  clientId: string,
  secretId?: string,
): void {
  const unit = units.current();
  const keep = unit && clientUses.due(clientId, secretId);

  if (keep) unit.afterwards(keep);
}
