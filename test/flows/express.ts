import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

import { openBrowser, type Browser, type Page } from '../support/browser.ts';

/** Apps on express as their makers write them: real middleware, real cookies, on a free port of this computer. */
export interface ExpressApp extends AsyncDisposable {
  url: string;
}

/** As much of express as these apps use. */
export interface Express {
  (request: IncomingMessage, response: unknown): void;
  use(...handlers: Handler[]): void;
  get(path: string, ...handlers: Handler[]): void;
}

export type Handler = (request: ExpressRequest, response: ExpressResponse, next: (error?: unknown) => void) => unknown;

export interface ExpressRequest extends IncomingMessage {
  user?: unknown;
  oidc?: { user?: Record<string, unknown>; isAuthenticated(): boolean };
  logout(done: (error?: unknown) => void): void;
}

export interface ExpressResponse {
  json(body: unknown): void;
  redirect(address: string): void;
}

const load = createRequire(import.meta.url);

/** CommonJS packages, which ship no types or types of another express. */
export function loadPackage<T>(name: string): T {
  return load(name) as T;
}

/** `build` gets the address before anything listens, because apps say their own address to the issuer. */
export async function startExpress(build: (app: Express, url: string) => Promise<void> | void): Promise<ExpressApp> {
  const app = loadPackage<() => Express>('express')();
  const server = createServer(app);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  await build(app, url);

  return {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** A browser that goes wherever it is sent on this computer, with one jar of cookies for both. */
export interface Roamer {
  visit(address: string): Promise<Page>;
  /** As `Browser.submit`, then goes where it is sent. */
  submit(...what: Parameters<Browser['submit']>): Promise<Page>;
}

export function openRoamer(origin: string): Roamer {
  const browser = openBrowser(origin);

  async function follow(page: Page): Promise<Page> {
    let at = page;

    for (let count = 0; at.location !== undefined; count += 1) {
      if (count === 20) throw new Error(`redirected 20 times, last to ${at.location}`);

      at = await browser.get(at.location);
    }

    return at;
  }

  return {
    visit: async (address) => follow(await browser.get(address)),
    submit: async (page, fields, options) => follow(await browser.submit(page, fields, { ...options, follow: false })),
  };
}
