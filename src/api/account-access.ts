import { z } from 'zod';

import type { ApiKey } from '../domain/api-key.ts';
import { clientsOf, lastAccessOf, type DeviceSession } from '../domain/device-session.ts';
import { deviceOf } from '../messages/device.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { ApiKeys } from '../operations/api-keys.ts';
import type { Application, Applications } from '../operations/applications.ts';
import type { Devices } from '../operations/devices.ts';
import type { Endings } from '../operations/endings.ts';
import { problemText } from '../operations/problems.ts';
import type { Receipts } from '../operations/receipts.ts';
import { endpoint, next, paging, time, timeOf, type DescribedEndpoint } from './endpoint.ts';

export interface AccessDeps {
  devices: Pick<Devices, 'sessions' | 'session'>;
  endings: Pick<Endings, 'session'>;
  receipts: Pick<Receipts, 'create'>;
  applications: Pick<Applications, 'list' | 'remove'>;
  apiKeys: Pick<ApiKeys, 'page' | 'remove'>;
  interactions: Pick<Interactions, 'clientFace'>;
}

export const session = z.strictObject({
  id: z.string(),
  browser: z.string().optional(),
  system: z.string().optional(),
  ip: z.string(),
  /** RFC 8176 */
  amr: z.array(z.string()),
  clientIds: z.array(z.string()),
  signedInAt: time,
  lastAccessedAt: time,
  expiresAt: time,
});

export const grant = z.strictObject({
  clientId: z.string(),
  name: z.string(),
  /** As consent names them: `scope:email`, `claim:birthdate`, `resource:https://api.example.com orders:read`. */
  permissions: z.array(z.string()),
  inUse: z.boolean(),
  grantedAt: time.optional(),
  lastUsedAt: time.optional(),
});

export const key = z.strictObject({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  audience: z.string(),
  scopes: z.array(z.string()),
  createdAt: time,
  lastUsedAt: time.optional(),
  ip: z.string().optional(),
  expiresAt: time.optional(),
});

/** Everything that can act for the person, and the end of each: what ends leaves the receipts that the console would. */
export function accessEndpoints(deps: AccessDeps): DescribedEndpoint[] {
  const { devices, endings, receipts, applications, apiKeys, interactions } = deps;

  return [
    endpoint({
      name: 'sessions.list',
      method: 'GET',
      path: '/sessions',
      scope: 'sessions:read',
      summary: 'Browsers that are signed in, those that began last first',
      query: z.strictObject(paging),
      answer: z.strictObject({ sessions: z.array(session), count: z.int(), next }),
      async run({ account }, { query: { after, limit } }) {
        const { rows, ...more } = await devices.sessions(account.id, after, limit);

        return { sessions: rows.map(shownSession), ...more };
      },
    }),

    endpoint({
      name: 'sessions.end',
      method: 'DELETE',
      path: '/sessions/:id',
      scope: 'sessions:write',
      summary: 'Signs a browser out, with what apps were given in it',
      async run({ account, params: { id = '' }, actor, from }) {
        const found = await devices.session(account.id, id);
        if (!found) return undefined;

        const by = { actor, from, reason: 'signed_out' };
        await receipts.create(account, 'device', await endings.session(found.id, { offline: true, by }));

        return 'done';
      },
    }),

    endpoint({
      name: 'grants.list',
      method: 'GET',
      path: '/grants',
      scope: 'grants:read',
      summary: 'Applications and what each may use, the one that was used last first',
      query: z.strictObject(paging),
      answer: z.strictObject({ grants: z.array(grant), count: z.int(), next }),
      async run({ account }, { query: { after, limit } }) {
        const { rows, ...more } = await applications.list(account, { after, limit });
        const faces = await Promise.all(rows.map(({ clientId }) => interactions.clientFace(clientId)));

        return { grants: rows.map((row, at) => shownGrant(row, faces[at]?.name ?? row.clientId)), ...more };
      },
    }),

    endpoint({
      name: 'grants.revoke',
      method: 'DELETE',
      path: '/grants/:clientId',
      scope: 'grants:write',
      summary: 'Removes the access of an application: it has to ask again',
      async run({ account, params: { clientId = '' }, actor, from }) {
        const removed = await applications.remove(account, clientId, { actor, from });
        if (removed === undefined) return undefined;

        return removed.ok ? 'done' : { refused: { status: 409, detail: removed.problems.map(problemText).join(' ') } };
      },
    }),

    endpoint({
      name: 'keys.list',
      method: 'GET',
      path: '/keys',
      scope: 'keys:read',
      summary: 'API keys, the newest first; no key itself',
      query: z.strictObject(paging),
      answer: z.strictObject({ keys: z.array(key), next }),
      async run({ account }, { query: { after, limit } }) {
        const { rows, ...more } = await apiKeys.page(account.id, { limit, ...(after !== undefined && { after }) });

        return { keys: rows.map(shownKey), ...more };
      },
    }),

    endpoint({
      name: 'keys.delete',
      method: 'DELETE',
      path: '/keys/:id',
      scope: 'keys:write',
      summary: 'Deletes an API key; it may be the one that is shown',
      run: async ({ account, params: { id = '' }, actor, from }) =>
        (await apiKeys.remove(account, id, { actor, from })) && 'done',
    }),
  ];
}

export function shownSession(row: DeviceSession): z.input<typeof session> {
  const { browser, system } = deviceOf(row.userAgent);

  return {
    id: row.id,
    ...(browser !== undefined && { browser }),
    ...(system !== undefined && { system }),
    ip: row.ip,
    amr: [...row.amr],
    clientIds: Object.keys(clientsOf(row)),
    signedInAt: timeOf(row.signedInAt ?? row.createdAt),
    lastAccessedAt: timeOf(lastAccessOf(row)),
    expiresAt: timeOf(row.expiresAt),
  };
}

export function shownGrant(
  { clientId, items, inUse, grantedAt, lastUsedAt }: Application,
  name: string,
): z.input<typeof grant> {
  return {
    clientId,
    name,
    permissions: items.map(({ id }) => id),
    inUse,
    ...(grantedAt !== undefined && { grantedAt: timeOf(grantedAt) }),
    ...(lastUsedAt !== undefined && { lastUsedAt: timeOf(lastUsedAt) }),
  };
}

/** Never the key itself, nor a hash of it. */
export function shownKey({ accountId: _, hash: _hash, slot: _slot, ...facts }: ApiKey): z.input<typeof key> {
  const { createdAt, lastUsedAt, expiresAt, ...rest } = facts;

  return {
    ...rest,
    createdAt: timeOf(createdAt),
    ...(lastUsedAt !== undefined && { lastUsedAt: timeOf(lastUsedAt) }),
    ...(expiresAt !== undefined && { expiresAt: timeOf(expiresAt) }),
  };
}
