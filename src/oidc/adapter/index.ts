import type { Adapter } from 'oidc-provider';

import type { Config } from '../../config/schema.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Records } from '../../storage/records.ts';
import type { Inside } from '../deps.ts';
import type { UnitOfWork, Units } from '../request.ts';
import { reaching } from '../unavailable.ts';
import { accessTokens, clientCredentials } from './access-tokens.ts';
import { authorizationCodes } from './authorization-codes.ts';
import { deviceCodes } from './device-codes.ts';
import { grants } from './grants.ts';
import { interactions } from './interactions.ts';
import type { Keeper } from './keeper.ts';
import { refreshTokens } from './refresh-tokens.ts';
import { assertions } from './assertions.ts';
import { sessions } from './sessions.ts';

/**
 * What the protocol library stores, where and how. Ids that prove something are kept as hashes only. It decides what
 * counts as being there: a token whose grant, session, account or client is gone is not.
 */
export interface AdapterDeps extends Pick<Inside, 'clientOf' | 'apiKeys' | 'ephemera' | 'sealing'> {
  records: Pick<Records, 'used' | 'consents' | 'grants' | 'refreshFamilies' | 'sessions'>;
  clock: Clock;
  config: Pick<Config, 'tokens'>;
}

export function createAdapter(deps: AdapterDeps, units: Units): (name: string) => Adapter {
  const keepers: Record<string, Keeper> = {
    AccessToken: accessTokens(deps),
    AuthorizationCode: authorizationCodes(deps),
    ClientCredentials: clientCredentials(deps),
    DeviceCode: deviceCodes(deps),
    Grant: grants(deps),
    Interaction: interactions(),
    RefreshToken: refreshTokens({ clock: deps.clock, absoluteLife: deps.config.tokens.refresh_token_absolute }),
    ReplayDetection: assertions(deps),
    Session: sessions(deps),
  };

  return (name) => {
    const keeper = keepers[name];

    // A feature that is switched on in the settings has to be given a place here first.
    return keeper ? adapt(keeper, units) : refusing(name);
  };
}

function adapt(keeper: Keeper, units: Units): Adapter {
  const run = <T>(work: (unit: UnitOfWork) => Promise<T>): Promise<T> => reaching(units, work);

  return {
    find: (id) => run((unit) => keeper.find(unit, id)),
    upsert: (id, payload, ttl) => run((unit) => keeper.upsert(unit, id, { payload, ttl: ttl ?? 0 })),
    destroy: (id) => run((unit) => keeper.destroy(unit, id)),
    consume: (id) => run((unit) => keeper.consume?.(unit, id) ?? missing('consume')),
    findByUid: (uid) => run((unit) => keeper.findByUid?.(unit, uid) ?? missing('findByUid')),
    findByUserCode: () => missing('findByUserCode'),

    // Whatever came of a grant is dead once the grant is gone, so there is nothing to look for one by one. Where the
    // library leaves the grant alone (one access token is revoked), its other tokens stay.
    revokeByGrantId: () => Promise.resolve(),
  };
}

function refusing(name: string): Adapter {
  const refuse = () => missing(name);

  return {
    find: refuse,
    upsert: refuse,
    destroy: refuse,
    consume: refuse,
    findByUid: refuse,
    findByUserCode: refuse,
    revokeByGrantId: refuse,
  };
}

function missing(what: string): Promise<never> {
  return Promise.reject(new TypeError(`nothing is kept for ${what}`));
}
