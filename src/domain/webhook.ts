/** An address of the operator's that is told of events (Standard Webhooks). */
export interface Webhook {
  id: string;
  /** https; in development mode also http. */
  url: string;
  /** What it is for, in the operator's words; may be empty. */
  description: string;
  /** Kinds of events (`events/catalogue.ts`), or `everyKind` alone. */
  kinds: string[];
  enabled: boolean;
  /** Why it was switched off by itself; absent: it was not. */
  stopped?: { reason: WebhookStop; at: number };
  /** The newest first; every one that works signs. */
  secrets: WebhookSecret[];
  /** Milliseconds: when somebody wanted it to be tried at once, however long it has taken nothing. */
  nudgedAt?: number;
  /** Changes with what an administrator sets. */
  version: number;
  /** Milliseconds: since when nothing was taken; absent: the last delivery was. */
  failingSince?: number;
  /** Milliseconds: while so much waited that nothing more was left for it. `until` is absent while that goes on. */
  overflow?: { from: number; until?: number };
  createdAt: number;
  updatedAt: number;
}

/** `failing`: nothing was taken for days. `gone`: it answered 410. */
export type WebhookStop = 'failing' | 'gone';

/** Sealed, as it has to be read back for signing. Times in milliseconds. */
export interface WebhookSecret {
  id: string;
  sealed: string;
  createdAt: number;
  /** From then on it signs no more; absent: it goes on. */
  expiresAt?: number;
}

/** In `Webhook.kinds`: all kinds of events, also those that a later release brings. */
export const everyKind = '*';

/**
 * Why something was not taken: it answered something else than 2xx, its address is none that may be asked, or it did not
 * answer at all.
 */
export type WebhookFailure = 'other_answer' | 'refused_address' | 'no_answer';

/** `dropped`: there is nothing to send any more. `failed`: tried in vain for three days. */
export type WebhookDeliveryState = 'queued' | 'delivered' | 'failed' | 'dropped';

/** Tells one webhook of one event. It names the event and holds nothing of it: what is sent is read anew for each try. */
export interface WebhookDelivery {
  /** `webhookDeliveryId`: of one event there is one for each webhook. */
  id: string;
  webhookId: string;
  eventId: string;
  kind: string;
  state: WebhookDeliveryState;
  attempts: number;
  /** Milliseconds: while it is queued, when it is tried next; afterwards, when it was settled. */
  nextAt: number;
  /** Names the attempt that is under way; `nextAt` is then when it is taken for dead. */
  claim?: string;
  lastTriedAt?: number;
  /** What was answered last: an HTTP status. */
  status?: number;
  lastError?: WebhookFailure;
  /** In the words of whatever failed: no part of an answer. */
  detail?: string;
  /** Milliseconds: since when it is tried; anew when somebody has it sent again. */
  queuedAt: number;
  createdAt: number;
  /** Milliseconds: it is not shown any more. */
  expiresAt: number;
}

export function webhookDeliveryId(webhookId: string, eventId: string): string {
  return `${webhookId} ${eventId}`;
}

/** Names the deliveries of one webhook in one state, for whoever sends or lists them. */
export function deliveryGroup(state: WebhookDeliveryState, webhookId: string): string {
  return `${state} ${webhookId}`;
}

/** What a secret is sealed as. */
export function webhookSecretContext(webhookId: string, secretId: string): string {
  return `webhook:${webhookId}:${secretId}`;
}
