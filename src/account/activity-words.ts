import { resourceItem } from '../domain/consent-items.ts';
import { isTextKey } from '../domain/texts.ts';
import type { ActivityEvent } from '../events/activity.ts';
import type { DetailsOf } from '../events/catalogue.ts';
import type { ActivityKind } from '../events/groups.ts';
import type { MailName } from '../messages/catalogue.ts';
import type { IconName, MessageKey, Say } from '../web/route.ts';

/**
 * Every kind of event in words. Its title is `activity.kind.<kind>` in the catalogues; here stands what else there is to
 * say. A kind without words does not compile.
 */
interface Words<K extends ActivityKind> {
  icon: IconName;
  /** Somebody was kept out, or something did not work. */
  warns?: true;
  /** Whoever did it was in the account or knows its password, so that there may be something to take back. */
  inside?: true;
  /** Where its details make another one of it. */
  title?: (details: DetailsOf<K>) => MessageKey;
  facts?: (details: DetailsOf<K>, told: Told) => (Fact | undefined)[];
}

interface Told {
  say: Say;
  /** `ConsentItem.id` of an API's -> words; others have none. */
  names: ReadonlyMap<string, string>;
}

/** What is known of it beside when and where. */
export interface Fact {
  label: MessageKey;
  value: string;
}

const method = (name: string, { say }: Told): Fact | undefined => {
  const key = methods[name];

  return key && { label: 'activity.fact.factor', value: say(key) };
};

const methods: Readonly<Record<string, MessageKey>> = {
  passkey: 'secondFactor.passkey',
  authenticator: 'secondFactor.authenticator',
  email: 'secondFactor.email',
  text: 'secondFactor.text',
  'recovery-code': 'secondFactor.recovery-code',
};

/** RFC 8176 section 2. */
const proofs: Readonly<Record<string, MessageKey>> = {
  pwd: 'account.password',
  hwk: 'secondFactor.passkey',
  swk: 'secondFactor.passkey',
  otp: 'secondFactor.code',
  sms: 'secondFactor.text',
};

const reasons: Readonly<Record<string, MessageKey>> = {
  signed_out: 'activity.why.signedOut',
  password_changed: 'activity.kind.password.changed',
  password_reset: 'activity.kind.password.reset',
  email_change_undone: 'activity.kind.email.change_undone',
  account_disabled: 'activity.kind.account.disabled',
  account_closed: 'activity.kind.account.closed',
  disowned: 'message.wasntMe.link',
  administrator: 'activity.by.administrator',
  factors_reset: 'activity.kind.two_factor.reset',
};

const subjects: Readonly<Record<MailName, MessageKey>> = {
  'verify-email': 'message.verifyEmail.subject',
  'confirm-email': 'message.confirmEmail.subject',
  'sign-in-code': 'message.signInCode.subject',
  'mailbox-code': 'message.mailboxCode.subject',
  'change-email-code': 'message.changeEmail.subject',
  'reset-password': 'message.resetPassword.subject',
  invitation: 'message.invitation.subject',
  'email-changed': 'message.emailChanged.subject',
  'email-undone': 'message.emailUndone.subject',
  'address-tried': 'message.addressTried.subject',
  'address-kept': 'message.addressKept.subject',
  'recovery-codes-low': 'message.recoveryCodesLow.subject',
  'by-administrator': 'activity.by.administrator',
  'webhook-stopped': 'message.webhookStopped.subject',
  'account-closed': 'message.accountClosed.subject',
  'password-changed': 'message.passwordChanged.subject',
  'new-device': 'message.newDevice.subject',
  'factor-added': 'message.factorAdded.subject',
  'factor-removed': 'message.factorRemoved.subject',
  'two-factor-off': 'message.twoFactorOff.subject',
  'recovery-code-used': 'message.recoveryCodeUsed.subject',
  'second-factor-failed': 'message.secondFactorFailed.subject',
  'passkey-refused': 'message.passkeyRefused.subject',
  'failed-tries': 'message.failedTries.subject',
  'phone-changed': 'message.phoneChanged.subject',
  test: 'message.test.subject',
  'api-key-created': 'message.apiKeyCreated.subject',
};

export const words: { readonly [K in ActivityKind]: Words<K> } = {
  'sign_in.succeeded': {
    icon: 'laptop',
    inside: true,
    facts: ({ amr }, told) => [listed('activity.fact.with', keysOf(amr, proofs), told)],
  },
  'sign_in.failed': { icon: 'alert', warns: true },
  'sign_in.blocked': { icon: 'alert', warns: true },
  sign_out: { icon: 'sign-out', inside: true },
  'session.ended': {
    icon: 'sign-out',
    facts: ({ reason }, told) => [listed('activity.fact.why', keysOf([reason], reasons), told)],
  },
  'device.new': { icon: 'laptop', inside: true },
  'mailbox.proved': { icon: 'mail' },
  'second_factor.failed': {
    icon: 'alert',
    warns: true,
    inside: true,
    facts: ({ method: name }, told) => [method(name, told)],
  },
  'second_factor.blocked': { icon: 'alert', warns: true, inside: true },
  'code.failed': { icon: 'alert', warns: true },
  'recovery_code.used': {
    icon: 'key',
    inside: true,
    facts: ({ left }) => [{ label: 'message.fact.codesLeft', value: String(left) }],
  },
  'passkey.refused': { icon: 'passkey', warns: true },
  'passkey.counter_regressed': { icon: 'passkey', warns: true, inside: true },
  'recovery.asked': { icon: 'mail' },
  'registration.begun': { icon: 'alert', warns: true },

  'account.created': { icon: 'person' },
  'account.updated': {
    icon: 'person',
    inside: true,
    facts: ({ fields }, told) => [
      listed(
        'activity.fact.what',
        fields.map((name) => `account.${name.replace('claims.', 'claim.').replace('locale', 'language')}`),
        told,
      ),
    ],
  },
  'account.disabled': { icon: 'lock', warns: true },
  'account.enabled': { icon: 'person' },
  'account.invited': { icon: 'mail' },
  'invitation.accepted': { icon: 'person' },
  'account.signed_out': { icon: 'sign-out' },
  'role.changed': { icon: 'shield' },
  'account.closed': { icon: 'trash', warns: true, inside: true },
  'account.closing_cancelled': { icon: 'person', inside: true },
  'account.data_downloaded': { icon: 'download', inside: true },
  'account.disowned': { icon: 'shield' },
  'event.disowned': {
    icon: 'shield',
    facts: ({ kind }, told) => [listed('activity.fact.what', [`activity.kind.${kind}`], told)],
  },
  'email.verified': { icon: 'mail' },
  'email.changed': { icon: 'mail', inside: true },
  'email.change_undone': { icon: 'mail' },
  'password.set': { icon: 'lock', inside: true },
  'password.reset': { icon: 'lock', inside: true },
  'password.changed': { icon: 'lock', inside: true },
  'phone.changed': { icon: 'phone', inside: true },
  'phone.removed': { icon: 'phone', inside: true },
  'admin.created': { icon: 'shield' },
  'setup.completed': { icon: 'shield' },
  'guessing.cleared': { icon: 'lock' },
  'two_factor.method_added': {
    icon: 'shield',
    inside: true,
    facts: ({ method: name }, told) => [method(name, told)],
  },
  'two_factor.method_removed': {
    icon: 'shield',
    inside: true,
    facts: ({ method: name }, told) => [method(name, told)],
  },
  'two_factor.preferred': { icon: 'shield', inside: true, facts: ({ method: name }, told) => [method(name, told)] },
  'two_factor.switched_off': { icon: 'shield', inside: true },
  'two_factor.reset': {
    icon: 'shield',
    warns: true,
    facts: ({ methods: names }, told) => [listed('activity.fact.what', keysOf(names, methods), told)],
  },
  'recovery_codes.created': { icon: 'key', inside: true },
  'recovery_codes.removed': { icon: 'key' },
  'browser.remembered': { icon: 'laptop', inside: true },
  'browser.forgotten': {
    icon: 'laptop',
    inside: true,
    title: ({ all }) => (all ? 'activity.allForgotten' : 'activity.kind.browser.forgotten'),
  },
  'passkey.added': { icon: 'passkey', inside: true },
  'passkey.renamed': { icon: 'passkey', inside: true },
  'passkey.removed': { icon: 'passkey', inside: true },
  'api_key.created': {
    icon: 'key',
    inside: true,
    facts: ({ prefix, audience, scopes }, told) => [
      { label: 'apiKeys.begins', value: `${prefix}…` },
      permissions({ scopes: [], resources: scopes.map((scope) => resourceItem(audience, scope)) }, told),
    ],
  },
  'api_key.deleted': {
    icon: 'key',
    inside: true,
    facts: ({ prefix }) => [{ label: 'apiKeys.begins', value: `${prefix}…` }],
  },

  'consent.given': {
    icon: 'app',
    inside: true,
    facts: (given, told) => [permissions(given, told)],
  },
  'consent.refused': { icon: 'app', inside: true },
  'consent.narrowed': { icon: 'app', inside: true, facts: (taken, told) => [permissions(taken, told)] },
  'consent.removed': { icon: 'app', inside: true },
  'access.ended': { icon: 'app', inside: true },
  'device_code.allowed': { icon: 'app', inside: true, facts: (given, told) => [permissions(given, told)] },
  'device_code.refused': { icon: 'app', inside: true },
  'device_code.blocked': { icon: 'alert', warns: true, inside: true },
  'token.issued': { icon: 'app', inside: true },
  'token.revoked': { icon: 'app' },
  'token.reuse_detected': { icon: 'app', warns: true, inside: true },
  'code.replayed': { icon: 'app', warns: true, inside: true },
  'logout_notice.failed': { icon: 'app', warns: true },

  'message.failed': {
    icon: 'mail',
    warns: true,
    title: ({ channel }) => (channel === 'sms' ? 'activity.textFailed' : 'activity.kind.message.failed'),
    facts: ({ template }, told) => [listed('activity.fact.what', keysOf([template], subjects), told)],
  },
};

/** What there is to say of one event. */
export function wordsOf(event: ActivityEvent, told: Told) {
  // The details are those of the kind, which the compiler can't follow through a union.
  const { icon, warns, inside, title, facts } = words[event.kind] as Words<'sign_in.succeeded'>;
  const details = event.details as DetailsOf<'sign_in.succeeded'>;
  const key: MessageKey = title?.(details) ?? (`activity.kind.${event.kind}` as const);

  return {
    icon,
    warns: warns === true,
    /** Nobody needs to take back what the operator or the service itself has done. Whoever has a key is inside. */
    disputable: (inside === true || event.by === 'key') && !['operator', 'administrator', 'service'].includes(event.by),
    title: told.say(key),
    facts: (facts?.(details, told) ?? []).filter((fact) => fact !== undefined),
  };
}

function keysOf(names: readonly string[], keys: Readonly<Record<string, MessageKey>>): string[] {
  return names.flatMap((name) => (Object.hasOwn(keys, name) ? (keys[name] ?? []) : []));
}

/** What an API calls its own is worded by that API, whatever another one calls so. */
function permissions(
  { scopes, resources = [] }: { scopes: readonly string[]; resources?: readonly string[] },
  told: Told,
): Fact | undefined {
  const keys = scopes.map((scope) => `consent.scope.${scope.replace('offline_access', 'offline')}`);
  const ofApis = resources.map((id) => told.names.get(id) ?? id.slice(id.lastIndexOf(' ') + 1));

  return listed('activity.fact.what', keys, told, ofApis);
}

/** What of it has words, each once, and what is in words already; nothing where none has. */
function listed(
  label: MessageKey,
  keys: readonly string[],
  { say }: Told,
  more: readonly string[] = [],
): Fact | undefined {
  const known = [...new Set(keys)].filter((key) => isTextKey(key)).map((key) => say(key));
  const all = [...new Set([...known, ...more])];
  if (all.length === 0) return undefined;

  return { label, value: all.join(' · ') };
}
