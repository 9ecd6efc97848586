import { setImmediate as othersTurn } from 'node:timers/promises';

import type { Client } from '../domain/client.ts';
import type { ClientHoldings } from '../domain/client-receipt.ts';
import type { Clock } from '../domain/clock.ts';
import type { Grant } from '../domain/grant.ts';
import type { Page, PageRequest, Records } from '../storage/records.ts';

/** What a client holds now; where that is very much, only so much of it is looked at. */
export interface Holdings extends ClientHoldings {
  /** False: there are more people and sessions than these. Grants and refresh tokens are counted whole in any case. */
  isWhole: boolean;
}

export interface HoldingsDeps {
  records: Pick<Records, 'grants' | 'refreshFamilies' | 'sessions'>;
  clock: Clock;
  /** `config.apis` */
  apis: readonly { identifier: string; format: 'jwt' | 'opaque'; /** Seconds. */ access_token: number }[];
}

/** How many sessions are looked up at the same time. Between two such looks, and two pages, others have their turn. */
const atOnce = 50;

/** `most`: of so many grants at most it is looked up whose they are. They are read from an index, the newest first. */
export async function holdingsOf(deps: HoldingsDeps, client: Client, most: number): Promise<Holdings> {
  const { records, clock } = deps;
  const { grants, refreshFamilies } = records;
  const newest = (list: (page: PageRequest) => Promise<Page<Grant>>) => firstOf(list, most);

  const [given, families, grantCount, refreshTokens] = await Promise.all([
    newest((page) => grants.list('client', client.id, page)),
    firstOf((page) => refreshFamilies.list('client', client.id, page), most),
    grants.count('client', client.id),
    refreshFamilies.count('client', client.id),
  ]);

  const uids = [...new Set(given.rows.flatMap(({ sessionUid }) => sessionUid ?? []))];
  const until = [...given.rows, ...families.rows].map(({ accessTokensUntil = 0 }) => accessTokensUntil);
  const last = Math.max(0, ...until, ownTokensUntil(deps, client));

  return {
    people: new Set(given.rows.map(({ accountId }) => accountId)).size,
    sessions: await living(records.sessions, uids),
    grants: grantCount,
    refreshTokens,
    ...(last > clock.now() && { accessTokensUntil: last }),
    isWhole: given.isWhole,
  };
}

/**
 * When the last token is over that a client may have got for itself and that nobody can call back: nobody writes down
 * that there is one. 0: there can be none.
 */
export function ownTokensUntil({ clock, apis }: Pick<HoldingsDeps, 'clock' | 'apis'>, { metadata }: Client): number {
  if (!metadata.grant_types?.includes('client_credentials')) return 0;

  const lives = apis
    .filter(({ identifier, format }) => format === 'jwt' && metadata.resources?.includes(identifier))
    .map((api) => clock.now() + api.access_token * 1000);

  return Math.max(0, ...lives);
}

async function firstOf<T>(
  list: (page: PageRequest) => Promise<Page<T>>,
  most: number,
): Promise<{ rows: T[]; isWhole: boolean }> {
  const rows: T[] = [];
  let after: string | undefined;

  do {
    const limit = Math.min(200, most - rows.length);
    const page = await list({ descending: true, limit, ...(after !== undefined && { after }) });
    rows.push(...page.rows);
    after = page.next;
    await othersTurn();
  } while (after !== undefined && rows.length < most);

  return { rows, isWhole: after === undefined };
}

/** A grant for the time away outlives the session that it was given in. */
async function living(sessions: Pick<Records['sessions'], 'get'>, uids: readonly string[]): Promise<number> {
  let count = 0;

  for (let next = 0; next < uids.length; next += atOnce) {
    const found = await Promise.all(uids.slice(next, next + atOnce).map((uid) => sessions.get(uid)));
    count += found.filter((session) => session !== undefined).length;
    await othersTurn();
  }

  return count;
}
