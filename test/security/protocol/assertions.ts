import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';

import type { Ground, Party, Answer } from './ground.ts';

/** Client assertions (RFC 7523) by hand: every part can be wrong. */
export interface Signer {
  kid: string;
  privateKey: KeyObject;
  /** As it stands in the client's `jwks`. */
  jwk: Record<string, string>;
  /** What an attacker takes for a shared secret (S32). */
  pem: string;
}

export function newSigner(kid = 'key-1'): Signer {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicKey = createPublicKey(privateKey);
  const jwk = publicKey.export({ format: 'jwk' }) as Record<string, string>;

  return {
    kid,
    privateKey,
    jwk: { ...jwk, kid, use: 'sig' },
    pem: String(publicKey.export({ type: 'spki', format: 'pem' })),
  };
}

export interface Assertion {
  header?: Record<string, unknown>;
  /** Undefined takes a claim out. */
  claims?: Record<string, unknown>;
}

/** A signed JWT; claims and header are what a good one has, but for what is given. */
export function assertion(
  ground: Ground,
  clientId: string,
  signer: Signer,
  { header, claims }: Assertion = {},
): string {
  const now = Math.floor(Date.now() / 1000);
  const body = { iss: clientId, sub: clientId, aud: ground.app.url, jti: randomUUID(), iat: now, exp: now + 60 };
  const input = unsigned({ alg: 'RS256', kid: signer.kid, ...header }, { ...body, ...claims });

  return `${input}.${sign('sha256', Buffer.from(input), signer.privateKey).toString('base64url')}`;
}

export function signedWithSecret(header: object, claims: object, secret: string): string {
  const input = unsigned(header, claims);

  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

export function unsigned(header: object, claims: object): string {
  return [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
}

export function claimsIn(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

export async function assertingParty(
  ground: Ground,
  signer: Signer,
  more: Record<string, unknown> = {},
): Promise<Party> {
  return ground.party('machine', {
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [signer.jwk] },
    ...more,
  });
}

/** Asks for a token of the client's own. */
export function present(ground: Ground, token: string, more: Record<string, string> = {}): Promise<Answer> {
  return ground.post('/oauth/token', {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: token,
    ...more,
  });
}
