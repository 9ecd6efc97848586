import type { IncomingMessage, ServerResponse } from 'node:http';

import type Provider from 'oidc-provider';

import type { LogoutAnswer, LogoutNotice } from '../domain/logout-notice.ts';
import { createAdapter } from './adapter/index.ts';
import { createAnswers } from './answers.ts';
import { createFindAccount } from './claims.ts';
import { clientCheck, createClientChanges } from './client-changes.ts';
import { attachClients, type Clients } from './clients.ts';
import { createLoadExistingGrant } from './consent.ts';
import { createInteractionUrl } from './departure.ts';
import type { Inside, OidcDeps } from './deps.ts';
import type { Documents } from './documents.ts';
import { answerFrom, makeDocuments } from './documents.ts';
import { createErrorAnswers } from './error-answers.ts';
import type { Interactions } from './interactions.ts';
import { keyVersion, loadKeys } from './keys.ts';
import type { Keys } from './keys.ts';
import { attach } from './library.ts';
import { tellApp } from './logout-tokens.ts';
import { createOutbound } from './outbound.ts';
import { createPages } from './pages.ts';
import { tokenFor, type PresentedToken } from './presented.ts';
import { interactionPolicy } from './policy.ts';
import { listen } from './listening.ts';
import { providerAnswering } from './response-modes.ts';
import { providerSettings } from './settings.ts';
import { createSignOut } from './sign-out.ts';
import { createSteps } from './steps.ts';

/**
 * The protocol: OAuth 2.0 and OpenID Connect by way of oidc-provider, which no other room imports. This room owns its
 * settings, what it stores, its keys and its answers. It must not know how people prove who they are, nor how pages
 * look.
 */

export type { OidcDeps, Pages } from './deps.ts';
export type { PresentedToken } from './presented.ts';

export type Middleware = Provider['middleware'][number];

export interface Oidc {
  /**
   * Outermost of all but the host check and the fast answers: remembers what a request read, and writes what it wrote
   * before Koa answers. Without it, nothing below is lost, only slower.
   */
  scope: Middleware;
  /** The routes of the protocol; last of all. */
  middleware: Middleware;
  /** Answers discovery and the key set from prebuilt bodies; false: not asked for. The host was checked before. */
  fast(request: IncomingMessage, response: ServerResponse): boolean;
  interactions: Interactions;
  /** The opaque access token that is presented, if it is for this API. Throws Unavailable. */
  tokenFor(audience: string, presented: string): Promise<PresentedToken | undefined>;
  /** Tells an app that a session has ended. Throws Unavailable. */
  tellApp(notice: LogoutNotice): Promise<LogoutAnswer>;
  /** Takes over the signing keys where they have changed: what happens of itself every 3 s. */
  checkKeys(): Promise<void>;
  /** Looks whether clients were changed anywhere; it does so by itself every few seconds. */
  checkClients(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The same with the library itself, for this room alone. */
export interface OidcInside extends Oidc {
  /** The one in force. */
  provider(): Provider;
}

async function noteKey({ look, used }: OidcDeps['apiKeys'], presented: string): Promise<void> {
  const key = await look(presented);
  if (key) await used(key);
}

/**
 * How often the schedule of the keys is looked at, in milliseconds: whatever changed it, a write or the time, shows
 * within 5 s on every node.
 */
const keyCheck = 3_000;

/** What is replaced as a whole when the keys change. */
interface Running {
  provider: Provider;
  documents: Documents;
  version: string;
  clients: Clients;
}

export async function createOidc(deps: OidcDeps): Promise<OidcInside> {
  const { config, units, clock, onError } = deps;
  const outbound = createOutbound({ ...config.outbound, mode: config.mode });

  const inside: Inside = {
    ...deps,
    provider: () => running.provider,
    clientOf: (id) => running.clients.find(id),
  };
  const signOut = createSignOut(inside);
  const pages = createPages({ ...inside, signOut });
  const answers = createAnswers({ ...inside, pages });
  const OurProvider = providerAnswering(createErrorAnswers(inside, pages.formPost));

  async function run({ signing, published, version }: Keys): Promise<Running> {
    const settings = providerSettings({
      config,
      secrets: deps.secrets,
      cookieKeyUsed: deps.cookieKeyUsed,
      clock,
      signing,
      hooks: {
        ...pages,
        adapter: createAdapter(inside, units),
        keyAsked: (key) => noteKey(deps.apiKeys, key),
        fetch: outbound.fetch as typeof fetch,
        findAccount: createFindAccount(units),
        loadExistingGrant: createLoadExistingGrant({ units, clock }),
        interactions: {
          policy: interactionPolicy(clock, { create: config.registration.allowed }),
          url: createInteractionUrl(units),
        },
      },
    });

    const provider = new OurProvider(config.issuer, settings);
    // The web has replaced every forwarded header by what it found out.
    provider.proxy = true;

    const clients = attachClients(provider, { ...deps, changes });
    attach(provider, { units, notices: deps.logoutNotices });
    listen(provider, { ...deps, units });

    const documents = await makeDocuments(provider, (ctx) => answers.run(provider, ctx), published);

    return { provider, documents, version, clients };
  }

  const changes = createClientChanges(deps);
  await changes.look();

  let running = await run(await loadKeys(deps));

  async function checkKeys(): Promise<void> {
    if ((await keyVersion(deps)) !== running.version) running = await run(await loadKeys(deps));
  }

  const watches = [lookAgain(keyCheck, checkKeys), lookAgain(clientCheck, changes.look)];

  return {
    provider: inside.provider,
    scope: answers.scope,
    middleware: answers.middleware,
    fast: (request, response) => answerFrom(running.documents, request, response),
    interactions: createSteps({ ...inside, signOut }),
    tokenFor: (audience, presented) => tokenFor({ ...inside, audience }, presented),
    tellApp: (notice) => tellApp(running.provider, notice),
    checkKeys,
    checkClients: changes.look,

    async [Symbol.asyncDispose]() {
      for (const watch of watches) watch[Symbol.dispose]();
      await outbound[Symbol.asyncDispose]();
    },
  };

  function lookAgain(every: number, check: () => Promise<void>): Disposable {
    let failing = false;
    let checking = false;

    const timer = setInterval(() => {
      // An answer that took long must not take the place of a newer one.
      if (checking) return;
      checking = true;

      check()
        .then(
          () => {
            failing = false;
          },
          (error: unknown) => {
            // Once is enough: the store says so itself to everybody who asks.
            if (!failing) onError(error, undefined);
            failing = true;
          },
        )
        .finally(() => {
          checking = false;
        });
    }, every);

    timer.unref();

    return { [Symbol.dispose]: () => clearInterval(timer) };
  }
}
