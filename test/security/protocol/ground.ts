import { createHash, randomBytes } from 'node:crypto';
import { request, type IncomingHttpHeaders } from 'node:http';

import type { ClientKind, Registered } from '../../../src/operations/clients.ts';
import { startTestApp, type TestApp, type TestAppOptions } from '../../support/app.ts';
import { openBrowser, type Browser, type Page } from '../../support/browser.ts';
import { tickAll, type Person } from '../../support/relying-party.ts';

/**
 * What an attacker has: plain requests, every parameter in hand, and no library in between that would be too polite.
 *
 *     const ground = await openGround();
 *     const wiki = await ground.party('web', { first_party: true });
 *     const { code, verifier } = await wiki.code(ground.browser);
 *     const { status } = await wiki.redeem(code, { code_verifier: verifier });
 */
export interface Ground {
  app: TestApp;
  ana: Person & { id: string };
  /** Signed in as Ana. */
  browser: Browser;
  party(kind: ClientKind, metadata?: Record<string, unknown>): Promise<Party>;
  signedIn(person: Person): Promise<Browser>;
  /** A POST of a form, with no cookies; `fields` as text where a name has to come twice. */
  post(path: string, fields: Fields | string, headers?: Record<string, string>): Promise<Answer>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  userinfo(token: string): Promise<Answer>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A registered client, and what it would send. */
export interface Party {
  id: string;
  secret: string | undefined;
  redirectUri: string;
  registered: Registered;
  /** The address of an authorization request with PKCE, state and nonce; undefined takes a parameter out. */
  url(more?: Fields): string;
  /** Through the whole authorization request in a browser that is signed in, allowing everything. */
  code(browser: Browser, more?: Fields): Promise<Issued>;
  tokens(browser: Browser, more?: Fields): Promise<Tokens>;
  redeem(code: string, more?: Fields): Promise<Answer>;
  refresh(token: string, more?: Fields): Promise<Answer>;
  /** A POST with the client's own authentication. */
  post(path: string, fields: Fields): Promise<Answer>;
  introspect(token: string): Promise<Answer>;
  revoke(token: string): Promise<Answer>;
}

export type Fields = Readonly<Record<string, string | undefined>>;

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** What the text says where it is JSON. */
  body: Record<string, unknown>;
}

export interface Issued {
  code: string;
  state: string | null;
  iss: string | null;
}

export interface Tokens {
  access_token: string;
  refresh_token: string;
  id_token: string;
  scope: string;
}

/** One pair for all: what is tested is never that it is fresh. */
export const verifier = randomBytes(32).toString('base64url');
export const challenge = createHash('sha256').update(verifier).digest('base64url');

export async function openGround(options: TestAppOptions = {}): Promise<Ground> {
  return await groundOn(await startTestApp(options));
}

/** Of an app that runs already: of any of several nodes, what is asked goes to all of them. It ends with the ground. */
export async function groundOn(app: TestApp): Promise<Ground> {
  const ana = await app.account({ email: 'ana@example.com' });
  let parties = 0;

  const ground: Ground = {
    app,
    ana,
    browser: openBrowser(app.url),

    async party(kind, metadata = {}) {
      parties += 1;
      const wants = kind === 'machine' ? {} : { redirect_uris: [`https://app${parties}.example.com/cb`] };

      return partyOf(ground, await app.client(kind, { ...wants, ...metadata }));
    },

    async signedIn(person) {
      // A connection for each request, so that a restart cuts nothing off.
      const browser = openBrowser(app.url, { headers: { connection: 'close' } });
      const page = await browser.open('/account');
      await browser.submit(page, { email: person.email, password: person.password });

      return browser;
    },

    post: (path, fields, headers) => postForm(new URL(path, app.url), fields, headers),

    get: (path, headers = {}) => send(new URL(path, app.url), { headers }),
    userinfo: (token) => ground.get('/oauth/userinfo', { authorization: `Bearer ${token}` }),
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
    },
  };

  ground.browser = await ground.signedIn(ana);

  return ground;
}

/** `ground` is where it asks: the origin, and how a form is sent there. */
export function partyOf(ground: Pick<Ground, 'post'> & { app: { url: string } }, registered: Registered): Party {
  const { client, secret } = registered;
  const [redirectUri = ''] = client.metadata.redirect_uris ?? [];
  const method = client.metadata.token_endpoint_auth_method;

  const authentication = (): { fields: Fields; headers: Record<string, string> } => {
    if (method === 'client_secret_basic') return { fields: {}, headers: { authorization: basic(client.id, secret) } };

    return { fields: { client_id: client.id, client_secret: secret }, headers: {} };
  };

  const party: Party = {
    id: client.id,
    secret,
    redirectUri,
    registered,

    url: (more = {}) =>
      `${ground.app.url}/oauth/authorize?${form({
        client_id: client.id,
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: 'openid profile email offline_access',
        state: 'state-1',
        nonce: 'nonce-1',
        code_challenge: challenge,
        code_challenge_method: 'S256',
        ...more,
      })}`,

    async code(browser, more) {
      const arrived = new URL(await through(browser, party.url(more)));
      const answer = arrived.searchParams;
      const code = answer.get('code');
      if (code === null) throw new Error(`no code: ${arrived.search}`);

      return { code, state: answer.get('state'), iss: answer.get('iss') };
    },

    async tokens(browser, more) {
      const { code } = await party.code(browser, more);
      const answer = await party.redeem(code);
      if (answer.status !== 200) throw new Error(answer.text);

      return answer.body as unknown as Tokens;
    },

    redeem: (code, more = {}) =>
      party.post('/oauth/token', {
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
        ...more,
      }),

    refresh: (token, more = {}) =>
      party.post('/oauth/token', { grant_type: 'refresh_token', refresh_token: token, ...more }),

    post(path, fields) {
      const mine = authentication();

      return ground.post(path, { ...mine.fields, ...fields }, mine.headers);
    },

    introspect: (token) => party.post('/oauth/introspect', { token }),
    revoke: (token) => party.post('/oauth/revoke', { token }),
  };

  return party;
}

/** Allows what is asked until the browser leaves for the app; answers where it was sent. */
export async function through(browser: Browser, url: string): Promise<string> {
  const page = await browser.open(url);
  if (page.location !== undefined) return page.location;

  const after = await browser.submit(page, tickAll(page), { button: 'Allow' });
  if (after.location === undefined) throw new Error(`stuck at ${after.url} (${after.status}): ${after.words}`);

  return after.location;
}

/** The parameters of an answer at the redirect URI. */
export function answerAt(page: Page): Record<string, string> {
  if (page.location === undefined) throw new Error(`no redirect (${page.status}): ${page.words}`);

  return Object.fromEntries(new URL(page.location).searchParams);
}

export function basic(id: string, secret = ''): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;
}

export function form(fields: Fields): string {
  const given = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);

  return new URLSearchParams(given).toString();
}

interface Sent {
  method?: string;
  headers: Record<string, string>;
  body?: string;
}

export function postForm(url: URL, fields: Fields | string, headers: Record<string, string> = {}): Promise<Answer> {
  return send(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof fields === 'string' ? fields : form(fields),
  });
}

/** Each over a connection of its own: nothing waits for anything, and a restart cuts nothing off. */
function send(url: URL, { method = 'GET', headers, body }: Sent): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const outgoing = request(url, { method, headers, agent: false }, (response) => {
    const chunks: Buffer[] = [];

    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString();

      resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: jsonIn(text) });
    });
  });

  outgoing.on('error', reject);
  outgoing.end(body);

  return promise;
}

function jsonIn(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
