import type { Json } from './json.ts';

/** What one device session (or one offline access) lets one client do. Removing it ends every token that came of it. */
export interface Grant {
  id: string;
  accountId: string;
  clientId: string;
  sessionUid?: string;
  /** Given to a device without a browser (RFC 8628): it hangs on no session. */
  device?: GrantedDevice;
  /** The protocol library's own document. */
  payload: Record<string, Json>;
  /** Hashes of the authorization and device codes that were redeemed, with the time in milliseconds; kept 10 minutes. */
  consumed: { hash: string; at: number }[];
  /** Milliseconds: when the last of its access tokens that nobody can call back (JWTs, RFC 9068) is over. */
  accessTokensUntil?: number;
  createdAt: number;
  lastUsedAt: number;
  expiresAt: number;
}

export interface GrantedDevice {
  /** Where it asked from. */
  ip: string;
  userAgent: string;
  /** What of what it asked for was allowed, as a token has it. */
  scope: string;
  /** Whether it gets refresh tokens. */
  refreshes: boolean;
  /** Seconds that the grant lives once the device has redeemed its code. */
  lasts: number;
  /** Seconds that an access token of it lives at most. */
  tokenLasts: number;
}

/** What a person allowed a client, whichever browser it was in. It outlives grants and is what Applications shows. */
export interface Consent {
  /** `consentId(accountId, clientId)` */
  id: string;
  accountId: string;
  clientId: string;
  scopes: string[];
  claims: string[];
  rejectedScopes: string[];
  rejectedClaims: string[];
  /** Scopes by resource indicator (RFC 8707). */
  resources: Record<string, string[]>;
  rejectedResources?: Record<string, string[]>;
  grantedAt: number;
  lastUsedAt: number;
}

export function consentId(accountId: string, clientId: string): string {
  return `${accountId} ${clientId}`;
}

/**
 * All rotations of one refresh token (RFC 9700 section 4.14.2) in one document, so that consuming a token and recording
 * its successor is a single conditional update. A token is the family's id (22 characters) followed by a secret.
 */
export interface RefreshFamily {
  id: string;
  grantId: string;
  accountId: string;
  clientId: string;
  sessionUid?: string;
  /** SHA-256 of the token that is valid now. */
  current: string;
  /** Hashes of the tokens before it, newest first, at most 20. */
  previous: string[];
  /** When `current` replaced `previous[0]`, in milliseconds; 0 for the first. */
  rotatedAt: number;
  payload: Record<string, Json>;
  /** As in `Grant`, of those that came of it since. */
  accessTokensUntil?: number;
  /** Where it was used from last: the app's own server, where it has one. */
  ip?: string;
  createdAt: number;
  lastUsedAt: number;
  /** Milliseconds: the sooner of the idle and the absolute limit. */
  expiresAt: number;
}
