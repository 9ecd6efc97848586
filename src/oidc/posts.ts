import type { KoaContextWithOIDC } from 'oidc-provider';

import { Invalid } from '../domain/errors.ts';

/** Bytes: what follows has to fit into an address. */
const mostBytes = 16_384;

/**
 * A form that another site posts to us comes without our cookies (SameSite=Lax), so the person would seem signed out.
 * It is answered with 303 to the same request as GET, which brings them (S14). Nothing is dropped on the way: what was
 * doubled still is, and is refused there (S24).
 */
export function getInsteadOfPost(paths: readonly string[]) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> => {
    if (ctx.method !== 'POST' || !paths.includes(ctx.path)) {
      await next();
      return;
    }

    if (!ctx.is('application/x-www-form-urlencoded')) throw new Invalid('a form was expected');

    const query = new URLSearchParams(await readText(ctx)).toString();

    ctx.status = 303;
    ctx.redirect(query === '' ? ctx.path : `${ctx.path}?${query}`);
  };
}

async function readText(ctx: KoaContextWithOIDC): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;

  // Stopping early must not close the connection: the answer still has to go out on it.
  for await (const chunk of ctx.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Invalid('the request is too large');

    chunks.push(chunk);
  }

  return Buffer.concat(chunks).toString();
}
