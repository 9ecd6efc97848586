import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';

import type { OidcDeps } from './deps.ts';
import type { Units } from './request.ts';

const kinds = [
  'authorization',
  'device_authorization',
  'grant',
  'introspection',
  'revocation',
  'userinfo',
  'end_session',
  'end_session_confirm',
  'end_session_success',
] as const;

/** A device that asks again and again is answered, not refused (RFC 8628 section 3.5). */
const waiting = ['authorization_pending', 'slow_down'];

/** Keeps what the library refuses; of two errors of one request the last, which is the one that is told. */
export function noteRefusals(provider: Provider, units: Units): void {
  for (const kind of kinds) {
    provider.on(`${kind}.error` as 'grant.error', (_ctx, error) => {
      const unit = units.current();
      if (unit && !waiting.includes(error.message)) unit.notes.refused = error;
    });
  }
}

export function tellRefusal(deps: Pick<OidcDeps, 'originOf' | 'onRefused'>, ctx: KoaContextWithOIDC, error: Error) {
  deps.onRefused({
    requestId: deps.originOf(ctx.req).requestId,
    clientId: ctx.oidc.client?.clientId,
    error: error.message,
    description: descriptionOf(error),
    shown: ctx.status >= 400 && ctx.response.is('html') !== false,
  });
}

/** What does not hold of a client's authentication is said to nobody but us. */
function descriptionOf(error: Error): string | undefined {
  const { error_description: told, error_detail: detail } = error as {
    error_description?: string;
    error_detail?: string;
  };
  const text = error.message === 'invalid_client' ? (detail ?? told) : told;

  return text === undefined ? undefined : withoutValues(text);
}

/** The library's texts name parameters, not values; what a parser quotes or an address says is taken out all the same. */
function withoutValues(text: string): string {
  return text
    .replace(/(["'`]).*?\1/gs, '[value]')
    .replace(/[a-z][\w+.-]*:\/\/\S+/gi, '[address]')
    .slice(0, 200);
}
