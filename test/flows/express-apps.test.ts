import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../support/app.ts';
import type { Page } from '../support/browser.ts';
import { tickAll } from '../support/relying-party.ts';
import { loadPackage, openRoamer, startExpress, type Express, type Handler } from './express.ts';

/** Apps that exist: two libraries for express, as their own documentation sets them up. */
describe('an app on express', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const answerOf = (page: Page) => JSON.parse(page.html) as Record<string, unknown>;

  test('with passport-openidconnect, which sends no PKCE: signs in and out', async () => {
    const ana = await app.account();
    const { client, secret } = await app.client('web', {
      redirect_uris: ['http://localhost:1/placeholder'],
      token_endpoint_auth_method: 'client_secret_post',
      require_pkce: false,
      first_party: true,
    });
    await using shop = await startExpress(async (server, url) => {
      const redirects = { redirect_uris: [`${url}/oauth2/redirect`] };
      await app.services.clients.update(client.id, { ...client.metadata, ...redirects }, { actor: 'command-line' });
      usePassport(server, { url, issuer: app.url, clientID: client.id, clientSecret: secret ?? '' });
    });
    const browser = openRoamer(app.url);

    expect(answerOf(await browser.visit(shop.url))).toEqual({ user: null });
    const signIn = await browser.visit(`${shop.url}/login`);
    const home = await browser.submit(signIn, { email: ana.email, password: ana.password });

    expect(home.url).toBe(`${shop.url}/`);
    expect(answerOf(home)).toMatchObject({
      user: { id: ana.id, displayName: 'Ana Lind', emails: [{ value: ana.email }] },
    });

    await browser.visit(`${shop.url}/logout`);
    expect(answerOf(await browser.visit(shop.url))).toEqual({ user: null });

    // Only the app was left: the next sign-in asks for nothing.
    expect(answerOf(await browser.visit(`${shop.url}/login`))).toMatchObject({ user: { id: ana.id } });
  });

  test('with express-openid-connect, id_token by form_post: consent, signs in, and out at both', async () => {
    const ana = await app.account();
    const { client } = await app.client('web', {
      client_name: 'Desk',
      redirect_uris: ['http://localhost:1/placeholder'],
      response_types: ['id_token'],
      grant_types: ['implicit'],
      token_endpoint_auth_method: 'none',
    });
    await using desk = await startExpress(async (server, url) => {
      const addresses = { redirect_uris: [`${url}/callback`], post_logout_redirect_uris: [url] };
      await app.services.clients.update(client.id, { ...client.metadata, ...addresses }, { actor: 'command-line' });
      useOpenidConnect(server, { baseURL: url, issuerBaseURL: app.url, clientID: client.id });
    });
    const browser = openRoamer(app.url);

    const signIn = await browser.visit(desk.url);
    const consent = await browser.submit(signIn, { email: ana.email, password: ana.password });
    expect(consent.words).toContain('Allow Desk to use your account?');
    const back = await browser.submit(consent, tickAll(consent), { button: 'Allow' });
    const home = await browser.submit(back, {}, { form: '/callback' });

    expect(home.url).toBe(`${desk.url}/`);
    expect(answerOf(home)).toMatchObject({ user: { sub: ana.id, name: 'Ana Lind', email: ana.email } });

    const left = await browser.visit(`${desk.url}/logout`);
    expect(new URL(left.url).origin).toBe(app.url);
    expect(left.title).toContain('Sign in');
  });
});

interface PassportClient {
  url: string;
  issuer: string;
  clientID: string;
  clientSecret: string;
}

/** The example of the library's README, with what it leaves to the app: a session and pages. */
function usePassport(server: Express, { url, issuer, ...client }: PassportClient): void {
  const passport = loadPackage<Passport>('passport');
  const Strategy = loadPackage<new (options: object, verify: Verify) => object>('passport-openidconnect');
  const session = loadPackage<(options: object) => Handler>('express-session');

  passport.use(
    new Strategy(
      {
        ...client,
        issuer,
        authorizationURL: `${issuer}/oauth/authorize`,
        tokenURL: `${issuer}/oauth/token`,
        userInfoURL: `${issuer}/oauth/userinfo`,
        callbackURL: `${url}/oauth2/redirect`,
        scope: ['profile', 'email'],
        skipUserProfile: false,
      },
      (_issuer, profile, done) => done(null, profile),
    ),
  );
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user, done) => done(null, user));

  server.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false }));
  server.use(passport.authenticate('session'));
  server.get('/login', passport.authenticate('openidconnect'));
  server.get(
    '/oauth2/redirect',
    passport.authenticate('openidconnect', { failureRedirect: '/login', failureMessage: true }),
    (_request, response) => response.redirect('/'),
  );
  server.get('/logout', (request, response, next) =>
    request.logout((error) => (error ? next(error) : response.redirect('/'))),
  );
  server.get('/', (request, response) => response.json({ user: request.user ?? null }));
}

type Done = (error: unknown, value?: unknown) => void;
type Verify = (issuer: string, profile: object, done: Done) => void;

interface Passport {
  use(strategy: object): void;
  serializeUser(keep: (user: unknown, done: Done) => void): void;
  deserializeUser(find: (user: unknown, done: Done) => void): void;
  authenticate(name: string, options?: object): Handler;
}

/** Every default of the library, but signing out at the issuer as well. */
function useOpenidConnect(server: Express, client: { baseURL: string; issuerBaseURL: string; clientID: string }): void {
  const { auth } = loadPackage<{ auth(options: object): Handler }>('express-openid-connect');

  server.use(auth({ ...client, secret: 'a secret for the cookies of this app', idpLogout: true }));
  server.get('/', (request, response) => response.json({ user: request.oidc?.user }));
}
