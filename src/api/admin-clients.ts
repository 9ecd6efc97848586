import { z } from 'zod';

import type { NoticeCounts } from '../domain/client-receipt.ts';
import { reachProblem } from '../operations/admin-reach.ts';
import type { ClientAdministration } from '../operations/client-administration.ts';
import { clientKinds } from '../operations/clients.ts';
import { problemText, type Problem, type Result } from '../operations/problems.ts';
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
  cursor,
  next,
  refusedFor,
  tagged,
  type DescribedEndpoint,
} from './endpoint.ts';

export interface AdminClientsDeps {
  clientAdministration: ClientAdministration;
  config: { issuer: string };
}

/** Apps: all that the console's pages show and do. */
export function clientEndpoints({ clientAdministration: clients, config }: AdminClientsDeps): DescribedEndpoint[] {
  /** S53: whoever may change apps must not get hold of one that may do more than they. */
  function beyond({ scopes }: Caller, ...metadata: readonly unknown[]): Refused | undefined {
    const found = reachProblem(metadata, { issuer: config.issuer, scopes });

    return found && { refused: { status: 403, detail: problemText({ ...found, path: '' }) } };
  }

  /** The same of an app as it is. */
  async function beyondOf(id: string, caller: Caller): Promise<Refused | undefined> {
    return beyond(caller, (await clients.find(id))?.client.metadata);
  }

  return [
    adminEndpoint({
      name: 'clients.list',
      method: 'GET',
      path: '/clients',
      scope: 'clients:read',
      summary: 'Apps by name; search: how a name begins, or a whole id',
      query: z.strictObject({ search: z.string().max(200).optional(), after: cursor }),
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
      async run({ by, caller }, { body: { kind, metadata } }) {
        const refusal = beyond(caller, metadata);
        if (refusal) return refusal;

        const made = await clients.create(metadata, by, { kind });
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
      async run({ params: { id = '' }, by, match, caller }, { body: { metadata } }) {
        const refusal = beyond(caller, metadata) ?? (await beyondOf(id, caller));
        if (refusal) return refusal;

        const changed = await clients.update(id, metadata, by, { version: Number(match) });
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
      run: async ({ params: { id = '' }, by }) => doneOr(await clients.disable(id, by)),
    }),

    adminEndpoint({
      name: 'clients.enable',
      method: 'POST',
      path: '/clients/:id/enable',
      scope: 'clients:write',
      summary: 'Lets a disabled app go on',
      run: async ({ params: { id = '' }, by, caller }) =>
        (await beyondOf(id, caller)) ?? doneOr(await clients.enable(id, by)),
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
      creates: true,
      body: z.strictObject({ overlap: z.int().min(0).max(7_776_000) }),
      answer: registered,
      async run({ params: { id = '' }, by, caller }, { body: { overlap } }) {
        const refusal = await beyondOf(id, caller);
        if (refusal) return refusal;

        const rotated = await clients.rotateSecret(id, overlap, by);
        if (!rotated?.ok) return rotated && refusedDoing(rotated.problems);

        return shownSecret(rotated.value);
      },
    }),

    adminEndpoint({
      name: 'clients.secrets.remove',
      method: 'DELETE',
      path: '/clients/:id/secrets/:secretId',
      scope: 'clients:write',
      summary: 'Ends an older secret now; the newest can only be replaced',
      run: async ({ params: { id = '', secretId = '' }, by }) => doneOr(await clients.removeSecret(id, secretId, by)),
    }),

    adminEndpoint({
      name: 'clients.impact',
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
      async run({ params: { id = '' }, by }) {
        const revoked = await clients.revoke(id, by);
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
      query: z.strictObject({ after: cursor }),
      answer: z.strictObject({ receipts: z.array(receipt), next }),
      async run({ params: { id = '' } }, { query: { after } }) {
        const page = await clients.receipts(id, after === undefined ? {} : { after });

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

/** What stands against it is the client as it is, not what was sent. */
function refusedDoing(problems: readonly Problem[]): Refused {
  return refusedFor(problems.some(({ path }) => path !== '') ? 422 : 409, problems);
}

function refusedMetadata(problems: readonly Problem[]): Refused {
  const beside = problems.map(({ path, ...rest }) => ({ ...rest, path: path === '' ? '' : `metadata.${path}` }));

  return refusedDoing(beside);
}
