import type Provider from 'oidc-provider';

import type { Config } from '../config/schema.ts';

type Context = ReturnType<Provider['createContext']>;

/** How the session's cookie is set, wherever that is done (S105). */
export function sessionCookieOptions(config: Pick<Config, 'issuer'>) {
  const secure = new URL(config.issuer).protocol === 'https:';

  return { path: '/', httpOnly: true, sameSite: 'lax', secure, signed: true, overwrite: true } as const;
}

/** The session's cookie outside the library's own routes. */
export function sessionCookie(provider: Provider, config: Pick<Config, 'issuer'>) {
  const name = provider.cookieName('session');
  const options = sessionCookieOptions(config);

  /** Behind the proxy that ends TLS the connection itself is plain: that it is https outside is what `issuer` says. */
  const cookies = (context: Context) => {
    context.cookies.secure = options.secure;
    return context.cookies;
  };

  return {
    /** The session's present id, if a cookie of ours has it. */
    read: (context: Context): string | undefined => context.cookies.get(name, { signed: true }),
    clear: (context: Context) => void cookies(context).set(name, null, options),
    /** Without `expires` it lasts as long as the browser is open. */
    set: (context: Context, value: string, expires: Date | undefined) =>
      void cookies(context).set(name, value, { ...options, ...(expires && { expires }) }),
  };
}
