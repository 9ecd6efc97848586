import type Provider from 'oidc-provider';
import type { AdapterPayload, Interaction, KoaContextWithOIDC } from 'oidc-provider';

import type { Client } from '../domain/client.ts';
import type { DeviceSession } from '../domain/device-session.ts';
import { consentId } from '../domain/grant.ts';
import { sha256 } from '../domain/ids.ts';
import type { UnitOfWork } from './request.ts';
import { routes } from './settings.ts';

/**
 * Reading ahead: the protocol library asks for one thing after another, and each answer costs a trip. What is read here
 * is what it is about to ask for; a failure is for whoever really asks.
 */

type Context = Parameters<Provider['middleware'][number]>[0];

interface Reading {
  unit: UnitOfWork;
  clientOf(id: string): Promise<Client | undefined>;
}

/** What a request's cookies and its address stand for, on its way while the request's limits are asked. */
export function readRequestAhead({ unit, clientOf }: Reading, provider: Provider, ctx: Context): void {
  const { client_id: clientId } = ctx.path === routes.authorization ? ctx.query : {};
  if (typeof clientId === 'string') clientOf(clientId).catch(() => undefined);

  const cookie = (name: Parameters<Provider['cookieName']>[0]) =>
    ctx.cookies.get(provider.cookieName(name), { signed: true });

  const session = cookie('session');
  if (session !== undefined) unit.findSession(sha256(session)).catch(() => undefined);

  // Bound to the path of a step, or of the way back from it: one of them at most.
  const step = cookie('interaction') ?? cookie('resume');
  if (step !== undefined) void unit.recall('Interaction', sha256(step));
}

/** An authorization request says which client it is for: what the session lets it do is needed next. */
export function readGrantAhead(
  { unit, clientOf }: Reading,
  { accountId, payload }: DeviceSession,
  ctx: KoaContextWithOIDC | undefined,
): void {
  const clientId = ctx?.query['client_id'];
  if (typeof clientId !== 'string') return;

  const grantId = (payload as AdapterPayload).authorizations?.[clientId]?.grantId;
  if (grantId !== undefined) void unit.get('grants', grantId);

  readConsentAhead({ unit, clientOf }, accountId, clientId);
}

/** The way back from a step: who it was taken by, and what that person allows the app. */
export function readStepAhead(of: Reading, { params, result, session }: Interaction) {
  const accountId = result?.login?.accountId ?? session?.accountId;
  if (accountId !== undefined) void of.unit.get('accounts', accountId);

  readConsentAhead(of, accountId, String(params['client_id']));
}

function readConsentAhead({ unit, clientOf }: Reading, accountId: string | undefined, clientId: string): void {
  if (accountId === undefined) return;

  clientOf(clientId).then(
    (client) => {
      // First-party clients need none.
      if (client && client.metadata.first_party !== true) void unit.get('consents', consentId(accountId, clientId));
    },
    () => undefined,
  );
}
