import { Agent, request as send } from 'node:http';
import { json } from 'node:stream/consumers';
import type { JsonWebKey } from 'node:crypto';

import { startNodes, type Nodes } from '../support/nodes.ts';
import { relyingParty } from '../support/relying-party.ts';
import type { Pair } from '../support/storage.ts';
import { createVerifier, keyOf } from './verifier.ts';

/**
 * F17: signing keys rotate while two nodes issue tokens. Hours go by on the settable clock: each node looks at the
 * schedule every 3 s of it, at times of its own. Every token is verified twice, when it was issued and at the very end
 * of its life, each time by a relying party that keeps the key set for ten minutes.
 */
export interface RotationOptions {
  /** One each hour and a half. */
  rotations: number;
  /** How long all of it lasts, in milliseconds; unset: until the last rotation is over. */
  lasts?: number;
  /** At least so many, evenly over all the time. */
  tokens: number;
  /** Milliseconds from one round of tokens to the next; 90 s unless told otherwise. */
  step?: number;
  pair?: Pair;
  /** The configuration of the nodes beside that of the APIs. */
  env?: Record<string, string>;
  told?: (line: string) => void;
}

export interface RotationResult {
  tokens: number;
  verifications: number;
  /** Keys that signed. */
  signers: number;
  /** One line each. */
  failed: string[];
}

const apis = [
  { identifier: 'https://orders.example.com', alg: 'ES256' },
  { identifier: 'https://payroll.example.com', alg: 'RS256' },
];
const config = `resources:\n${apis
  .map(
    ({ identifier, alg }) => `  - identifier: ${identifier}
    name: API
    signing_algorithm: ${alg}
    access_token: 30m
    scopes: [{name: read}]`,
  )
  .join('\n')}\ntokens: {id_token: 30m}\n`;

const second = 1000;
/** Of the access tokens as of the ID tokens here. */
const life = 1800 * second;
/** From one rotation to the next: 20 minutes wait for the new key, then the old one's last token ends. */
const period = 5400 * second;
const checkEvery = 3 * second;

export async function rotateUnderLoad(options: RotationOptions): Promise<RotationResult> {
  const {
    rotations,
    lasts = rotations * period,
    tokens,
    step = 90 * second,
    pair = 'sqlite',
    env = {},
    told = () => undefined,
  } = options;
  await using nodes = await startNodes({ config, pair, env });
  const issue = await issuers(nodes);
  const verifiers = nodes.all.map(() => createVerifier(() => fetchKeys(nodes), nodes.clock));
  const result: RotationResult = { tokens: 0, verifications: 0, signers: 0, failed: [] };
  const signers = new Set<string>();
  const issued: { tokens: string[]; until: number }[] = [];

  const steps = lasts / step;
  const eachTime = Math.max(1, Math.ceil(tokens / steps / issue.length));

  async function check(token: string, when: string): Promise<void> {
    const refused = await verifiers[result.verifications % verifiers.length]?.refuse(token);
    result.verifications += 1;
    if (refused !== undefined) result.failed.push(`${when}: ${refused}`);
  }

  for (let at = 0; at < steps; at += 1) {
    // Everybody has just fetched the key set when a key comes into it.
    if ((at * step) % period === step) {
      await nodes.first.services.signingKeys.rotate({ actor: 'command-line' });
      told(`${result.tokens} tokens, ${result.failed.length} failed; rotation ${Math.ceil((at * step) / period)}`);
    }

    const end = nodes.clock.now() + step;

    while ((issued[0]?.until ?? Infinity) < end) {
      const { tokens: over, until } = issued.shift() ?? { tokens: [], until: 0 };
      await passTime(nodes, until);
      for (const token of over) await check(token, 'at its end');
    }

    await passTime(nodes, end);
    for (const { services } of nodes.all) await services.signingKeys.keep();

    const round: string[] = [];

    for (let count = 0; count < eachTime; count += 1) {
      for (const ask of issue) {
        const token = await ask();
        round.push(token);
        signers.add(keyOf(token));
        await check(token, 'when it was issued');
      }
    }

    result.tokens += round.length;
    issued.push({ tokens: round, until: nodes.clock.now() + life });
  }

  return { ...result, signers: signers.size };
}

/** Each node looks at the schedule when its own three seconds are over, one node halfway between the looks of the other. */
async function passTime({ all, clock }: Nodes, end: number): Promise<void> {
  const looks = all
    .map(({ oidc }, place) => {
      const phase = (place * checkEvery) / all.length;

      return { oidc, at: Math.floor((end - phase) / checkEvery) * checkEvery + phase };
    })
    .filter(({ at }) => at > clock.now())
    .toSorted((a, b) => a.at - b.at);

  for (const { oidc, at } of looks) {
    clock.advance(Math.max(0, at - clock.now()));
    await oidc.checkKeys();
  }

  clock.advance(Math.max(0, end - clock.now()));
}

async function fetchKeys(nodes: Nodes): Promise<readonly JsonWebKey[]> {
  const { keys } = (await (await fetch(`${nodes.url}/oauth/jwks`)).json()) as { keys: JsonWebKey[] };

  return keys;
}

type Issue = () => Promise<string>;

/** On each node: an access token for each API, and an ID token for each algorithm. */
async function issuers(nodes: Nodes): Promise<Issue[]> {
  const agent = new Agent({ keepAlive: true });
  const { client, secret = '' } = await nodes.client('machine', {
    token_endpoint_auth_method: 'client_secret_post',
    resources: apis.map(({ identifier }) => identifier),
  });
  const machine = { client_id: client.id, client_secret: secret, grant_type: 'client_credentials', scope: 'read' };
  const ana = await nodes.account();

  const post = async (port: number, fields: Record<string, string>) => {
    const { promise, resolve, reject } = Promise.withResolvers<Record<string, string>>();
    const request = send(
      {
        agent,
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/oauth/token',
        headers: { host: new URL(nodes.url).host, 'content-type': 'application/x-www-form-urlencoded' },
      },
      (response) => void json(response).then((body) => resolve(body as Record<string, string>), reject),
    );
    request.on('error', reject).end(new URLSearchParams(fields).toString());

    return promise;
  };

  const forApis = nodes.balancer.ports.flatMap((port) =>
    apis.map(
      ({ identifier }): Issue =>
        async () =>
          (await post(port, { ...machine, resource: identifier }))['access_token'] ?? '',
    ),
  );

  const forPeople = await Promise.all(
    nodes.balancer.ports.map(async (port, place): Promise<Issue> => {
      const registered = await nodes.client('web', {
        redirect_uris: ['https://wiki.example.net/cb'],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_post',
        id_token_signed_response_alg: place % 2 === 0 ? 'RS256' : 'ES256',
        scope: 'openid offline_access',
        first_party: true,
      });
      const party = await relyingParty(nodes, registered);
      let { refresh_token: token = '' } = (await party.signIn(ana, { request: { scope: 'openid offline_access' } }))
        .tokens;

      return async () => {
        const answer = await post(port, {
          client_id: registered.client.id,
          client_secret: registered.secret ?? '',
          grant_type: 'refresh_token',
          refresh_token: token,
        });
        token = answer['refresh_token'] ?? '';

        return answer['id_token'] ?? '';
      };
    }),
  );

  return [...forApis, ...forPeople];
}
