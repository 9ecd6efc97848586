import { errors } from 'oidc-provider';
import type { Configuration, ErrorOut, Interaction, KoaContextWithOIDC } from 'oidc-provider';

import type { Exchange, Frame, Outcome, ShownFailure, View } from '../web/route.ts';
import { clientFace, formActionFor, wayBack } from '../domain/client-face.ts';
import type { ClientMetadata } from '../domain/client.ts';
import type { Inside } from './deps.ts';
import { interactionPath } from './policy.ts';
import { sessionCookie } from './session-cookie.ts';
import { isOwnHint } from './sign-out.ts';
import type { SignOut } from './sign-out.ts';

/** An app as pages name it: text, and an address that it registered. */
export interface AppShown {
  name: string;
  uri?: string;
}

export interface SignOutView {
  app?: AppShown;
  email: string;
  /** Where the answer is posted. */
  action: string;
  xsrf: string;
}

export interface SignedOutView {
  app?: AppShown;
  /** The person chose to stay. */
  stayed: boolean;
}

export interface FormPostView {
  app?: AppShown;
  action: string;
  fields: readonly { name: string; value: string }[];
}

export const signOutView: View<SignOutView> = {
  name: 'protocol/sign-out',
  layout: 'door',
  title: 'protocol.signOutTitle',
};

export const signedOutView: View<SignedOutView> = {
  name: 'protocol/signed-out',
  layout: 'door',
  title: 'protocol.signedOutTitle',
};

export const formPostView: View<FormPostView> = {
  name: 'protocol/form-post',
  layout: 'door',
  title: 'protocol.formPostTitle',
};

type Middleware = (ctx: KoaContextWithOIDC, next: () => Promise<unknown>) => Promise<void>;

/** Every page that the protocol library would draw by itself, drawn by us. */
export interface ProtocolPages {
  renderError: NonNullable<Configuration['renderError']>;
  logoutSource(ctx: KoaContextWithOIDC, form: string): Promise<void>;
  postLogoutSuccessSource(ctx: KoaContextWithOIDC): Promise<void>;
  /** The response mode `form_post` (OAuth 2.0 Form Post Response Mode). */
  formPost(ctx: KoaContextWithOIDC, redirectUri: string, payload: Record<string, unknown>): Promise<void>;
  /** In front of the library: replaces the pages that it offers no setting for. */
  middleware: Middleware;
}

export function createPages(deps: Inside & { signOut: SignOut }): ProtocolPages {
  const { config, pages, records } = deps;
  const show = (ctx: KoaContextWithOIDC, outcome: Outcome) => pages.render(exchangeOf(ctx), outcome);

  const showFormPost = (ctx: KoaContextWithOIDC, action: string, values: Record<string, unknown>) =>
    show(
      ctx,
      outcome(
        formPostView,
        {
          action,
          fields: Object.entries(values).map(([name, value]) => ({ name, value: String(value) })),
          ...appOf(ctx),
        },
        // It goes on by itself, and what it carries is carried once.
        { formAction: formActionFor(action), keepsLanguage: true },
      ),
    );

  return {
    async renderError(ctx, out, error) {
      const elsewhere = await wayOn(ctx, out, error);

      if (elsewhere !== undefined) return redirect(ctx, elsewhere);

      await pages.fail(exchangeOf(ctx), { ...failureOf(out, ctx.status), ...clientOf(ctx) });
    },

    async logoutSource(ctx) {
      const { session } = ctx.oidc;
      if (session?.accountId === undefined) throw new TypeError('nobody is signed in');

      // The app has shown that it means this very person: it need not ask (RP-Initiated Logout 1.0 section 2).
      if (await isOwnHint(ctx)) {
        const target = afterSignOut(ctx);

        await deps.signOut.end(exchangeOf(ctx), session);
        sessionCookie(ctx.oidc.provider, config).clear(ctx.oidc.provider.createContext(ctx.req, ctx.res));

        return redirect(ctx, target);
      }

      const account = await records.accounts.get(session.accountId);
      const { secret, postLogoutRedirectUri } = stateOf(ctx);

      await show(
        ctx,
        outcome(
          signOutView,
          {
            ...appOf(ctx),
            email: account?.email ?? '',
            action: new URL(ctx.oidc.urlFor('end_session_confirm')).pathname,
            xsrf: secret ?? '',
          },
          { formAction: formActionFor(postLogoutRedirectUri) },
        ),
      );
    },

    async postLogoutSuccessSource(ctx) {
      const session = await ctx.oidc.provider.Session.get(ctx as never);

      const stayed = session.accountId !== undefined;
      const view = stayed ? { ...signedOutView, title: 'protocol.stayedTitle' as const } : signedOutView;

      await show(ctx, outcome(view, { ...appOf(ctx), stayed }, { reopens: true }));
    },

    formPost: showFormPost,

    async middleware(ctx, next) {
      await next();

      // Absent where no route of the library answered.
      switch ((ctx.oidc as KoaContextWithOIDC['oidc'] | undefined)?.route) {
        case 'end_session':
          // Nobody is signed in, so there is nothing to ask.
          if (isStockPage(ctx)) redirect(ctx, afterSignOut(ctx));
          break;

        case 'resume':
          // Another account signed in, in another tab, between our answer and this: the old one is signed out first.
          if (isStockPage(ctx)) {
            const { secret } = stateOf(ctx);
            await showFormPost(ctx, ctx.oidc.urlFor('end_session_confirm'), { xsrf: secret, logout: 'yes' });
          }
          break;

        case 'end_session_confirm':
          if (ctx.status === 303) await signedOut(ctx);
          break;

        default:
      }
    },
  };

  /** After the library has ended the session: what it leaves to us. */
  async function signedOut(ctx: KoaContextWithOIDC): Promise<void> {
    const { client, session } = ctx.oidc;
    const { clientId } = stateOf(ctx);
    const end = ctx.oidc.urlFor('end_session_success');

    // The page at the end offers the way back to the app.
    if (ctx.response.get('Location') === end && client !== undefined && clientId === client.clientId) {
      redirect(ctx, `${end}?client_id=${encodeURIComponent(clientId)}`);
    }

    if (ctx.oidc.params?.['logout'] !== undefined && session?.accountId !== undefined) {
      await deps.events.write('sign_out', {
        actor: session.accountId,
        account: session.accountId,
        clientId: client?.clientId,
        from: deps.originOf(ctx.req),
      });
    }
  }
}

/** Where a person can go on instead of reading an error. */
async function wayOn(ctx: KoaContextWithOIDC, out: ErrorOut, error: Error): Promise<string | undefined> {
  const { entities, provider, route } = ctx.oidc;

  if (route === 'resume' && error instanceof errors.SessionNotFound) {
    const uid = ctx.path.split('/').at(-1) ?? '';
    const step = (entities.Interaction as Interaction | undefined) ?? (await provider.Interaction.find(uid));

    // The step's own page knows what is the matter: expired, finished, or begun elsewhere.
    return step === undefined ? `/sign-in/${encodeURIComponent(uid)}` : interactionPath(step);
  }

  // A page that was left open while another one was opened, or the session ended: asked anew.
  if (route === 'end_session_confirm' && out.error === 'invalid_request') return ctx.oidc.urlFor('end_session');

  return undefined;
}

/** What the library says about an error is for developers and stands in the log; it may repeat what was sent (S17). */
function failureOf(out: ErrorOut, status: number): ShownFailure {
  if (status === 503) return { status, code: 'unavailable' };
  if (out.error === 'server_error' || status >= 500) return { status, code: 'unexpected' };

  const failure = { status, code: out.error };

  switch (out.error) {
    case 'invalid_client':
      return { ...failure, title: 'protocol.clientTitle', advice: 'protocol.clientAdvice' };
    case 'invalid_redirect_uri':
      return { ...failure, title: 'protocol.redirectTitle', advice: 'protocol.redirectAdvice' };
    default:
      return failure;
  }
}

function clientOf(ctx: KoaContextWithOIDC): Pick<ShownFailure, 'client'> {
  const { app } = appOf(ctx);
  return app === undefined ? {} : { client: app };
}

function appOf({ oidc }: KoaContextWithOIDC): { app?: AppShown } {
  const { client } = oidc;
  if (client === undefined) return {};

  const metadata = client.metadata() as unknown as ClientMetadata;
  const face = clientFace({ id: client.clientId, metadata });
  const uri = wayBack(metadata);

  return { app: { name: face.name, ...(uri === undefined ? {} : { uri }) } };
}

interface LogoutState {
  secret?: string;
  clientId?: string;
  postLogoutRedirectUri?: string;
  state?: string;
}

function stateOf({ oidc }: KoaContextWithOIDC): LogoutState {
  return (oidc.session?.state ?? {}) as LogoutState;
}

/** RP-Initiated Logout 1.0 section 3; the address was compared with the registered ones before. */
function afterSignOut(ctx: KoaContextWithOIDC): string {
  const { clientId, postLogoutRedirectUri, state } = stateOf(ctx);
  const url = new URL(postLogoutRedirectUri ?? ctx.oidc.urlFor('end_session_success'));

  if (postLogoutRedirectUri === undefined) {
    if (clientId !== undefined) url.searchParams.set('client_id', clientId);
  } else if (state !== undefined) {
    url.searchParams.set('state', state);
  }

  return url.href;
}

/** The library's one page with a script inside; it has no setting for it. */
function isStockPage(ctx: KoaContextWithOIDC): boolean {
  return typeof ctx.body === 'string' && ctx.body.includes('<title>Submitting Callback</title>');
}

function redirect(ctx: KoaContextWithOIDC, url: string): void {
  ctx.status = 303;
  ctx.redirect(url);
}

function exchangeOf(ctx: KoaContextWithOIDC): Exchange {
  return { request: ctx.req, response: ctx.res };
}

function outcome<T extends object>(view: View<T>, data: NoInfer<T>, frame: Frame = {}): Outcome {
  return { kind: 'show', view, data, frame };
}
