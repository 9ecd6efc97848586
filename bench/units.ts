import { openBrowser, type Browser } from './browser.ts';
import { caller, type Operation } from './load.ts';
import { discoveryPath, draw, expectOk, need, openRelyingParty, post, type Wish } from './relying-party.ts';
import { apis, apiScope, type Algorithm, type Credentials, type Target } from './target.ts';

/** What one operation of each unit is, the same for every server under test; every answer is checked. It measures nothing. */
export interface Units {
  /** One client-credentials grant with a signed access token; the client is drawn anew each time. */
  cc(algorithm: Algorithm, clients?: readonly Credentials[]): Operation;
  /** From a cold cookie jar to a checked ID token, as a person drawn at random. */
  login(algorithm: Algorithm): Operation;
  /** A silent authorization request in a live session: to the code. */
  sso(): Operation;
  /** A rotation, with a new ID token. */
  refresh(algorithm: Algorithm): Operation;
  /** A person's token for an API, asked about by a client that it was not given to. */
  introspect(): Promise<Operation>;
  userinfo(): Promise<Operation>;
  discovery(): Operation;
  keySet(): Operation;
  /** HTTP requests of the latest login. */
  loginRequests(): number;
}

const profileScope = 'openid profile email';

export async function unitsOn(target: Target): Promise<Units> {
  const { issuer, clients } = target;
  const app = await openRelyingParty(target);
  let loginRequests = 0;

  async function accessToken(wish: Wish): Promise<string> {
    using on = caller(0);
    const tokens = await app.signIn(on, wish);

    return tokens.access_token;
  }

  return {
    loginRequests: () => loginRequests,

    cc(algorithm, drawn = [clients.machine]) {
      const form = { grant_type: 'client_credentials', resource: apis[algorithm], scope: apiScope };
      const checked = new Set<number>();

      return async (on) => {
        const { access_token: token } = await app.tokens(on, draw(drawn), form);

        // Checking every signature would take this machine's cores from the server: each caller's first stands for all.
        if (checked.has(on.index)) return need(token.length > 300, 'a signed access token');

        app.checkToken(token, { algorithm, issuer, audience: apis[algorithm] });
        checked.add(on.index);
      };
    },

    login(algorithm) {
      const client = clients[algorithm];

      return async (on) => {
        const visitor = openBrowser();
        const tokens = await app.signIn(on, { client, scope: profileScope }, visitor);

        app.checkIdToken(tokens, { algorithm, client, nonce: tokens.nonce });
        loginRequests = visitor.requests + 1;
      };
    },

    sso() {
      const wish = { client: clients.RS256, scope: profileScope };
      const signedIn = new Map<number, Browser>();

      return async (on) => {
        const visitor = signedIn.get(on.index);

        if (visitor) {
          await app.silently(on, wish, visitor);
        } else {
          const fresh = openBrowser();
          await app.signIn(on, wish, fresh);
          signedIn.set(on.index, fresh);
        }
      };
    },

    refresh(algorithm) {
      const client = clients[algorithm];
      const first = { client, scope: `${profileScope} offline_access`, prompt: 'consent' };
      const latest = new Map<number, string>();

      return async (on) => {
        const before = latest.get(on.index);
        const tokens =
          before === undefined
            ? await app.signIn(on, first)
            : await app.tokens(on, client, { grant_type: 'refresh_token', refresh_token: before });
        const { refresh_token: after } = tokens;

        if (after === undefined || after === before) throw new Error('no new refresh token');

        app.checkIdToken(tokens, { algorithm, client });
        latest.set(on.index, after);
      };
    },

    async introspect() {
      const wish = { client: clients.RS256, scope: `openid ${apiScope}`, resource: apis.opaque };
      const token = await accessToken(wish);

      return async (on) => {
        const answer = await post(on, app.endpoints.introspection_endpoint, {
          client: clients.inspector,
          form: { token },
        });
        const { active, aud } = JSON.parse(answer.body) as { active: boolean; aud?: string };

        need(active && aud === apis.opaque, 'an active token for the API');
      };
    },

    async userinfo() {
      const token = await accessToken({ client: clients.RS256, scope: profileScope });
      const headers = { authorization: `Bearer ${token}` };

      return async (on) => {
        const answer = expectOk(await on.send(app.endpoints.userinfo_endpoint, { headers }));
        const { sub, email } = JSON.parse(answer.body) as { sub?: string; email?: string };

        need(sub !== undefined && email !== undefined, 'the claims of profile and email');
      };
    },

    discovery: () => reading(`${issuer}${discoveryPath}`, '"token_endpoint"'),
    keySet: () => reading(app.endpoints.jwks_uri, '"keys"'),
  };
}

function reading(url: string, part: string): Operation {
  return async (on) => need(expectOk(await on.send(url)).body.includes(part), part);
}
