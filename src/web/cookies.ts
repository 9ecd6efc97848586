import type { Context } from 'koa';

/**
 * The web's own cookies, under one policy (S105): `__Host-` and Secure on https, HttpOnly, SameSite=Lax, the whole
 * site. On http (loopback only) browsers refuse both, so the plain name is used.
 */
export interface Cookies {
  get(context: Context, name: string): string | undefined;
  /** Until the browser is closed, unless `seconds` is given. */
  set(context: Context, name: string, value: string, seconds?: number): void;
  remove(context: Context, name: string): void;
}

/** What a value of ours looks like; anything else counts as absent. */
const ours = /^[\w.-]{1,100}$/;

export function createCookies(secure: boolean): Cookies {
  const named = (name: string): string => (secure ? `__Host-${name}` : name);
  const policy = { secure, httpOnly: true, sameSite: 'lax', path: '/', signed: false, overwrite: true } as const;

  return {
    get(context, name) {
      const value = context.cookies.get(named(name), { signed: false });

      return value !== undefined && ours.test(value) ? value : undefined;
    },

    set(context, name, value, seconds) {
      context.cookies.set(named(name), value, seconds === undefined ? policy : { ...policy, maxAge: seconds * 1000 });
    },

    remove(context, name) {
      context.cookies.set(named(name), null, policy);
    },
  };
}
