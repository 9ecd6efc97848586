import type { Config } from './config/schema.ts';
import type { Clock } from './domain/clock.ts';
import type { Events } from './events/writer.ts';
import { createClientAdministration, type ClientAdministration } from './operations/client-administration.ts';
import { createClientRevocation } from './operations/client-revocation.ts';
import { createClientUses, type ClientUses } from './operations/client-uses.ts';
import { createClients, type Clients } from './operations/clients.ts';
import type { Endings } from './operations/endings.ts';
import type { LogoutNotices } from './operations/logout-notices.ts';
import type { Records } from './storage/records.ts';

/** The part of `services.ts` about apps: wiring, and nothing else. */
export interface ClientServices {
  clients: Clients;
  clientUses: ClientUses;
  clientAdministration: ClientAdministration;
}

export interface ClientServicesDeps {
  config: Pick<Config, 'mode' | 'resources' | 'apis'>;
  records: Records;
  endings: Endings;
  logoutNotices: LogoutNotices;
  events: Events;
  clock: Clock;
}

export function openClients({ config, logoutNotices: notices, ...deps }: ClientServicesDeps): ClientServices {
  const { mode, resources, apis } = config;
  const introspectable = resources.map(({ identifier }) => identifier);
  const clientUses = createClientUses(deps);
  const clients = createClients({ ...deps, uses: clientUses, mode, resources: apis, introspectable });
  const revocation = createClientRevocation({ ...deps, apis, notices });

  return {
    clients,
    clientUses,
    clientAdministration: createClientAdministration({ ...deps, apis, clients, uses: clientUses, revocation }),
  };
}
