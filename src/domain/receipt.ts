import type { EndedKey } from './api-key.ts';
import type { LogoutFailure } from './logout-notice.ts';

/** A device that was signed out: raw facts, which a page puts into words. */
export interface EndedSession {
  userAgent: string;
  ip: string;
  /** Milliseconds. */
  signedInAt?: number;
}

/** What one application has lost. */
export interface EndedApplication {
  clientId: string;
  /** As it was called then: it may be gone by the time that somebody reads of it. */
  name: string;
  grants: number;
  refreshTokens: number;
  /** Milliseconds: until then an access token that nobody can call back (a JWT, RFC 9068) may still be out. */
  accessTokensUntil?: number;
}

/** What an ending has ended. What was gone before is not in it. */
export interface Ended {
  sessions: EndedSession[];
  applications: EndedApplication[];
  /** Which clients hear of it (`LogoutNotice`), in the order in which they do. */
  notices: { id: string; clientId: string }[];
  /** API keys that were deleted with it. */
  keys?: EndedKey[];
}

/**
 * What was pressed: sign out one device, all others, end what goes on without a browser, remove an application's access,
 * "This wasn't me"; or an administrator has pressed something. Signing out a device and removing an application may have been asked for by a program.
 */
export type ReceiptReason = 'device' | 'other_devices' | 'access' | 'application' | 'disowned' | 'administrator';

/** What was ended, to be looked at again later. */
export interface Receipt {
  id: string;
  accountId: string;
  /** Milliseconds. */
  at: number;
  reason: ReceiptReason;
  /** `EndedSession[]` as JSON, sealed: addresses and browsers of a person. */
  sealed: string;
  applications: EndedApplication[];
  notices: { id: string; clientId: string }[];
  keys?: EndedKey[];
  expiresAt: number;
}

/** How far a notice has come. Times in milliseconds. */
export type NoticeView =
  | { state: 'sending' }
  | { state: 'delivered'; at: number }
  /** Tried again at `at`. */
  | { state: 'retrying'; at: number; why: LogoutFailure }
  | { state: 'failed'; at: number; why: LogoutFailure }
  /** The application is not registered any more, or wants to hear of nothing. */
  | { state: 'dropped'; at: number };

/** A receipt as its page shows it. */
export interface ReceiptView extends Pick<Receipt, 'id' | 'at' | 'reason' | 'expiresAt'> {
  sessions: EndedSession[];
  keys: EndedKey[];
  /** One notice for each session that the application was told of; none where it did not register for them. */
  applications: (EndedApplication & { notices: NoticeView[] })[];
}
