import { allowanceIn, sorted, type Allowance, type GrantFields, type Wanted } from '../domain/allowance.ts';
import { consoleClientId } from '../domain/client.ts';
import { standsAlone } from '../domain/device-grant.ts';
import type { Consent, Grant, RefreshFamily } from '../domain/grant.ts';
import type { Page, PageRequest, Records } from '../storage/records.ts';

/** What one app holds of one person. */
export interface ApplicationUse {
  clientId: string;
  /** What the person has said. */
  consent?: Consent;
  /** Those of the app, whichever session they are of. */
  grants: readonly Grant[];
  /** Whether a session or a token is alive for it (DECISIONS 8). */
  inUse: boolean;
  /** Whether something of it goes on that hangs on no browser. */
  goesOn: boolean;
  /** Milliseconds; absent: never. */
  lastUsedAt?: number;
}

export type ApplicationUseDeps = Pick<Records, 'clients' | 'consents' | 'grants' | 'refreshFamilies' | 'sessions'>;

/** Rows of one kind; who has more of them sees by the newest whether an application is in use. */
const newest = { limit: 1000, descending: true } as const;

/**
 * By client, all of it read at once: however many there are, it is one trip. Those that may use the account without having
 * done so yet are among them.
 */
export async function readUses(
  records: ApplicationUseDeps,
  accountId: string,
): Promise<ReadonlyMap<string, ApplicationUse>> {
  const [consents, grants, families, sessions, portals] = await Promise.all([
    allOf((page) => records.consents.list('account', accountId, page)),
    records.grants.list('account', accountId, newest),
    records.refreshFamilies.list('account', accountId, newest),
    records.sessions.ids('account', accountId),
    allOf((page) => records.clients.list('portals', 'all', page)),
  ]);

  const consentOf = new Map(consents.map((consent) => [consent.clientId, consent]));
  const grantsOf = Map.groupBy(grants.rows, ({ clientId }) => clientId);
  const familiesOf = Map.groupBy(families.rows, ({ grantId }) => grantId);
  const live = new Set(sessions);

  const ids = new Set([consoleClientId, ...portals.map(({ id }) => id), ...consentOf.keys(), ...grantsOf.keys()]);
  const uses = [...ids].map((clientId): ApplicationUse => {
    const consent = consentOf.get(clientId);
    const own = (grantsOf.get(clientId) ?? []).map((grant) => ({ grant, families: familiesOf.get(grant.id) ?? [] }));
    const times = [
      ...(consent ? [consent.lastUsedAt] : []),
      ...own.flatMap((each) => [each.grant, ...each.families].map(({ lastUsedAt }) => lastUsedAt)),
    ];

    return {
      clientId,
      ...(consent && { consent }),
      grants: own.map(({ grant }) => grant),
      // The console needs no grant: whoever is signed in is at it.
      inUse: clientId === consoleClientId ? live.size > 0 : own.some((each) => isAlive(each, live)),
      goesOn: own.some(goesOn),
      ...(times.length > 0 && { lastUsedAt: Math.max(...times) }),
    };
  });

  return new Map(uses.map((use) => [use.clientId, use]));
}

/** A whole list, in as few trips as there can be. */
async function allOf<T>(list: (page: PageRequest) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = [];
  let page = await list({ limit: newest.limit });

  while (page.next !== undefined) {
    found.push(...page.rows);
    page = await list({ limit: newest.limit, after: page.next });
  }

  return [...found, ...page.rows];
}

interface Own {
  grant: Grant;
  families: readonly RefreshFamily[];
}

/** A grant outlives its session only by what goes on while the person is away. */
function isAlive(own: Own, live: ReadonlySet<string>): boolean {
  const { sessionUid } = own.grant;

  return (sessionUid !== undefined && live.has(sessionUid)) || goesOn(own);
}

function goesOn({ grant, families }: Own): boolean {
  if (standsAlone(grant)) return true;

  return families.length > 0 && allowanceOfGrant(grant).scopes.includes('offline_access');
}

function allowanceOfGrant({ payload }: Grant): Allowance {
  return allowanceIn(payload as GrantFields);
}

/** What grants hold together. */
export function heldBy(grants: readonly Grant[]): Wanted {
  const all = grants.map(allowanceOfGrant);
  const indicators = sorted(all.flatMap(({ resources }) => Object.keys(resources)));

  return {
    scopes: sorted(all.flatMap(({ scopes }) => scopes)),
    claims: sorted(all.flatMap(({ claims }) => claims)),
    resources: Object.fromEntries(
      indicators.map((name) => [name, sorted(all.flatMap(({ resources }) => resources[name] ?? []))]),
    ),
  };
}
