/** What a client holds, or has lost. */
export interface ClientHoldings {
  /** Accounts that it was given something by. */
  people: number;
  /** Browsers that are signed in to it. */
  sessions: number;
  grants: number;
  refreshTokens: number;
  /**
   * Milliseconds: until then an access token that nobody can call back (a JWT, RFC 9068) may still be out. Those that it
   * got for itself leave no trace: then it is when the last of them is over at the latest.
   */
  accessTokensUntil?: number;
}

/** Everything that a client was given was ended: to be shown again later. */
export interface ClientReceipt extends ClientHoldings {
  id: string;
  clientId: string;
  /** As it was called then. */
  name: string;
  /** Who did it, as events have it. */
  actor: string;
  /** Milliseconds. */
  at: number;
  /** Back-channel notices that were left for it (`LogoutNotice.receipt`). */
  notices: number;
  expiresAt: number;
}

/** How many of its notices have come how far. */
export type NoticeCounts = Record<'queued' | 'delivered' | 'failed' | 'dropped', number>;
