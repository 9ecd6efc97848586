import type { Locale } from './account.ts';

export type MessageChannel = 'email' | 'sms';

/**
 * `dropped`: nothing went wrong, it was only not wanted any more (a newer code went out, or the address has had its
 * share). `failed` is what could not be delivered and never will be.
 */
export type MessageState = 'queued' | 'sent' | 'failed' | 'dropped';

/** Something that is to be sent, or was. To whom and with what is sealed, because codes are in it. */
export interface Message {
  /** Sorts by time. Also names the mail itself, so that one that arrives twice is known to be the same. */
  id: string;
  channel: MessageChannel;
  template: string;
  locale: Locale;
  accountId?: string;
  /** Only the newest of those with the same value is sent: an older code is dead already. */
  newestOf?: string;
  /** Whom and what, sealed; gone once the message is settled. */
  sealed?: string;
  state: MessageState;
  attempts: number;
  /** Milliseconds: while it is queued, when it is tried next; afterwards, when it was settled. */
  nextAt: number;
  /** Names the attempt that is under way; `nextAt` is then when it is taken for dead. */
  claim?: string;
  lastError?: string;
  createdAt: number;
  /** Milliseconds from which on it is not sent any more: the code in it is dead. */
  usefulUntil?: number;
  /** Milliseconds from which on nobody needs to know that it was there. */
  expiresAt: number;
}
