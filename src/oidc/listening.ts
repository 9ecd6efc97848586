import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';

import { Unavailable } from '../domain/errors.ts';
import type { EventKind } from '../events/catalogue.ts';
import type { Facts } from '../events/writer.ts';
import { pollInterval } from './adapter/device-codes.ts';
import { noteClientUse } from './client-use.ts';
import type { OidcDeps } from './deps.ts';
import { noteRefusals } from './refusals.ts';
import type { Units } from './request.ts';

export interface ListenDeps extends Pick<
  OidcDeps,
  'events' | 'clock' | 'onError' | 'originOf' | 'clientUses' | 'tokensIssued'
> {
  units: Units;
}

/** How often a node records failures of one client’s authentication, in milliseconds: anybody can cause them. */
const failureInterval = 60_000;

/** What the library tells of while it works: the security events of the protocol (S113), and mends of its answers. */
export function listen(provider: Provider, deps: ListenDeps): void {
  const { events, clock, onError, originOf, units } = deps;
  const failures = new Map<string, number>();

  noteRefusals(provider, units);

  // RFC 9207: in every answer (S13); the library leaves it out where an ID token says it too.
  provider.on('authorization.success', (ctx, answer) => {
    if (answer) answer['iss'] ??= provider.issuer;
    atWork(ctx);
  });

  provider.on('grant.success', (ctx) => {
    atWork(ctx);
    deps.tokensIssued?.();

    const { AuthorizationCode, DeviceCode } = ctx.oidc.entities;
    const code = AuthorizationCode ?? DeviceCode;
    if (!code) return;

    record(ctx, 'token.issued', {
      clientId: code.clientId,
      account: code.accountId,
      details: { grantType: AuthorizationCode ? 'authorization_code' : 'device_code', scopes: [...code.scopes] },
    });
  });

  // RFC 8628 section 3.2: said, where the library leaves it to the device to know it.
  provider.on('device_authorization.success', (_ctx, answer) => {
    Object.assign(answer, { interval: pollInterval });
  });

  // One that is stored is `saved`. By the library's own clock, as the token has it.
  provider.on('access_token.issued', ({ expiration }) => {
    const unit = units.current();
    if (unit) unit.notes.accessTokensUntil = (Math.floor(Date.now() / 1000) + expiration) * 1000;
  });

  provider.on('grant.revoked', (ctx) => {
    const { client, entities, route } = ctx.oidc;
    const reused = units.current()?.notes.reused;

    if (reused && route === 'token')
      record(ctx, reused.kind, { clientId: client?.clientId, account: reused.accountId });
    else if (route === 'revocation') {
      record(ctx, 'token.revoked', { clientId: client?.clientId, account: entities.RefreshToken?.accountId });
    }
  });

  provider.on('grant.error', authenticationFailed);
  provider.on('device_authorization.error', authenticationFailed);
  provider.on('introspection.error', authenticationFailed);
  provider.on('revocation.error', authenticationFailed);

  provider.on('server_error', (ctx, error) => {
    const unit = units.current();

    if (error instanceof Unavailable && unit) unit.notes.failure ??= error;
    else onError(error, originOf(ctx.req).requestId);
  });

  function atWork({ oidc: { client } }: KoaContextWithOIDC): void {
    if (client) noteClientUse(deps, client.clientId);
  }

  function authenticationFailed(ctx: KoaContextWithOIDC, error: Error): void {
    const clientId = ctx.oidc.client?.clientId;
    if (clientId === undefined || !('statusCode' in error) || error.statusCode !== 401) return;

    const now = clock.now();
    if (now - (failures.get(clientId) ?? -Infinity) < failureInterval) return;

    failures.set(clientId, now);
    record(ctx, 'client.authentication_failed', { clientId });
  }

  function record<K extends EventKind>(
    ctx: KoaContextWithOIDC,
    kind: K,
    { account: accountId, ...facts }: Omit<Facts<K>, 'actor' | 'from' | 'account'> & { account?: string | undefined },
  ): void {
    const unit = units.current();
    if (!unit) return;

    const make = async () => {
      // Most often the request has read the account anyway; then the event travels with its other writes.
      const account = accountId === undefined ? undefined : ((await unit.known('accounts', accountId)) ?? accountId);
      const actor = facts.clientId === undefined ? 'anonymous' : `client:${facts.clientId}`;
      // An app without a secret of its own runs where the person is.
      const program = ctx.oidc.client !== undefined && ctx.oidc.client.clientAuthMethod !== 'none';
      const from = { ...originOf(ctx.req), program };
      const whole = { ...facts, actor, account, from } as unknown as Facts<K>;

      await events.write(kind, whole, (row) => unit.write({ in: 'events', create: row }));
    };

    const making = make();
    making.catch(() => undefined);
    unit.prepare(making);
  }
}
