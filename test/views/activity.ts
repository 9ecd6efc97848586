import { activityView } from '../../src/account/activity.ts';
import { entryOf, type Entry } from '../../src/account/activity-entries.ts';
import { activityEntryView, disownedView, type NamedFactor } from '../../src/account/dispute.ts';
import type { ActivityEvent } from '../../src/events/activity.ts';
import type { DetailsOf } from '../../src/events/catalogue.ts';
import { activityGroups, type ActivityKind } from '../../src/events/groups.ts';
import type { MessageKey } from '../../src/web/route.ts';
import { day, now, sample, type Sample, type Told } from './sample.ts';

/** One of every kind that an account's owner is shown. */
export const detailsOfKinds: { readonly [K in ActivityKind]: DetailsOf<K> } = {
  'sign_in.succeeded': { amr: ['pwd', 'sms', 'mfa'], acr: 'urn:gatehouse:acr:2' },
  'sign_in.failed': { known: true },
  'sign_in.blocked': { reason: 'pair', retryAfter: 40 },
  sign_out: {},
  'session.ended': { reason: 'password_changed' },
  'device.new': {},
  'mailbox.proved': {},
  'second_factor.failed': { method: 'authenticator' },
  'second_factor.blocked': { reason: 'account', retryAfter: 40 },
  'code.failed': { purpose: 'verify:email' },
  'recovery_code.used': { left: 9 },
  'passkey.refused': { reason: 'challenge' },
  'passkey.counter_regressed': { stored: 9, counted: 7 },
  'recovery.asked': { known: true },
  'registration.begun': { known: true },
  'account.created': { emailVerified: true },
  'account.updated': { fields: ['displayName', 'locale', 'claims.zoneinfo', 'claims.unheard_of'] },
  'account.disabled': {},
  'account.enabled': {},
  'account.invited': { again: false },
  'invitation.accepted': {},
  'account.signed_out': { sessions: 2, applications: 1 },
  'role.changed': { changes: { role: { before: null, after: 'admin' } } },
  'account.closed': { grace: 0 },
  'account.closing_cancelled': {},
  'account.data_downloaded': {},
  'account.disowned': {},
  'event.disowned': { kind: 'passkey.added' },
  'email.verified': {},
  'email.changed': {},
  'email.change_undone': {},
  'password.set': {},
  'password.reset': {},
  'password.changed': { everywhere: true },
  'phone.changed': { verified: true },
  'phone.removed': {},
  'admin.created': {},
  'setup.completed': {},
  'guessing.cleared': {},
  'two_factor.method_added': { method: 'text' },
  'two_factor.method_removed': { method: 'email' },
  'two_factor.preferred': { method: 'passkey' },
  'two_factor.switched_off': {},
  'two_factor.reset': { methods: ['passkey', 'authenticator'] },
  'recovery_codes.created': { count: 10 },
  'recovery_codes.removed': {},
  'browser.remembered': {},
  'browser.forgotten': { all: false },
  'passkey.added': { synced: true },
  'passkey.renamed': {},
  'passkey.removed': {},
  'api_key.created': { prefix: 'gthk_4fQz9K', audience: 'https://id.example/api', scopes: ['profile:read'] },
  'api_key.deleted': { prefix: 'gthk_4fQz9K' },
  'consent.given': {
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    claims: [],
    resources: ['resource:https://payroll.example read'],
  },
  'consent.refused': {},
  'device_code.allowed': {
    scopes: ['openid', 'offline_access', 'read'],
    resources: ['resource:https://gone.example read'],
  },
  'device_code.refused': {},
  'device_code.blocked': { retryAfter: 20 },
  'consent.narrowed': { scopes: ['email'], claims: [], resources: [] },
  'consent.removed': {},
  'access.ended': {},
  'token.issued': { grantType: 'authorization_code', scopes: ['openid'] },
  'token.revoked': {},
  'token.reuse_detected': {},
  'code.replayed': {},
  'logout_notice.failed': { reason: 'no_answer' },
  'message.failed': { channel: 'email', template: 'two-factor-off', reason: 'no such mailbox' },
};

const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** As the reader answers it, so many hours ago. */
export function eventOf<K extends ActivityKind>(
  kind: K,
  hours: number,
  differently: Partial<ActivityEvent> = {},
): ActivityEvent {
  return {
    id: `event-${hours}`,
    kind,
    at: now - hours * 3_600_000,
    by: 'self',
    leftOut: 0,
    unreadable: false,
    from: {
      ip: '2001:db8:85a3:8d3:1319:8a2e:370:7348',
      userAgent: firefox,
      program: false,
      ...(kind === 'device_code.allowed' && { device: { ip: '203.0.113.7', userAgent: 'Television/1.0' } }),
    },
    details: detailsOfKinds[kind],
    ...differently,
  } as ActivityEvent;
}

const names = new Map([
  ['payroll', 'Payroll'],
  ['key:backup', 'Nightly backup (gthk_4fQz9K…)'],
]);
const kinds = Object.keys(detailsOfKinds) as ActivityKind[];

function shown({ say }: Told, events: readonly ActivityEvent[]): Entry[] {
  const words = new Map([
    ...names,
    ['resource:https://id.example/api profile:read', say('apiScope.profile:read')],
    ['resource:https://payroll.example read', say('apiScope.activity:read')],
  ]);

  return events.map((event) => entryOf(event, { say }, words));
}

function oneShown(told: Told, event: ActivityEvent): Entry {
  const [entry] = shown(told, [event]);
  if (!entry) throw new Error('nothing to show');

  return entry;
}

const labels = [
  'activity.all',
  'activity.signIns',
  'activity.changes',
  'activity.apps',
  'activity.messages',
] as const satisfies readonly MessageKey[];

const filters = labels.map((label, at) => ({
  path: `/account/activity?show=${activityGroups[at - 1] ?? ''}`,
  label,
  current: at === 0,
}));

const factors: NamedFactor[] = [
  { what: 'secondFactor.passkey', name: 'A key with a rather long name of its own', at: now - day },
  { what: 'recoveryCodes.row', at: now - 2 * day },
];
const formerEmail = { to: 'a•••@a-rather-long-domain-name.example', until: now + 5 * day };

export const activitySamples: readonly Sample[] = [
  sample(activityView, (told) => ({
    filters,
    filtered: false,
    entries: shown(
      told,
      kinds.map((kind, at) => eventOf(kind, at)),
    ),
    older: '/account/activity?after=cursor',
    newest: '/account/activity',
  })),
  sample(
    activityView,
    (told) => ({
      filters,
      filtered: false,
      tries: {
        count: 200,
        more: true,
        lastAt: now - 7_200_000,
        ip: '203.0.113.9',
        device: told.say('message.deviceUnknown'),
        twoFactor: false,
      },
      entries: shown(told, [
        eventOf('sign_in.blocked', 1, { by: 'anybody', leftOut: 12 }),
        eventOf('sign_in.blocked', 2, { by: 'anybody', leftOut: 1 }),
        eventOf('account.disabled', 3, { by: 'administrator' }),
        eventOf('guessing.cleared', 4, { by: 'operator' }),
        eventOf('token.issued', 5, {
          by: 'app',
          clientId: 'payroll',
          from: { ip: '203.0.113.20', userAgent: 'node', program: true },
        }),
        eventOf('consent.given', 6, { clientId: 'gone' }),
        eventOf('account.updated', 10, { by: 'key', byId: 'backup' }),
        eventOf('session.ended', 11, { by: 'key', byId: 'gone' }),
        eventOf('session.ended', 12, { by: 'app', byId: 'payroll' }),
        eventOf('sign_out', 7, { unreadable: true }),
        eventOf('browser.forgotten', 8, { details: { all: true } }),
        eventOf('message.failed', 9, { details: { channel: 'sms', template: 'phone-code', reason: 'off' } }),
      ]),
    }),
    { as: 'of strangers, of others and of apps' },
  ),
  sample(activityView, () => ({ filters, filtered: false, entries: [] }), { as: 'empty' }),
  sample(activityView, () => ({ filters, filtered: true, entries: [] }), { as: 'with nothing of a kind' }),

  sample(activityEntryView, (told) => ({
    entry: oneShown(told, eventOf('sign_in.succeeded', 30, { clientId: 'payroll' })),
    goes: {
      apps: Array.from({ length: 20 }, (_, at) => `Wiki ${at}`),
      moreApps: 2,
      keys: 'Nightly backup (gthk_4fQz9K…), A key with a rather long name of its own (gthk_Zx81Ba…)',
      factors: factors.map((factor, at) => ({ ...factor, field: `keep-${at}` })),
      formerEmail,
    },
  })),
  sample(
    activityEntryView,
    (told) => ({
      entry: oneShown(told, eventOf('session.ended', 30, { by: 'key', byId: 'backup' })),
      goes: { apps: [], moreApps: 0, keys: '', key: 'Nightly backup (gthk_4fQz9K…)', factors: [] },
    }),
    { as: 'with little to take back' },
  ),
  sample(activityEntryView, (told) => ({ entry: oneShown(told, eventOf('sign_in.failed', 30)) }), {
    as: 'by which nobody got in',
  }),
  sample(disownedView, () => ({ removed: factors, passwordGone: false, formerEmail, receipt: 'r1' })),
  sample(disownedView, () => ({ removed: [], passwordGone: true, receipt: 'r1' }), { as: 'with the password' }),
];
