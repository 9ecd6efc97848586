import type { Json } from '../domain/json.ts';

/**
 * Events: the record of what happened (S113). This room owns the kinds of events, writing them and reading them for
 * pages. It must not know pages, texts or the protocol library. This file lists every kind with its details: facts that
 * name nobody. What is personal goes into `from` and is encrypted by the writer.
 */
const kind = <Details extends Record<string, Json> = Record<never, never>>(): { readonly details?: Details } => ({});

export const catalogue = {
  'sign_in.succeeded': kind<{ amr: string[]; acr: string }>(),
  'sign_in.failed': kind<{ known: boolean }>(),
  /** At most one a minute on each node (`throttled`). */
  'sign_in.blocked': kind<{ reason: string; /** Seconds. */ retryAfter: number }>(),
  sign_out: kind(),
  'session.ended': kind<{ reason: string }>(),

  /** `resources` as `ConsentItem.id` has them; absent in events of before there were any. */
  'consent.given': kind<{ scopes: string[]; claims: string[]; resources?: string[] }>(),
  'consent.refused': kind(),
  /** What was taken back. */
  'consent.narrowed': kind<{ scopes: string[]; claims: string[]; resources: string[] }>(),
  /** With every grant of the app. */
  'consent.removed': kind(),
  /** One grant that goes on without a browser; the consent stays. */
  'access.ended': kind(),
  /** What a device without a browser asked for; the place is that of whoever answered, with the device's beside it. */
  'device_code.allowed': kind<{ scopes: string[]; resources?: string[] }>(),
  'device_code.refused': kind(),
  /** Guesses at such codes, by whoever is signed in or by a stranger. At most one a minute (`throttled`). */
  'device_code.blocked': kind<{ /** Seconds. */ retryAfter: number }>(),
  'token.issued': kind<{ grantType: string; scopes: string[] }>(),
  'token.revoked': kind(),
  'token.reuse_detected': kind(),
  'code.replayed': kind(),
  'client.authentication_failed': kind(),

  /** Somebody wants an account; `known`: the address is this account's. */
  'registration.begun': kind<{ known: boolean }>(),
  'account.created': kind<{ emailVerified: boolean }>(),
  'account.updated': kind<{ fields: string[] }>(),
  /** By an administrator. `until`: then it is over by itself. */
  'account.disabled': kind<{ /** Milliseconds. */ until?: number }>(),
  'account.enabled': kind(),
  /** `again`: in the place of a link that was still alive. */
  'account.invited': kind<{ again: boolean }>(),
  /** The person has proved the address and has set their first password. */
  'invitation.accepted': kind(),
  /** By an administrator, with the access of so many applications. */
  'account.signed_out': kind<{ sessions: number; applications: number }>(),
  'role.changed': kind<{ changes: { role: { before: string | null; after: string | null } } }>(),
  'account.deleted': kind(),
  /** From here on nothing of it works. */
  'account.closed': kind<{ /** Seconds for which it can be kept after all. */ grace: number }>(),
  'account.closing_cancelled': kind(),
  /** Its owner has a copy of what is kept of them. */
  'account.data_downloaded': kind(),
  'email.verified': kind(),
  'password.set': kind(),
  /** With a link or code from the mailbox, in the place of the old one or of none. */
  'password.reset': kind(),
  /** Somebody with the mailbox said of what a mail told that it was not them. */
  'account.disowned': kind(),
  /** The same, of one of these events, by its owner who was signed in. */
  'event.disowned': kind<{ /** Of the event. */ kind: string }>(),
  /** A sign-in in a browser in which there was none before. */
  'device.new': kind(),
  /** With a code from there: this browser may try passwords again after a hundred wrong ones. */
  'mailbox.proved': kind(),
  'recovery.asked': kind<{ known: boolean }>(),
  /** This hour's mails with links to new passwords are used up. */
  'recovery.spent': kind<{ perHour: number }>(),
  'password.changed': kind<{ /** Whether every other session was ended. */ everywhere: boolean }>(),
  'admin.created': kind(),
  'email.changed': kind(),
  /** Of the address that it has. */
  'email.change_undone': kind(),
  'phone.changed': kind<{ verified: boolean }>(),
  'phone.removed': kind(),
  'guessing.cleared': kind(),

  'two_factor.method_added': kind<{ method: string }>(),
  'two_factor.method_removed': kind<{ method: string }>(),
  'two_factor.preferred': kind<{ method: string }>(),
  'two_factor.switched_off': kind(),
  /** By an administrator: every one of these, with the recovery codes. */
  'two_factor.reset': kind<{ methods: string[] }>(),
  'second_factor.failed': kind<{ method: string }>(),
  /** A code that was sent for something else: to prove an address, a number. */
  'code.failed': kind<{ purpose: string }>(),
  /** At most one a minute (`throttled`). */
  'second_factor.blocked': kind<{ reason: string; /** Seconds. */ retryAfter: number }>(),
  'recovery_codes.created': kind<{ count: number }>(),
  /** Whoever has the mailbox said that they did not make them. */
  'recovery_codes.removed': kind(),
  'recovery_code.used': kind<{ left: number }>(),
  'browser.remembered': kind(),
  'browser.forgotten': kind<{ /** Whether it was every one. */ all: boolean }>(),
  'passkey.added': kind<{ synced: boolean }>(),
  'passkey.renamed': kind(),
  'passkey.removed': kind(),
  /** Its device has counted fewer signatures than were seen: there may be a copy (WebAuthn section 6.1.1). */
  'passkey.counter_regressed': kind<{ stored: number; counted: number }>(),
  /** At most one a minute (`throttled`). */
  'passkey.refused': kind<{ reason: string }>(),

  /** `audience`: the API that it is for (RFC 8707). */
  'api_key.created': kind<{ /** How it begins. */ prefix: string; audience: string; scopes: string[] }>(),
  'api_key.deleted': kind<{ prefix: string }>(),

  'client.created': kind<{ name: string }>(),
  'client.updated': kind<{ changes: Record<string, { before: Json; after: Json }> }>(),
  'client.disabled': kind(),
  'client.enabled': kind(),
  'client.deleted': kind<{ name: string }>(),
  'client.secret_rotated': kind<{ /** Seconds. */ overlap: number }>(),
  'client.secret_removed': kind<{ /** Its id. */ secret: string }>(),
  /** All that it was given has ended: `receipt` (a ClientReceipt) says what. */
  'client.revoked': kind<{
    receipt: string;
    people: number;
    sessions: number;
    grants: number;
    refreshTokens: number;
  }>(),

  /** Somebody took a copy of the record of events, or of what a filter leaves of it. */
  'audit.exported': kind<{ format: string; filter: Record<string, string> }>(),
  /** From or to a file: accounts of people, with their password hashes if they were asked for. */
  'accounts.imported': kind<{ count: number }>(),
  'accounts.exported': kind<{ count: number; hashes: boolean }>(),

  /** Never a secret, only that one was set anew; of a file its hash. */
  'settings.changed': kind<{ changes: Record<string, { before: Json; after: Json }> }>(),
  'settings.tested': kind<{ /** Whether the mail server took it. */ sent: boolean }>(),
  /** Of an address its origin alone: the rest of it may be as good as a password. */
  'webhook.created': kind<{ webhook: string; origin: string; kinds: string[] }>(),
  'webhook.updated': kind<{ webhook: string; changes: Record<string, { before: Json; after: Json }> }>(),
  'webhook.enabled': kind<{ webhook: string }>(),
  /** By an `administrator`, or of itself: `failing`, or `gone`. */
  'webhook.disabled': kind<{ webhook: string; reason: string }>(),
  'webhook.deleted': kind<{ webhook: string; origin: string }>(),
  'webhook.secret_rotated': kind<{ webhook: string; /** Seconds. */ overlap: number }>(),
  /** Is sent to this webhook, whatever else it is told of. */
  'webhook.tested': kind<{ webhook: string }>(),
  'webhook.redelivered': kind<{ webhook: string; event: string }>(),

  'setup.begun': kind(),
  'setup.completed': kind(),
  /** Given up for good, of the channel `email` or `sms`. */
  'message.failed': kind<{ channel: string; template: string; reason: string }>(),
  /** An app could not be told that a session has ended, and will not be any more. */
  'logout_notice.failed': kind<{ reason: string }>(),
  /** Today's budget of text messages is used up. */
  'texts.spent': kind<{ perDay: number }>(),
  'maintenance.begun': kind(),
  'maintenance.ended': kind(),
  /** In words, without secrets: `sqlite in /var/lib/gatehouse`. */
  'storage.moved': kind<{ from: string; to: string; rows: number }>(),
  'storage.move_undone': kind<{ to: string }>(),
  /** All of the store, into a file. `backup`: the SHA-256 that names it. */
  'backup.made': kind<{ backup: string; rows: number; oneMoment: boolean }>(),
  /** The store began anew with what a backup holds; `ended`: rows that stayed away, by collection. */
  'store.restored': kind<{ madeAt: string; backup: string; rows: number; ended: Record<string, number> }>(),
  /** Keys that sign at once: the first ones, and those in the place of leaked ones. */
  'keys.created': kind<{ kid: string; alg: string }>(),
  'keys.published': kind<{ kid: string; alg: string; /** Milliseconds. */ signsFrom: number }>(),
  /** When one that waits begins to sign; milliseconds. */
  'keys.rescheduled': kind<{ kid: string; alg: string; changes: { signsFrom: { before: number; after: number } } }>(),
  /** Signs no more: its private half is destroyed. */
  'keys.retired': kind<{ kid: string; alg: string }>(),
  /** What rested under a former encryption key rests under the present one. */
  'keys.resealed': kind<{ rows: number }>(),
  /** Nothing rests under this former encryption key any more. */
  'keys.released': kind<{ key: string }>(),
  /** Nothing hangs on it any more. */
  'keys.removed': kind<{ kid: string; alg: string }>(),
  /** It leaked: nobody believes it any more. */
  'keys.revoked': kind<{ kid: string; alg: string }>(),
};

/**
 * What anybody can cause as often as they like, without knowing anything: at most one a minute is written for an
 * account or, where none is meant, for a network, by each node. How many others it stands for is `leftOut` in its details.
 */
export const throttled: ReadonlySet<EventKind> = new Set([
  'sign_in.blocked',
  'second_factor.blocked',
  'passkey.refused',
  'device_code.blocked',
]);

export type EventKind = keyof typeof catalogue;
export type DetailsOf<K extends EventKind> = NonNullable<(typeof catalogue)[K]['details']>;

export const eventKinds = Object.keys(catalogue) as readonly EventKind[];

export function isEventKind(kind: string): kind is EventKind {
  return Object.hasOwn(catalogue, kind);
}
