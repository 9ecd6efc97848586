import type { Json } from './json.ts';

export type SigningAlgorithm = 'RS256' | 'ES256';

/** A key that signs tokens. `id` is its `kid` (RFC 7517 section 4.5). */
export interface SigningKey {
  id: string;
  alg: SigningAlgorithm;
  publicJwk: Record<string, Json>;
  /** The private JWK, sealed by the operator's key. */
  sealed: string;
  state: 'next' | 'current' | 'retired';
  createdAt: number;
  /** Since when it signs, in milliseconds. */
  currentFrom?: number;
  /** Until when its public half stays published, in milliseconds. */
  publishedUntil?: number;
}
