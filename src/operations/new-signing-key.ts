import { createHash, generateKeyPair } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { promisify } from 'node:util';

import type { Json } from '../domain/json.ts';
import { sealedAs, type SigningAlgorithm, type SigningKey } from '../domain/signing-key.ts';
import type { Sealing } from '../storage/sealing.ts';

const generate = promisify(generateKeyPair);

/** A new pair, made at `now`. RSA takes a few tenths of a second. */
export async function makeKey(
  alg: SigningAlgorithm,
  now: number,
  sealing: Pick<Sealing, 'seal'>,
): Promise<SigningKey & { sealed: string }> {
  const { publicKey, privateKey } =
    alg === 'RS256' ? await generate('rsa', { modulusLength: 2048 }) : await generate('ec', { namedCurve: 'P-256' });

  const publicJwk = publicKey.export({ format: 'jwk' });
  const id = thumbprint(publicJwk);

  return {
    id,
    alg,
    publicJwk: publicJwk as Record<string, Json>,
    sealed: sealing.seal(JSON.stringify(privateKey.export({ format: 'jwk' })), sealedAs(id)),
    createdAt: now,
  };
}

/** RFC 7638: the same key has the same name everywhere, and another key never has it. */
function thumbprint({ crv, e, kty, n, x, y }: JsonWebKey): string {
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };

  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}
