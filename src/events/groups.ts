import type { EventKind } from './catalogue.ts';

/** What an account's owner looks for among the events of their account. */
export const activityGroups = ['sign-ins', 'security', 'applications', 'messages'] as const;
export type ActivityGroup = (typeof activityGroups)[number];

/**
 * Where each kind stands for the owner of the account that it happened to. `none`: it happens to no account, or there is
 * no owner left to read it. A kind that is not in here does not compile; one that has a group needs words (account/).
 */
export const groupOfKind = {
  'sign_in.succeeded': 'sign-ins',
  'sign_in.failed': 'sign-ins',
  'sign_in.blocked': 'sign-ins',
  sign_out: 'sign-ins',
  'session.ended': 'sign-ins',
  'device.new': 'sign-ins',
  'mailbox.proved': 'sign-ins',
  'second_factor.failed': 'sign-ins',
  'second_factor.blocked': 'sign-ins',
  'code.failed': 'sign-ins',
  'recovery_code.used': 'sign-ins',
  'passkey.refused': 'sign-ins',
  'passkey.counter_regressed': 'sign-ins',
  'recovery.asked': 'sign-ins',
  'registration.begun': 'sign-ins',

  'account.created': 'security',
  'account.updated': 'security',
  'account.disabled': 'security',
  'account.enabled': 'security',
  'account.invited': 'security',
  'invitation.accepted': 'security',
  'account.signed_out': 'security',
  'role.changed': 'security',
  'account.closed': 'security',
  'account.closing_cancelled': 'security',
  'account.data_downloaded': 'security',
  'account.disowned': 'security',
  'event.disowned': 'security',
  'email.verified': 'security',
  'email.changed': 'security',
  'email.change_undone': 'security',
  'password.set': 'security',
  'password.reset': 'security',
  'password.changed': 'security',
  'phone.changed': 'security',
  'phone.removed': 'security',
  'admin.created': 'security',
  'setup.completed': 'security',
  'guessing.cleared': 'security',
  'two_factor.method_added': 'security',
  'two_factor.method_removed': 'security',
  'two_factor.preferred': 'security',
  'two_factor.switched_off': 'security',
  'two_factor.reset': 'security',
  'recovery_codes.created': 'security',
  'recovery_codes.removed': 'security',
  'browser.remembered': 'security',
  'browser.forgotten': 'security',
  'passkey.added': 'security',
  'passkey.renamed': 'security',
  'passkey.removed': 'security',
  'api_key.created': 'security',
  'api_key.deleted': 'security',

  'consent.given': 'applications',
  'consent.refused': 'applications',
  'consent.narrowed': 'applications',
  'consent.removed': 'applications',
  'access.ended': 'applications',
  'device_code.allowed': 'applications',
  'device_code.refused': 'applications',
  'device_code.blocked': 'applications',
  'token.issued': 'applications',
  'token.revoked': 'applications',
  'token.reuse_detected': 'applications',
  'code.replayed': 'applications',
  'logout_notice.failed': 'applications',

  'message.failed': 'messages',

  'account.deleted': 'none',
  'audit.exported': 'none',
  'client.authentication_failed': 'none',
  'client.created': 'none',
  'client.updated': 'none',
  'client.disabled': 'none',
  'client.enabled': 'none',
  'client.deleted': 'none',
  'client.secret_rotated': 'none',
  'client.secret_removed': 'none',
  'client.revoked': 'none',
  'recovery.spent': 'none',
  'accounts.imported': 'none',
  'accounts.exported': 'none',
  'setup.begun': 'none',
  'webhook.created': 'none',
  'webhook.updated': 'none',
  'webhook.enabled': 'none',
  'webhook.disabled': 'none',
  'webhook.deleted': 'none',
  'webhook.secret_rotated': 'none',
  'webhook.tested': 'none',
  'webhook.redelivered': 'none',
  'texts.spent': 'none',
  'maintenance.begun': 'none',
  'maintenance.ended': 'none',
  'storage.moved': 'none',
  'storage.move_undone': 'none',
  'settings.changed': 'none',
  'settings.tested': 'none',
  'backup.made': 'none',
  'store.restored': 'none',
  'keys.created': 'none',
  'keys.published': 'none',
  'keys.rescheduled': 'none',
  'keys.resealed': 'none',
  'keys.released': 'none',
  'keys.retired': 'none',
  'keys.removed': 'none',
  'keys.revoked': 'none',
} as const satisfies Record<EventKind, ActivityGroup | 'none'>;

type Groups = typeof groupOfKind;

/** The kinds that an account's owner is shown. */
export type ActivityKind = { [K in EventKind]: Groups[K] extends 'none' ? never : K }[EventKind];

/** Also where another version wrote what this one does not know: then there is nothing to say. */
export function isActivityKind(kind: string): kind is ActivityKind {
  return Object.hasOwn(groupOfKind, kind) && groupOfKind[kind as EventKind] !== 'none';
}
