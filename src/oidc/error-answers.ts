import type { KoaContextWithOIDC } from 'oidc-provider';

import { clientFace, formActionFor, type ClientFace } from '../domain/client-face.ts';
import type { ClientMetadata } from '../domain/client.ts';
import type { MessageKey, View } from '../web/route.ts';
import type { Inside } from './deps.ts';
import type { Answer } from './response-modes.ts';

/** The way back to the app, with the answer that the protocol has for it. */
export interface WayBack {
  url: string;
  /** Given: it is posted (`form_post`). */
  fields?: readonly { name: string; value: string }[];
}

export interface RefusedView {
  client: ClientFace;
  why: MessageKey;
  code: string;
  reference: string;
  back: WayBack;
}

export const refusedView: View<RefusedView> = {
  name: 'protocol/refused',
  layout: 'door',
  title: 'error.protocol',
};

/**
 * Anybody can register an app, or have one registered, and link to us with a request that is wrong on purpose: who
 * trusts our address in that link would land on the app's site without having done anything (RFC 9700 section 4.11.2).
 * So an error of an app that is not the operator's own is shown here first, with a way to go on.
 */
export function createErrorAnswers(deps: Pick<Inside, 'pages' | 'originOf'>, formPost: Answer) {
  return (mode: string, stock: Answer): Answer => {
    const answer = mode === 'form_post' ? formPost : stock;

    return async (ctx, redirectUri, payload) => {
      if (!showsFirst(ctx, payload)) return answer(ctx, redirectUri, payload);

      const back =
        mode === 'form_post'
          ? postedBack(redirectUri, payload)
          : await linkedBack(ctx, () => stock(ctx, redirectUri, payload));
      const code = String(payload['error']);
      const { client } = ctx.oidc;
      if (client === undefined) throw new TypeError('an answer to nobody');

      const data: RefusedView = {
        client: clientFace(
          { id: client.clientId, metadata: client.metadata() as unknown as ClientMetadata },
          redirectUri,
        ),
        why: reasons[code] ?? 'protocol.refusedRequest',
        code,
        reference: deps.originOf(ctx.req).requestId,
        back,
      };

      await deps.pages.render(
        { request: ctx.req, response: ctx.res },
        {
          kind: 'show',
          view: refusedView,
          data,
          frame: { status: 400, ...(back.fields && { formAction: formActionFor(redirectUri) }) },
        },
      );
    };
  };
}

/**
 * - The operator's own apps are trusted.
 * - Silent authentication has nobody to show a page to: it is answered by redirect (OpenID Connect Core 1.0 section
 *   3.1.2.6), which RFC 9700 section 4.11.2 excepts as well.
 * - After a step of the person (a sign-in, a choice, a "no") going back is what they did it for.
 */
function showsFirst({ oidc, query }: KoaContextWithOIDC, payload: Record<string, unknown>): boolean {
  if (!('error' in payload) || oidc.client?.['first_party'] === true) return false;

  return oidc.entities.Interaction?.result === undefined && (oidc.params ?? query)['prompt'] !== 'none';
}

/** As the library puts the answer into the address (`redirect`), without going there. */
async function linkedBack(ctx: KoaContextWithOIDC, redirect: () => void | Promise<void>): Promise<WayBack> {
  await redirect();

  const url = ctx.response.get('Location');
  ctx.remove('Location');

  // Registration refuses such addresses: a link to one would run in our page.
  if (/^(javascript|data|vbscript|blob|file):/i.test(url)) throw new TypeError('a link to what is no address');

  return { url };
}

function postedBack(url: string, payload: Record<string, unknown>): WayBack {
  return { url, fields: Object.entries(payload).map(([name, value]) => ({ name, value: String(value) })) };
}

const tooMuch = 'protocol.refusedScope';
const notOffered = 'protocol.refusedWay';

/** In words of people; whoever builds the app has the code. */
const reasons: Readonly<Record<string, MessageKey>> = {
  invalid_scope: tooMuch,
  invalid_target: tooMuch,
  unauthorized_client: notOffered,
  unsupported_response_type: notOffered,
  unsupported_response_mode: notOffered,
  request_not_supported: notOffered,
  request_uri_not_supported: notOffered,
  registration_not_supported: notOffered,
  unmet_authentication_requirements: 'protocol.refusedProof',
};
