import Provider, { errors } from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';

import { isLoopbackHost } from '../domain/client-face.ts';
import { newRefreshToken } from './adapter/refresh-tokens.ts';
import type { Inside } from './deps.ts';
import type { TellsClients } from './logout-tokens.ts';
import type { Units } from './request.ts';
import { reaching } from './unavailable.ts';

/**
 * What the library has no setting for. Each of these takes the place of one method of one provider; the tests of this
 * folder notice when a new version of the library no longer asks it.
 */

export interface AttachDeps {
  units: Units;
  notices: Inside['logoutNotices'];
}

export function attach(provider: Provider, deps: AttachDeps): void {
  const { units } = deps;

  Object.assign(provider.RefreshToken.prototype, {
    generateTokenId: () => newRefreshToken(units.current()),
  });

  refuseOtherTokensAsHints(provider);
  leaveNotices(provider, deps);
  allowImplicitOnLoopback(provider);
}

/**
 * S35: a logout token and a signed answer of userinfo come under the same key for the same client, but say nothing of a
 * sign-in. Every ID token of ours says when it was.
 */
function refuseOtherTokensAsHints(provider: Provider): void {
  const { IdToken } = provider;
  const validate = IdToken.validate.bind(IdToken);

  IdToken.validate = async (token, client) => {
    const result = await validate(token, client);
    const { typ } = result.header;

    if ((typ !== undefined && typ !== 'JWT') || 'events' in result.payload || !('auth_time' in result.payload)) {
      throw new errors.InvalidRequest('could not validate id_token_hint');
    }

    return result;
  };
}

/**
 * Signing out at the library's own page: the apps are told afterwards, by what is left for them before the session goes.
 * Once it is written, the library goes on.
 */
function leaveNotices(provider: Provider, { units, notices }: AttachDeps): void {
  const prototype = (provider.Client as unknown as { prototype: TellsClients }).prototype;
  const tell = prototype.backchannelLogout;

  prototype.backchannelLogout = async function backchannelLogout(this: TellsClients, accountId, sid) {
    const { oidc } = (Provider.ctx ?? {}) as Partial<KoaContextWithOIDC>;
    if (oidc?.route !== 'end_session_confirm') return tell.call(this, accountId, sid);

    const { clientId } = this;
    const sessionUid = oidc.session?.uid ?? '';

    await reaching(units, async (unit) => {
      await notices.leaveOne({ sessionUid, clientId, accountId, ...(sid !== undefined && { sid }) });
      unit.afterwards(async () => notices.wake());
    });
  };
}

interface Schema {
  redirect_uris?: readonly string[];
  invalidate(message: string, code?: string): void;
}

/** The library wants https for `response_type=id_token`, also on this computer, where apps are tried out. */
function allowImplicitOnLoopback(provider: Provider): void {
  const { prototype } = (provider.Client as unknown as { Schema: { prototype: Schema } }).Schema;
  const { invalidate } = prototype;

  prototype.invalidate = function invalidateUnlessLoopback(this: Schema, message, code) {
    const local = this.redirect_uris?.every((uri) => URL.canParse(uri) && isLocalOrSafe(new URL(uri))) ?? false;
    if (local && (code === 'implicit-force-https' || code === 'implicit-forbid-localhost')) return;

    invalidate.call(this, message, code);
  };
}

function isLocalOrSafe({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || isLoopbackHost(hostname);
}
