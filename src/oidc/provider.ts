import type { IncomingMessage, ServerResponse } from 'node:http';

import type Provider from 'oidc-provider';

import type { OidcDeps } from './deps.ts';
import type { Interactions } from './interactions.ts';
import type { Revocation } from './revocation.ts';

/**
 * The protocol: OAuth 2.0 and OpenID Connect by way of oidc-provider, which no other room imports. This room owns its
 * settings, what it stores, its keys and its answers. It must not know how people prove who they are, nor how pages
 * look.
 */

export type { OidcDeps, Pages } from './deps.ts';

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
  revocation: Revocation;
  /** Takes over the signing keys as they are in the store now. */
  reloadKeys(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export declare function createOidc(deps: OidcDeps): Promise<Oidc>;
