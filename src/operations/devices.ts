import { standsAlone } from '../domain/device-grant.ts';
import type { DeviceSession } from '../domain/device-session.ts';
import { consentId, type Consent, type Grant, type RefreshFamily } from '../domain/grant.ts';
import type { Reads } from '../storage/reads.ts';
import type { Page, Records } from '../storage/records.ts';
import { deviceAccessOf, isOfDevice, offlineAccessOf, type OfflineAccess } from './offline-access.ts';

export type { OfflineAccess };

/**
 * Everything that can act for somebody: the browsers that are signed in, and the apps that go on while the person is away.
 * Whoever has very many of them reads them page by page, each page in as many questions as the first.
 */
export interface Devices {
  /** Sends for the first pages, before it is known who asks. */
  ahead(accountId: string): Promise<unknown>[];
  /** Those that began last come first; `count`: of all pages. Throws Invalid where `after` is no cursor. */
  sessions(accountId: string, after?: string, limit?: number): Promise<Page<DeviceSession> & { count: number }>;
  /**
   * What was given last comes first, with what devices hold alone before it. `next` is of both lists. Throws Invalid
   * where `after` is no cursor. With a `limit` no page has more; without it, as many as are read at once.
   */
  offline(accountId: string, after?: string, limit?: number): Promise<Page<OfflineAccess>>;
  /** Undefined: there is none, or it is somebody else's. */
  session(accountId: string, uid: string): Promise<DeviceSession | undefined>;
  /** What was given in one session and outlives it. */
  offlineIn(accountId: string, uid: string): Promise<OfflineAccess[]>;
  /** By its grant. Undefined: there is none, or it is somebody else's. */
  offlineOf(accountId: string, grantId: string): Promise<OfflineAccess | undefined>;
}

export interface DevicesDeps {
  records: Pick<Records, 'sessions' | 'refreshFamilies' | 'consents' | 'grants'>;
  reads: Reads;
}

const sessionsOnPage = 25;
/** An app may have several tokens by one grant. */
const familiesOnPage = 50;
/** They live for minutes, or until their device comes for its first tokens: more are few. */
const devicesOnPage = 50;
/** Of consents, the last used: what is not among them is asked for by itself. */
const consentsAtOnce = 100;

export function createDevices({ records, reads }: DevicesDeps): Devices {
  const { sessions, refreshFamilies, consents, grants } = records;

  const sessionsAfter = (accountId: string, after?: string, limit = sessionsOnPage) =>
    reads.once(`sessions ${limit} ${accountId} ${after ?? ''}`, () =>
      sessions.list('account', accountId, pageAfter(after, limit)),
    );

  const countOf = (accountId: string) =>
    reads.once(`session count ${accountId}`, () => sessions.count('account', accountId));

  const familiesAfter = (accountId: string, after?: string, limit = familiesOnPage) =>
    reads.once(`refresh families ${limit} ${accountId} ${after ?? ''}`, () =>
      refreshFamilies.list('account', accountId, pageAfter(after, limit)),
    );

  const devicesAfter = (accountId: string, after?: string, limit = devicesOnPage) =>
    reads.once(`devices ${limit} ${accountId} ${after ?? ''}`, () =>
      grants.list('device', accountId, pageAfter(after, limit)),
    );

  const lastConsents = (accountId: string) =>
    reads.once(`consents ${accountId}`, () =>
      consents.list('account', accountId, pageAfter(undefined, consentsAtOnce)),
    );

  /** Of each of these clients, asked for once. */
  async function consentsFor(accountId: string, families: readonly RefreshFamily[]): Promise<Map<string, Consent>> {
    const { rows, next } = await lastConsents(accountId);
    const found = new Map(rows.map((consent) => [consent.clientId, consent]));
    if (next === undefined) return found;

    const missing = [...new Set(families.map(({ clientId }) => clientId))].filter((id) => !found.has(id));

    for (const consent of await Promise.all(missing.map((id) => consents.get(consentId(accountId, id))))) {
      if (consent) found.set(consent.clientId, consent);
    }

    return found;
  }

  async function accessOf(accountId: string, families: Promise<Page<RefreshFamily>>): Promise<Page<OfflineAccess>> {
    const [{ rows, next }] = await Promise.all([families, lastConsents(accountId)]);
    const own = rows.filter((family) => family.accountId === accountId);
    const [found, ofDevices] = await Promise.all([consentsFor(accountId, own), grantsOfDevices(own)]);
    const all = offlineAccessOf(own, (clientId) => found.get(clientId));

    return {
      rows: all.map((access) => ({ ...access, ...deviceIn(ofDevices.get(access.grantId)) })),
      ...(next !== undefined && { next }),
    };
  }

  async function grantsOfDevices(families: readonly RefreshFamily[]): Promise<Map<string, Grant>> {
    const ids = [...new Set(families.filter(isOfDevice).map(({ grantId }) => grantId))];
    const rows = await Promise.all(ids.map((id) => grants.get(id)));

    return new Map(rows.flatMap((grant) => (grant ? [[grant.id, grant]] : [])));
  }

  return {
    ahead: (accountId) => [
      sessionsAfter(accountId),
      countOf(accountId),
      familiesAfter(accountId),
      devicesAfter(accountId),
      lastConsents(accountId),
    ],

    async sessions(accountId, after, limit) {
      const [page, count] = await Promise.all([sessionsAfter(accountId, after, limit), countOf(accountId)]);

      return { ...page, count };
    },

    async offline(accountId, after, limit) {
      const { ofDevices, ofFamilies } = placesIn(after);
      const devices = async () =>
        ofDevices === undefined ? over : devicesAfter(accountId, ofDevices || undefined, limit);
      const families = async (most?: number) => {
        // Full of devices: the other list goes on from where it is.
        if (most === 0) return { ...over, ...(ofFamilies !== undefined && { next: ofFamilies }) };
        if (ofFamilies === undefined) return over;

        return accessOf(accountId, familiesAfter(accountId, ofFamilies || undefined, most));
      };
      const [lone, page] =
        limit === undefined
          ? await Promise.all([devices(), families()])
          : await devices().then(async (some) => [some, await families(limit - some.rows.length)] as const);
      const next = placeOf({ ofDevices: lone.next, ofFamilies: page.next });

      return { rows: [...lone.rows.map(deviceAccessOf), ...page.rows], ...(next !== undefined && { next }) };
    },

    async session(accountId, uid) {
      const session = await sessions.get(uid);

      return session?.accountId === accountId ? session : undefined;
    },

    offlineIn: async (accountId, uid) =>
      (await accessOf(accountId, refreshFamilies.list('session', uid, pageAfter(undefined, familiesOnPage)))).rows,

    async offlineOf(accountId, grantId) {
      const [families, grant] = await Promise.all([
        accessOf(accountId, refreshFamilies.list('grant', grantId, pageAfter(undefined, familiesOnPage))),
        grants.get(grantId),
      ]);
      const isLone = grant?.accountId === accountId && standsAlone(grant);

      return families.rows[0] ?? (isLone ? deviceAccessOf(grant) : undefined);
    },
  };
}

/** Where two lists go on that are read together. Empty: at the beginning; absent: that one is over. */
interface Places {
  ofDevices?: string | undefined;
  ofFamilies?: string | undefined;
}

const over: { rows: never[]; next?: string } = { rows: [] };

/** No cursor is one, nor has it a dot in it (storage/cursor.ts). */
const beginning = '~';

function placeOf({ ofDevices, ofFamilies }: Places): string | undefined {
  const families = ofFamilies === '' ? beginning : ofFamilies;

  return ofDevices === undefined ? families : `${ofDevices}.${families ?? ''}`;
}

function placesIn(after: string | undefined): Places {
  if (after === undefined) return { ofDevices: '', ofFamilies: '' };

  const [first = '', second] = after.split('.');
  const families = second ?? first;
  const ofFamilies = families === beginning ? '' : families;

  return second === undefined
    ? { ofFamilies }
    : { ofDevices: first, ofFamilies: second === '' ? undefined : ofFamilies };
}

function pageAfter(after: string | undefined, limit: number) {
  return { limit, descending: true, ...(after !== undefined && { after }) };
}

function deviceIn(grant: Grant | undefined): Pick<OfflineAccess, 'device'> {
  return grant?.device ? { device: grant.device } : {};
}
