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
  /** One that belongs below a path alone, where `__Host-` can't be: nothing that has to be believed. */
  setBelow(context: Context, path: string, cookie: { name: string; value: string }): void;
  getBelow(context: Context, name: string): string | undefined;
}

/** What a value of ours looks like; anything else counts as absent. */
const ours = /^[\w.-]{1,100}$/;

export function createCookies(secure: boolean): Cookies {
  const named = (name: string): string => (secure ? `__Host-${name}` : name);
  const namedBelow = (name: string): string => (secure ? `__Secure-${name}` : name);
  const policy = { secure, httpOnly: true, sameSite: 'lax', path: '/', signed: false, overwrite: true } as const;

  return {
    get: (context, name) => read(context, named(name)),
    getBelow: (context, name) => read(context, namedBelow(name)),

    setBelow(context, path, { name, value }) {
      context.cookies.set(namedBelow(name), value, { ...policy, path });
    },

    set(context, name, value, seconds) {
      context.cookies.set(named(name), value, seconds === undefined ? policy : { ...policy, maxAge: seconds * 1000 });
    },

    remove(context, name) {
      context.cookies.set(named(name), null, policy);
    },
  };
}

function read(context: Context, name: string): string | undefined {
  const value = context.cookies.get(name, { signed: false });

  return value !== undefined && ours.test(value) ? value : undefined;
}
