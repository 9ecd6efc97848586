import { createPublicKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto';

import type { Algorithm } from './target.ts';

/** Checks what a server signed, as a careful relying party would. */
export type Claims = Record<string, unknown>;

export interface Expected {
  algorithm: Algorithm;
  issuer: string;
  audience: string;
  nonce?: string;
}

export type CheckToken = (token: string, expected: Expected) => Claims;

export function tokenChecker(keySet: { keys: JsonWebKey[] }): CheckToken {
  const keys = new Map<string, KeyObject>(
    keySet.keys.map((jwk) => [String(jwk['kid']), createPublicKey({ key: jwk, format: 'jwk' })]),
  );

  return (token, { algorithm, issuer, audience, nonce }) => {
    const [head = '', body = '', signature = ''] = token.split('.');
    const header = decode(head);
    const claims = decode(body);
    const key = keys.get(String(header['kid']));

    if (header['alg'] !== algorithm) throw new Error(`signed with ${String(header['alg'])}, not with ${algorithm}`);
    if (key === undefined) throw new Error(`signed with a key that is not in the key set: ${String(header['kid'])}`);
    if (
      !verify('sha256', Buffer.from(`${head}.${body}`), forNode(key, algorithm), Buffer.from(signature, 'base64url'))
    ) {
      throw new Error('the signature is wrong');
    }
    if (claims['iss'] !== issuer) throw new Error(`issued by ${String(claims['iss'])}`);
    if (claims['aud'] !== audience) throw new Error(`made for ${String(claims['aud'])}`);
    if (nonce !== undefined && claims['nonce'] !== nonce) throw new Error('the nonce is another one');
    if (!(Number(claims['exp']) > Date.now() / 1000)) throw new Error('it is over');

    return claims;
  };
}

function decode(part: string): Claims {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Claims;
}

/** RFC 7518 section 3.4: an elliptic signature in a JWS is not DER. */
function forNode(key: KeyObject, algorithm: Algorithm) {
  return algorithm === 'ES256' ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : key;
}
