import type { KoaContextWithOIDC } from 'oidc-provider';

import { routes } from './settings.ts';

/** The endpoints that only programs ask, with what they may ask them with; OPTIONS is a browser's question (CORS). */
const methods: Readonly<Record<string, readonly string[]>> = {
  [routes.token]: ['POST', 'OPTIONS'],
  [routes.introspection]: ['POST', 'OPTIONS'],
  [routes.device_authorization]: ['POST', 'OPTIONS'],
  [routes.revocation]: ['POST', 'OPTIONS'],
  [routes.userinfo]: ['GET', 'HEAD', 'POST', 'OPTIONS'],
};

/**
 * A program is never answered with a page, whatever its HTTP library says that it accepts: errors are JSON (RFC 6749
 * section 5.2), and a wrong method is called one (RFC 9110 section 15.5.6).
 */
export async function answerPrograms(ctx: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> {
  const allowed = methods[ctx.path];

  if (allowed !== undefined) ctx.req.headers.accept = 'application/json';

  if (allowed === undefined || allowed.includes(ctx.method)) {
    await next();
    return;
  }

  ctx.status = 405;
  ctx.set('Allow', allowed.join(', '));
  ctx.set('Cache-Control', 'no-store');
  ctx.body = { error: 'invalid_request', error_description: 'the method is not allowed here' };
}
