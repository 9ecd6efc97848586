import type { Client, ClientMetadata } from '../domain/client.ts';
import { clientFace } from '../domain/client-face.ts';
import type { ClientRow } from '../operations/client-administration.ts';
import type { Holdings } from '../operations/client-holdings.ts';
import type { ClientKind } from '../operations/clients.ts';
import type { MessageKey, Say } from '../web/route.ts';
import { clientPath } from './client-places.ts';

/** As whoever registered it has called it, inertly (S21). */
export function nameOf(client: Pick<Client, 'id'> & { metadata: Pick<ClientMetadata, 'client_name'> }): string {
  return clientFace(client).name;
}

/** What kind of app it is, as people speak of it: what it was registered as, unless its metadata was changed since. */
export function kindOf({ metadata }: Pick<Client, 'metadata'>): ClientKind {
  const { grant_types: grants = [], response_types: responses = [], application_type, introspects = [] } = metadata;
  const isPublic = metadata.token_endpoint_auth_method === 'none';

  if (responses.length > 0) return application_type === 'native' ? 'native' : isPublic ? 'spa' : 'web';
  if (grants.some((grant) => grant.endsWith('device_code'))) return 'device';
  if (grants.includes('client_credentials')) return 'machine';

  return introspects.length > 0 || !isPublic ? 'api' : 'spa';
}

export const kindWords = {
  web: 'clients.kind.web',
  spa: 'clients.kind.spa',
  native: 'clients.kind.native',
  machine: 'clients.kind.machine',
  device: 'clients.kind.device',
  api: 'clients.kind.api',
} as const satisfies Record<ClientKind, MessageKey>;

/** What it is for, in a sentence. */
export const kindReasons = {
  web: 'clients.kindWhy.web',
  spa: 'clients.kindWhy.spa',
  native: 'clients.kindWhy.native',
  machine: 'clients.kindWhy.machine',
  device: 'clients.kindWhy.device',
  api: 'clients.kindWhy.api',
} as const satisfies Record<ClientKind, MessageKey>;

/** Numbers are in words, because they may be more than were counted. Times in milliseconds. */
export interface ShownHoldings {
  people: string;
  sessions: string;
  grants: number;
  refreshTokens: number;
  accessTokensUntil?: number;
}

export function holdingsInWords({ isWhole, people, sessions, ...held }: Holdings, say: Say): ShownHoldings {
  const counted = (count: number) => say(isWhole ? 'clients.number' : 'clients.numberAtLeast', { number: count });

  return { ...held, people: counted(people), sessions: counted(sessions) };
}

/** An app as its row shows it. */
export interface ShownClientRow {
  id: string;
  path: string;
  name: string;
  kind: MessageKey;
  disabled: boolean;
  isOurs: boolean;
  /** Milliseconds; absent: never. */
  lastUsedAt?: number;
  holdings: ShownHoldings;
}

export function shownClientRow({ client, isOurs, use, holdings }: ClientRow, say: Say): ShownClientRow {
  return {
    id: client.id,
    path: clientPath(client.id),
    name: nameOf(client),
    kind: kindWords[kindOf(client)],
    disabled: client.disabled,
    isOurs,
    ...(use && { lastUsedAt: use.lastUsedAt }),
    holdings: holdingsInWords(holdings, say),
  };
}

/** What it was registered with, as the protocol names it (RFC 7591): those who run apps find it in their documents. */
export function settingsOf(metadata: ClientMetadata): { name: string; values: string[] }[] {
  return Object.entries(metadata).flatMap(([name, value]) => {
    if (name === 'client_name' || value === undefined) return [];
    const values = [value].flat().map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));

    return values.length === 0 ? [] : [{ name, values }];
  });
}
