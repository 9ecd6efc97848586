import type { Page } from '../support/browser.ts';
import type { Front } from '../support/front.ts';
import { relyingParty, walkThrough, type RelyingParty } from '../support/relying-party.ts';

/**
 * What people and apps ask of Gatehouse, of every kind and at a steady pace, whatever comes of it: a request that is
 * slow delays no other. An answer that is not the one that the request should get counts as failed, a connection that
 * fails as well.
 */
export interface Traffic {
  start(perSecond: number): Running;
}

export interface Running {
  /** Settles when every request that was sent is answered. */
  stop(): Promise<Totals>;
}

export interface Totals {
  requests: number;
  /** One line each. */
  failed: string[];
  /** Milliseconds. */
  slowest: number;
}

type Answer = Pick<Response, 'status' | 'text'>;

export interface Kind {
  name: string;
  status: number;
  /** Answers undefined when there is nothing to ask at this moment. */
  send: () => Promise<Answer> | undefined;
}

const stock = 'https://stock.example.com';
const callback = 'https://wiki.example.net/cb';

/** For the nodes: an API that machines get tokens for, and limits that one address does not reach. */
export const trafficEnv = {
  GATEHOUSE_RESOURCES: `[{identifier: ${stock}, name: Stock, format: opaque, scopes: [{name: 'stock:read'}]}]`,
  GATEHOUSE_LIMITS_REQUESTS_AUTHORIZATIONS: '1000000',
  GATEHOUSE_LIMITS_REQUESTS_SIGN_INS: '1000000',
};

export async function openTraffic(front: Front, { families = 8 } = {}): Promise<Traffic> {
  const kinds = await prepare(front, families);

  return {
    start(perSecond) {
      const totals: Totals = { requests: 0, failed: [], slowest: 0 };
      const under_way = new Set<Promise<void>>();
      const began = performance.now();

      async function one({ name, status, send }: Kind): Promise<void> {
        const answer = send();
        if (answer === undefined) return;

        const sent = performance.now();
        totals.requests += 1;

        try {
          const got = await answer;
          await got.text();
          if (got.status !== status) totals.failed.push(`${at(sent)} ${name}: ${got.status}`);
        } catch (error) {
          totals.failed.push(`${at(sent)} ${name}: ${reasonOf(error)}`);
        }

        totals.slowest = Math.max(totals.slowest, performance.now() - sent);
      }

      const at = (when: number): string => `${((when - began) / 1000).toFixed(2)} s`;
      let ticks = 0;

      // As many as should have been sent by now, also when a timer came late.
      const timer = setInterval(() => {
        for (const due = ((performance.now() - began) / 1000) * perSecond; ticks < due; ticks += 1) {
          const running = one(kinds[ticks % kinds.length] as Kind).finally(() => under_way.delete(running));
          under_way.add(running);
        }
      }, 1000 / perSecond);

      return {
        async stop() {
          clearInterval(timer);
          await Promise.all(under_way);

          return totals;
        },
      };
    },
  };
}

function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };

  return String(cause ?? error);
}

async function prepare(front: Front, families: number): Promise<Kind[]> {
  const ana = await front.account();
  const wiki = await front.client('web', {
    redirect_uris: [callback],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid profile email offline_access',
    first_party: true,
  });
  const machine = await front.client('machine', { resources: [stock], scope: 'stock:read' });
  const party = await relyingParty(front, wiki, { fetch: front.fetch });
  const post = (path: string, { client, secret = '' }: typeof wiki, fields: Record<string, string>) =>
    front.fetch(`${front.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${client.id}:${secret}`)}` },
      body: new URLSearchParams(fields),
    });

  const machineToken = (await (
    await post('/oauth/token', machine, { grant_type: 'client_credentials', resource: stock })
  ).json()) as { access_token: string };

  const access = (await signIn(front, party, ana)).access_token;
  const free: string[] = [];
  for (let n = 0; n < families; n += 1) free.push((await signIn(front, party, ana)).refresh_token ?? '');

  /** One refresh of a family at a time. */
  async function refresh(token: string): Promise<Response> {
    const answer = await post('/oauth/token', wiki, { grant_type: 'refresh_token', refresh_token: token });
    if (answer.status === 200) free.push(((await answer.clone().json()) as { refresh_token: string }).refresh_token);

    return answer;
  }

  const get = (path: string, headers: Record<string, string> = {}) =>
    front.fetch(`${front.url}${path}`, { headers, redirect: 'manual' });

  const discovery: Kind = { name: 'discovery', status: 200, send: () => get('/.well-known/openid-configuration') };
  const page: Kind = { name: 'page', status: 303, send: () => get('/account', { accept: 'text/html' }) };
  const userinfo: Kind = {
    name: 'userinfo',
    status: 200,
    send: () => get('/oauth/userinfo', { authorization: `Bearer ${access}` }),
  };
  const introspection: Kind = {
    name: 'introspection',
    status: 200,
    send: () => post('/oauth/introspect', machine, { token: machineToken.access_token }),
  };
  const credentials: Kind = {
    name: 'client credentials',
    status: 200,
    send: () => post('/oauth/token', machine, { grant_type: 'client_credentials', resource: stock }),
  };
  const refreshing: Kind = {
    name: 'refresh',
    status: 200,
    send: () => {
      const token = free.shift();

      return token === undefined ? undefined : refresh(token);
    },
  };

  const forms = await prepareForms(front);
  const most = [discovery, introspection, userinfo, refreshing, page, introspection, credentials, userinfo];

  // A sign-in costs more than all the others together.
  return [...most, forms.save, ...most, forms.signIn, ...most, forms.save, ...most];
}

/** Forms that people send: what a proxy may not ask of another node when the first has not answered. */
async function prepareForms(front: Front): Promise<{ signIn: Kind; save: Kind }> {
  const { email, password } = await front.account();
  const known = front.browser();
  const arrived = await known.submit(await known.open('/account'), { email, password });
  if (arrived.status !== 200) throw new Error(`the account page was answered ${arrived.status}`);

  const profile = await known.open('/account/personal-information');
  let saves = 0;
  let saving = false;

  async function save(): Promise<Answer> {
    saving = true;
    saves += 1;

    try {
      return answerOf(await known.submit(profile, { displayName: `Bob ${saves}` }, { follow: false }));
    } finally {
      saving = false;
    }
  }

  /** The page is shown first: a failure of that fails the sign-in, too. */
  async function signIn(): Promise<Answer> {
    const browser = front.browser();
    const page = await browser.open('/account');

    return answerOf(await browser.submit(page, { email, password }, { follow: false }));
  }

  return {
    signIn: { name: 'sign-in', status: 303, send: signIn },
    // One at a time, as one browser does.
    save: { name: 'profile saved', status: 303, send: () => (saving ? undefined : save()) },
  };
}

const answerOf = ({ status, html }: Page): Answer => ({ status, text: async () => html });

/** The whole way in a new browser. */
async function signIn(front: Front, party: RelyingParty, person: { email: string; password: string }) {
  const browser = front.browser();
  const departure = await party.request({ scope: 'openid profile email offline_access' });
  const arrivedAt = await walkThrough(browser, await browser.open(departure.url.href), person);

  return party.redeem(departure, arrivedAt);
}
