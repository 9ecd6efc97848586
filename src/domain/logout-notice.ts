import { clientsOf, type DeviceSession } from './device-session.ts';

/**
 * Why an app has not heard of it: it refused the token (OpenID Connect Back-Channel Logout 1.0 section 2.8), answered
 * something else, or did not answer at all.
 */
export type LogoutFailure = 'refused' | 'other_answer' | 'no_answer';

/** What came of telling an app. `detail`: in the words of whatever failed, for the log. */
export type LogoutAnswer =
  | { kind: 'delivered' | 'dropped' }
  /** Nothing will help, or it may work later. */
  | { kind: 'failed' | 'retry'; error: LogoutFailure; detail: string };

/** `dropped`: there is nobody to tell any more. `failed`: it was refused, or tried in vain for a day. */
export type LogoutNoticeState = 'queued' | 'delivered' | 'failed' | 'dropped';

/** Tells one client that one session of a person has ended (OpenID Connect Back-Channel Logout 1.0). */
export interface LogoutNotice {
  /** `logoutNoticeId`: of one ending there is one, whoever ends it, and how often. */
  id: string;
  clientId: string;
  sessionUid: string;
  /** What the client knows the session by. */
  sid?: string;
  /** Whose session it was; gone once the notice is settled. */
  accountId?: string;
  /** What tells of it (`ClientReceipt`), where all that the client was given has ended. */
  receipt?: string;
  state: LogoutNoticeState;
  attempts: number;
  /** Milliseconds: while it is queued, when it is tried next; afterwards, when it was settled. */
  nextAt: number;
  /** Names the attempt that is under way; `nextAt` is then when it is taken for dead. */
  claim?: string;
  lastError?: LogoutFailure;
  createdAt: number;
  /** Milliseconds: no receipt asks for it any more. */
  expiresAt: number;
}

/** A client that signs in again in the same session knows it by another `sid`, and has to hear of its end again. */
export function logoutNoticeId(notice: Pick<LogoutNotice, 'sessionUid' | 'clientId' | 'sid'>): string {
  const { sessionUid, clientId, sid } = notice;

  return [sessionUid, clientId, ...(sid === undefined ? [] : [sid])].join(' ');
}

/** Whether the session goes on for that client: then there is nothing to tell yet. */
export function isStillIn(session: DeviceSession | undefined, { clientId, sid }: LogoutNotice): boolean {
  const client = session && clientsOf(session)[clientId];

  return client !== undefined && client.sid === sid;
}
