import { acrTwoFactors } from '../domain/acr.ts';
import { consoleClientId } from '../domain/client.ts';
import type { DeviceSession } from '../domain/device-session.ts';
import { newSecret, sha256 } from '../domain/ids.ts';
import { sameText } from '../storage/sealing.ts';
import type { Exchange, SignedIn } from '../web/route.ts';
import type { Inside } from './deps.ts';
import type { Interactions, Proof } from './interactions.ts';
import type { UnitOfWork } from './request.ts';
import { sessionCookie } from './session-cookie.ts';

export type Console = Pick<Interactions, 'consoleSignIn' | 'consoleReturn' | 'current' | 'renewSession'>;

/** Where the account console's own authorization request comes back to; its registered redirect URI ends so. */
export const consoleReturnPath = '/account/signed-in';

const minute = 60_000;
const longestPath = 2000;

/**
 * The account console as a client of ourselves: it needs that somebody signed in, not tokens, so `response_type=none`
 * (OAuth 2.0 Multiple Response Type Encoding Practices section 4) and the session afterwards are enough.
 */
export function createConsole(deps: Inside): Console {
  const { clock, config, units, sealing } = deps;
  const mark = (path: string) => sealing.keyedHash('console-return', path);

  async function current(
    { request, response }: Exchange,
    unit: UnitOfWork,
    found?: (accountId: string) => void,
  ): Promise<SignedIn | undefined> {
    const provider = deps.provider();
    const context = provider.createContext(request, response);

    const id = sessionCookie(provider, config).read(context);
    const row = id === undefined ? undefined : await unit.findSession(sha256(id));
    if (row === undefined) return undefined;
    if (row.accountId !== undefined) found?.(row.accountId);

    const now = clock.now();
    const left = Number(row.payload['exp']) * 1000 - now;
    const isNew = ({ lastAccessedAt }: DeviceSession) => now - lastAccessedAt < minute;

    // Both at once: they go by the row alone.
    const [session, touched] = await Promise.all([
      provider.Session.get(context),
      row.accountId === undefined || isNew(row)
        ? row
        : unit.update('sessions', row.id, (old) => (isNew(old) ? old : touch(old, now, config.session.idle))),
    ]);
    const { accountId, loginTs } = session;

    // It ended while this request was on its way.
    if (accountId === undefined || loginTs === undefined || touched === undefined) return undefined;

    const account = await unit.get('accounts', accountId);
    if (account?.status !== 'active') return undefined;

    if (session.transient !== true && touched.expiresAt - now > left + config.session.idle * 100) {
      sessionCookie(provider, config).set(context, session.jti, new Date(touched.expiresAt));
    }

    return {
      account,
      session: {
        uid: session.uid,
        signedInAt: loginTs * 1000,
        amr: session.amr ?? [],
        ...(session.acr === undefined ? {} : { acr: session.acr }),
      },
    };

    /** A use of the console keeps the session as a use by an app does, within its absolute life. */
    function touch(row: DeviceSession, at: number, idle: number): DeviceSession {
      const end = (row.signedInAt ?? row.createdAt) + config.session.absolute * 1000;
      const exp = Math.max(Math.floor(Math.min(end, at + idle * 1000) / 1000), Math.floor(row.expiresAt / 1000));

      return { ...row, lastAccessedAt: at - (at % minute), expiresAt: exp * 1000, payload: { ...row.payload, exp } };
    }
  }

  async function renewSession({ request, response }: Exchange, proof?: Pick<Proof, 'amr' | 'acr'>): Promise<void> {
    const provider = deps.provider();
    const context = provider.createContext(request, response);
    const session = await provider.Session.get(context);

    const id = newSecret();
    const [before, after] = [sha256(session.jti), sha256(id)];

    // Where another request took the cookie further first, its cookie is the one that counts.
    const renewed = await units.within((unit) =>
      unit.update('sessions', session.uid, (row) =>
        row.cookieHash === before ? { ...proved(row, proof), cookieHash: after } : row,
      ),
    );

    if (renewed?.cookieHash !== after) return;

    const expires = session.transient === true ? undefined : new Date(renewed.expiresAt);
    sessionCookie(provider, config).set(context, id, expires);
  }

  return {
    current: (exchange, found) => units.within((unit) => current(exchange, unit, found)),
    renewSession,

    consoleSignIn(returnTo, { maxAge, again, choose, locale } = {}) {
      const path = isLocal(returnTo) ? returnTo : '/account';
      const query = new URLSearchParams({
        client_id: consoleClientId,
        response_type: 'none',
        scope: 'openid',
        redirect_uri: `${config.issuer}${consoleReturnPath}`,
        state: `${mark(path)}.${Buffer.from(path).toString('base64url')}`,
        ...(maxAge === undefined ? {} : { max_age: String(Math.max(0, Math.floor(maxAge))) }),
        ...(again === true && { prompt: 'login' }),
        ...(choose === true && { prompt: 'select_account' }),
        // What wants a recent proof wants the strongest (S96): a weaker one would lead back here.
        ...((again === true || maxAge !== undefined) && { acr_values: acrTwoFactors }),
        ...(locale === undefined ? {} : { ui_locales: locale }),
      });

      return { kind: 'leave', url: `${deps.provider().urlFor('authorization')}?${query.toString()}` };
    },

    consoleReturn(state) {
      const [hash = '', encoded = ''] = state.split('.');
      const path = Buffer.from(encoded, 'base64url').toString();

      return sameText(hash, mark(path)) && isLocal(path) ? path : undefined;
    },
  };
}

/** The row of a session in which this was proved beside what was before. */
function proved(row: DeviceSession, proof: Pick<Proof, 'amr' | 'acr'> | undefined): DeviceSession {
  if (proof === undefined) return row;

  const amr = [...new Set([...row.amr, ...proof.amr])];

  return { ...row, amr, payload: { ...row.payload, amr, acr: proof.acr } };
}

/** A path of ours: nothing that a browser would read as another host. */
function isLocal(path: string): boolean {
  return path.length <= longestPath && /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(path);
}
