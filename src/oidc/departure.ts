import type { Interaction, KoaContextWithOIDC } from 'oidc-provider';

import { sha256 } from '../domain/ids.ts';
import type { Json } from '../domain/json.ts';
import { interactionPath } from './policy.ts';
import type { Units } from './request.ts';

/**
 * What is kept of an authorization request for a day, so that a person who comes back to a step that is over (the back
 * button, an old tab, a link that was kept) can begin it anew or find the way back to the app.
 */
export interface Departure {
  clientId: string;
  /** The request's parameters as they were checked. */
  params: Record<string, Json>;
  /** The step was taken. */
  finished: boolean;
}

const kind = 'departure';
const day = 86_400;

/** The library's setting `interactions.url`: where a step is taken, asked in the moment in which it begins. */
export function createInteractionUrl(units: Pick<Units, 'within'>) {
  return async (_ctx: KoaContextWithOIDC, step: Interaction): Promise<string> => {
    await keepDeparture(units, step, { finished: false });
    return interactionPath(step);
  };
}

export async function keepDeparture(
  units: Pick<Units, 'within'>,
  { uid, params }: Pick<Interaction, 'uid' | 'params'>,
  { finished }: { finished: boolean },
): Promise<void> {
  // Through JSON: what the library left undefined is not there.
  const kept = JSON.parse(JSON.stringify(params)) as Record<string, Json>;

  const clientId = kept['client_id'];
  if (typeof clientId !== 'string') throw new TypeError('an authorization request without a client');

  await units.within(async (unit) => unit.put(kind, sha256(uid), { clientId, params: kept, finished }, day));
}

export async function findDeparture(units: Pick<Units, 'within'>, uid: string): Promise<Departure | undefined> {
  return (await units.within((unit) => unit.recall(kind, sha256(uid)))) as Departure | undefined;
}

/** The query of the same authorization request; `resource` may be there several times (RFC 8707 section 2). */
export function queryOf({ params }: Departure): string {
  const query = new URLSearchParams();

  for (const [name, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === 'string') query.append(name, one);
    }
  }

  return query.toString();
}
