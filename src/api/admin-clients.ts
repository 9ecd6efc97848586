import { z } from 'zod';

import type { Client } from '../domain/client.ts';
import type { NoticeCounts } from '../domain/client-receipt.ts';
import { Conflict } from '../domain/errors.ts';
import { reachProblem } from '../operations/admin-reach.ts';
import type { ClientAdministration } from '../operations/client-administration.ts';
import { clientKinds } from '../operations/clients.ts';
import type { Only } from '../operations/conditions.ts';
import type { Problem, Result } from '../operations/problems.ts';
import type { Caller, Refused } from '../web/endpoint.ts';
import {
  client,
  impact,
  progress,
  receipt,
  registered,
  row,
  shownClient,
  shownImpact,
  shownReceipt,
  shownRow,
  shownSecret,
} from './admin-client-shapes.ts';
import { clientMetadata } from './client-metadata.ts';
import {
  adminEndpoint,
  changedMeanwhile,
  doneAs,
  next,
  outOfReach,
  paging,
  refusedFor,
  tagged,
  type Asked,
  type DescribedEndpoint,
} from './endpoint.ts';

export interface AdminClientsDeps {
  clientAdministration: ClientAdministration;
  config: { issuer: string };
}

/** Apps: all that the console's pages show and do. */
export function clientEndpoints({ clientAdministration: clients, config }: AdminClientsDeps): DescribedEndpoint[] {
  /** S53: whoever may change apps must not get hold of one that may do more than they. */
  function beyond({ scopes }: Caller, metadata: unknown): Refused | undefined {
    const found = reachProblem([metadata], { issuer: config.issuer, scopes });

    return found && outOfReach(found);
  }

  /** The same of an app as it is in the very write, which is the one that was read. */
  function asRead({ caller: { scopes }, match }: Pick<Asked, 'caller' | 'match'>): Only<Client> {
    return {
      only: ({ metadata, version }) =>
        reachProblem([metadata], { issuer: config.issuer, scopes }) ??
        (match === String(version) ? undefined : 'changed'),
    };
  }

  return [
    adminEndpoint({
      name: 'clients.list',
      method: 'GET',
      path: '/clients',
      scope: 'clients:read',
      summary: 'Apps by name; search: how a name begins, or a whole id',
      query: z.strictObject({ search: z.string().max(200).optional(), ...paging }),
      answer: z.strictObject({ clients: z.array(z.strictObject(row)), next }),
      async run(_call, { query }) {
        const page = await clients.list(query);

        return { clients: page.rows.map(shownRow), ...(page.next !== undefined && { next: page.next }) };
      },
    }),

    adminEndpoint({
      name: 'clients.create',
      method: 'POST',
      path: '/clients',
      scope: 'clients:write',
      summary: 'Registers an app; kind fills in what its metadata leaves out',
      creates: true,
      body: z.strictObject({ kind: z.enum(clientKinds).optional(), metadata: clientMetadata }),
      answer: registered,
      async run({ by, caller, once }, { body: { kind, metadata } }) {
        const refusal = beyond(caller, metadata);
        if (refusal) return refusal;

        const id = once?.slice(0, 22);
        const made = await clients.create(metadata, by, { kind, id }).catch(unlessTaken);
        if (made === 'taken') return doneBefore(`the app ${id}`);
        if (!made.ok) return refusedMetadata(made.problems);

        return shownSecret(made.value);
      },
    }),

    adminEndpoint({
      name: 'clients.get',
      method: 'GET',
      path: '/clients/:id',
      scope: 'clients:read',
      summary: 'One app with its secrets (never what proves them) and what it holds',
      answer: client,
      async run({ params: { id = '' } }) {
        const found = await clients.find(id);

        return found && tagged(shownClient(found), found.client.version);
      },
    }),

    adminEndpoint({
      name: 'clients.update',
      method: 'PUT',
      path: '/clients/:id',
      scope: 'clients:write',
      summary: 'Replaces the metadata of an app',
      versioned: true,
      body: z.strictObject({ metadata: clientMetadata }),
      answer: registered,
      async run({ params: { id = '' }, by, ...asked }, { body: { metadata } }) {
        const refusal = beyond(asked.caller, metadata);
        if (refusal) return refusal;

        const changed = await clients.update(id, metadata, by, { version: Number(asked.match), ...asRead(asked) });
        if (changed === undefined) return undefined;
        if (changed === 'changed') return changedMeanwhile;
        if (!changed.ok) return refusedMetadata(changed.problems);

        return tagged(shownSecret(changed.value), changed.value.client.version);
      },
    }),

    adminEndpoint({
      name: 'clients.disable',
      method: 'POST',
      path: '/clients/:id/disable',
      scope: 'clients:write',
      summary: 'Stops an app at once: no sign-in, and its tokens answer no more',
      versioned: true,
      async run({ params: { id = '' }, by, match }) {
        // What takes access away is open to whoever may change apps.
        const only = ({ version }: Client) => (match === String(version) ? undefined : 'changed');

        return doneWith(await clients.disable(id, by, { only }));
      },
    }),

    adminEndpoint({
      name: 'clients.enable',
      method: 'POST',
      path: '/clients/:id/enable',
      scope: 'clients:write',
      summary: 'Lets a disabled app go on',
      versioned: true,
      run: async ({ params: { id = '' }, by, ...asked }) => doneWith(await clients.enable(id, by, asRead(asked))),
    }),

    adminEndpoint({
      name: 'clients.delete',
      method: 'DELETE',
      path: '/clients/:id',
      scope: 'clients:write',
      summary: 'Removes an app with its grants, tokens and consents',
      run: async ({ params: { id = '' }, by }) => doneOr(await clients.delete(id, by)),
    }),

    adminEndpoint({
      name: 'clients.secrets.rotate',
      method: 'POST',
      path: '/clients/:id/secrets',
      scope: 'clients:write',
      summary: 'Makes a new secret; older ones work for the overlap, in seconds, and no longer than they already had',
      versioned: true,
      creates: true,
      body: z.strictObject({ overlap: z.int().min(0).max(7_776_000) }),
      answer: registered,
      async run({ params: { id = '' }, by, once, ...asked }, { body: { overlap } }) {
        const rotated = await clients.rotateSecret(id, overlap, by, { once, ...asRead(asked) }).catch(unlessTaken);
        if (rotated === undefined) return undefined;
        if (rotated === 'taken') return doneBefore('a secret');
        if (!rotated.ok) return refusedDoing(rotated.problems);

        return tagged(shownSecret(rotated.value), rotated.value.client.version);
      },
    }),

    adminEndpoint({
      name: 'clients.secrets.delete',
      method: 'DELETE',
      path: '/clients/:id/secrets/:secretId',
      scope: 'clients:write',
      summary: 'Ends an older secret now; the newest can only be replaced',
      run: async ({ params: { id = '', secretId = '' }, by }) => doneOr(await clients.removeSecret(id, secretId, by)),
    }),

    adminEndpoint({
      name: 'clients.impact.get',
      method: 'GET',
      path: '/clients/:id/impact',
      scope: 'clients:read',
      summary: 'What revoking would end',
      answer: impact,
      async run({ params: { id = '' } }) {
        const found = await clients.impact(id);

        return found && shownImpact(found);
      },
    }),

    adminEndpoint({
      name: 'clients.revoke',
      method: 'POST',
      path: '/clients/:id/revoke',
      scope: 'clients:write',
      summary: 'Ends every grant and token of an app at once, and tells it whom it has lost; the app itself stays',
      creates: true,
      answer: z.strictObject({ receipt: z.string() }),
      async run({ params: { id = '' }, by, once }) {
        const revoked = await clients.revoke(id, by, { once });
        if (!revoked?.ok) return revoked && refusedDoing(revoked.problems);

        return revoked.value;
      },
    }),

    adminEndpoint({
      name: 'clients.receipts.list',
      method: 'GET',
      path: '/clients/:id/receipts',
      scope: 'clients:read',
      summary: 'What was ended when an app was revoked, the newest first; kept for a year, also when the app is gone',
      query: z.strictObject(paging),
      answer: z.strictObject({ receipts: z.array(receipt), next }),
      async run({ params: { id = '' } }, { query: { after, limit } }) {
        const page = await clients.receipts(id, { limit, ...(after !== undefined && { after }) });

        return { receipts: page.rows.map(shownReceipt), ...(page.next !== undefined && { next: page.next }) };
      },
    }),

    adminEndpoint({
      name: 'clients.receipts.get',
      method: 'GET',
      path: '/clients/:id/receipts/:receiptId',
      scope: 'clients:read',
      summary: 'One receipt, with how many notices have come how far',
      answer: z.strictObject({ receipt, progress }),
      async run({ params: { id = '', receiptId = '' } }) {
        const found = await clients.receipt(id, receiptId);

        return found && { receipt: shownReceipt(found.receipt), progress: found.notices satisfies NoticeCounts };
      },
    }),
  ];
}

function doneOr(result: Result<unknown> | undefined): 'done' | Refused | undefined {
  if (result === undefined) return undefined;

  return result.ok ? 'done' : refusedDoing(result.problems);
}

function doneWith(result: Result<Client> | undefined) {
  if (result === undefined) return undefined;

  return result.ok ? doneAs(result.value.version) : refusedDoing(result.problems);
}

/** This very request has made it before. */
function unlessTaken(error: unknown): 'taken' {
  if (error instanceof Conflict) return 'taken';

  throw error;
}

/** It is told once: what was told is lost with the answer that it stood in. */
function doneBefore(what: string): Refused {
  return {
    refused: {
      status: 409,
      detail: `The request with this Idempotency-Key has made ${what}, and its answer is lost: make a new secret.`,
    },
  };
}

/** What stands against it is the client as it is, not what was sent. */
function refusedDoing(problems: readonly Problem[]): Refused {
  return refusedFor(problems.some(({ path }) => path !== '') ? 422 : 409, problems);
}

function refusedMetadata(problems: readonly Problem[]): Refused {
  const beside = problems.map(({ path, ...rest }) => ({ ...rest, path: path === '' ? '' : `metadata.${path}` }));

  return refusedDoing(beside);
}
