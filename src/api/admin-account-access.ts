import { z } from 'zod';

import type { Account } from '../domain/account.ts';
import type { Activity } from '../events/activity.ts';
import { activityGroups } from '../events/groups.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { Accounts } from '../operations/accounts.ts';
import type { ApiKeys } from '../operations/api-keys.ts';
import type { Applications } from '../operations/applications.ts';
import type { Devices, OfflineAccess } from '../operations/devices.ts';
import type { LookingAfter } from '../operations/looking-after.ts';
import { grant, key, session, shownGrant, shownKey, shownSession } from './account-access.ts';
import { event, shownEvent } from './account-profile.ts';
import { ended, shownEnded } from './admin-account-shapes.ts';
import { adminEndpoint, next, paging, refusedFor, time, timeOf, type DescribedEndpoint } from './endpoint.ts';

export interface AccountAccessDeps {
  accounts: Pick<Accounts, 'get'>;
  devices: Pick<Devices, 'sessions' | 'offline'>;
  applications: Pick<Applications, 'list' | 'remove'>;
  apiKeys: Pick<ApiKeys, 'page' | 'remove'>;
  activity: Pick<Activity, 'list'>;
  lookingAfter: Pick<LookingAfter, 'endSession' | 'endAccess'>;
  interactions: Pick<Interactions, 'clientFace'>;
}

/** What goes on without a browser. */
const access = z.strictObject({
  id: z.string(),
  clientId: z.string(),
  scopes: z.array(z.string()),
  givenAt: time,
  lastUsedAt: time,
  ip: z.string().optional(),
  /** A device without a browser. */
  userAgent: z.string().optional(),
});

const path = '/accounts/:id' as const;
const reads = 'accounts:read';
const writes = 'accounts:write';

/** What can act for an account, the end of each, and what happened to it. What ends leaves the person a receipt. */
export function accountAccessEndpoints(deps: AccountAccessDeps): DescribedEndpoint[] {
  const { accounts, devices, applications, apiKeys, activity, lookingAfter, interactions } = deps;

  /** Of nobody nothing is looked up. */
  async function of<T>(id: string | undefined, look: (account: Account) => Promise<T>): Promise<T | undefined> {
    const account = await accounts.get(id ?? '');

    return account && look(account);
  }

  return [
    adminEndpoint({
      name: 'accounts.sessions.list',
      method: 'GET',
      path: `${path}/sessions`,
      scope: reads,
      summary: 'Browsers that are signed in, those that began last first',
      query: z.strictObject(paging),
      answer: z.strictObject({ sessions: z.array(session), count: z.int(), next }),
      run: ({ params }, { query: { after, limit } }) =>
        of(params['id'], async ({ id }) => {
          const { rows, ...more } = await devices.sessions(id, after, limit);

          return { sessions: rows.map(shownSession), ...more };
        }),
    }),

    adminEndpoint({
      name: 'accounts.sessions.end',
      method: 'DELETE',
      path: `${path}/sessions/:session`,
      scope: writes,
      summary: 'Signs a browser out, with all that was given in it',
      answer: ended,
      async run({ params: { id = '', session: uid = '' }, by }) {
        const done = await lookingAfter.endSession(id, uid, by);

        return done && shownEnded(done);
      },
    }),

    adminEndpoint({
      name: 'accounts.access.list',
      method: 'GET',
      path: `${path}/access`,
      scope: reads,
      summary: 'What apps and devices hold that goes on without a browser, what was given last first',
      query: z.strictObject(paging),
      answer: z.strictObject({ access: z.array(access), next }),
      run: ({ params }, { query: { after, limit } }) =>
        of(params['id'], async ({ id }) => {
          const { rows, ...more } = await devices.offline(id, after, limit);

          return { access: rows.map(shownAccess), ...more };
        }),
    }),

    adminEndpoint({
      name: 'accounts.access.end',
      method: 'DELETE',
      path: `${path}/access/:access`,
      scope: writes,
      summary: 'Ends one of these; what the person allows the app stays',
      answer: ended,
      async run({ params: { id = '', access: grantId = '' }, by }) {
        const done = await lookingAfter.endAccess(id, grantId, by);

        return done && shownEnded(done);
      },
    }),

    adminEndpoint({
      name: 'accounts.grants.list',
      method: 'GET',
      path: `${path}/grants`,
      scope: reads,
      summary: 'Applications and what each may use, the one that was used last first',
      query: z.strictObject(paging),
      answer: z.strictObject({ grants: z.array(grant), count: z.int(), next }),
      run: ({ params }, { query: { after, limit } }) =>
        of(params['id'], async (account) => {
          const { rows, ...more } = await applications.list(account, { after, limit });
          const faces = await Promise.all(rows.map(({ clientId }) => interactions.clientFace(clientId)));

          return { grants: rows.map((row, at) => shownGrant(row, faces[at]?.name ?? row.clientId)), ...more };
        }),
    }),

    adminEndpoint({
      name: 'accounts.grants.revoke',
      method: 'DELETE',
      path: `${path}/grants/:client`,
      scope: writes,
      summary: 'Removes the access of an application: it has to ask the person again',
      run: ({ params, by }) =>
        of(params['id'], async (account) => {
          const removed = await applications.remove(account, params['client'] ?? '', by);
          if (removed === undefined) return undefined;

          return removed.ok ? ('done' as const) : refusedFor(409, removed.problems);
        }),
    }),

    adminEndpoint({
      name: 'accounts.keys.list',
      method: 'GET',
      path: `${path}/keys`,
      scope: reads,
      summary: 'API keys of the person, the newest first; no key itself',
      query: z.strictObject(paging),
      answer: z.strictObject({ keys: z.array(key), next }),
      run: ({ params }, { query: { after, limit } }) =>
        of(params['id'], async ({ id }) => {
          const { rows, ...more } = await apiKeys.page(id, { limit, ...(after !== undefined && { after }) });

          return { keys: rows.map(shownKey), ...more };
        }),
    }),

    adminEndpoint({
      name: 'accounts.keys.delete',
      method: 'DELETE',
      path: `${path}/keys/:key`,
      scope: writes,
      summary: 'Deletes an API key of the person',
      run: ({ params, by }) =>
        of(params['id'], async (account) => (await apiKeys.remove(account, params['key'] ?? '', by)) && 'done'),
    }),

    adminEndpoint({
      name: 'accounts.activity.list',
      method: 'GET',
      path: `${path}/activity`,
      scope: reads,
      summary: 'What happened to the account, as its holder is shown it, the newest first',
      query: z.strictObject({ ...paging, group: z.enum(activityGroups).optional() }),
      answer: z.strictObject({ events: z.array(event), next }),
      run: ({ params }, { query }) =>
        of(params['id'], async (account) => {
          const { events, ...more } = await activity.list(account, query);

          return { events: events.map(shownEvent), ...more };
        }),
    }),
  ];
}

function shownAccess({
  grantId,
  clientId,
  scopes,
  givenAt,
  lastUsedAt,
  ip,
  device,
}: OfflineAccess): z.input<typeof access> {
  return {
    id: grantId,
    clientId,
    scopes,
    givenAt: timeOf(givenAt),
    lastUsedAt: timeOf(lastUsedAt),
    ...(ip !== undefined && { ip }),
    ...(device && { userAgent: device.userAgent }),
  };
}
