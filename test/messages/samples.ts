import type { Mails, Texts } from '../../src/messages/catalogue.ts';
import type { Circumstances, Notice } from '../../src/messages/template.ts';

/** One of every message, with everything in it that can be. */
const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

export const circumstances: Circumstances = {
  at: Date.UTC(2026, 6, 1, 22, 30),
  from: { ip: '203.0.113.9', userAgent: firefox },
  place: 'Kiel',
};

export const secret = 'hJ4rT9wQzX2mN7bV5cK8pL';
const notice: Notice = { ...circumstances, wasntMe: { path: `/wasnt-me?token=${secret}`, code: secret } };

export const mailSamples: { [Name in keyof Mails]: Mails[Name] } = {
  'verify-email': { code: '012345', lives: 600 },
  'confirm-email': { code: '012345', lives: 600 },
  'sign-in-code': { code: '012345', lives: 600, ...circumstances, securityPath: '/account/sign-in-and-security' },
  'mailbox-code': { code: '012345', lives: 600, ...circumstances },
  'change-email-code': { code: '012345', lives: 600 },
  'reset-password': { path: `/reset?token=${secret}`, code: secret, lives: 1200, ...circumstances },
  invitation: { path: `/invitation?token=${secret}`, code: secret, lives: 604_800 },
  'email-changed': {
    ...circumstances,
    newEmail: 'ana@new.example',
    undo: { path: `/undo?token=${secret}`, code: secret, until: Date.UTC(2026, 6, 8, 22, 30) },
  },
  'email-undone': circumstances,
  'address-tried': { by: 'registration', signInPath: '/account' },
  'address-kept': { until: Date.UTC(2026, 6, 8, 22, 30) },
  'recovery-codes-low': { left: 2, path: '/account/sign-in-and-security' },
  test: {},
  'by-administrator': {
    at: Date.UTC(2026, 6, 1, 22, 30),
    what: 'locked',
    reason: 'Lost laptop',
    until: Date.UTC(2026, 6, 8, 22, 30),
  },
  'webhook-stopped': {
    at: Date.UTC(2026, 6, 1, 22, 30),
    why: 'failing',
    origin: 'https://alerts.example.com',
    description: 'Alerts for the people on duty',
    path: '/admin/webhooks/webhook-1',
  },
  'account-closed': { ...circumstances, until: Date.UTC(2026, 6, 31, 22, 30) },
  'password-changed': notice,
  'new-device': notice,
  'factor-added': { ...notice, factor: { kind: 'passkey', name: 'Work laptop' } },
  'factor-removed': { ...notice, factor: { kind: 'authenticator' } },
  'two-factor-off': notice,
  'recovery-code-used': { ...notice, left: 7 },
  'second-factor-failed': notice,
  'passkey-refused': { ...notice, name: 'Work laptop' },
  'failed-tries': { ...notice, count: 12 },
  'phone-changed': { ...notice, phone: '+49 •••••• 78' },
  'api-key-created': { ...notice, name: 'Nightly backup' },
};

export const textSamples: { [Name in keyof Texts]: Texts[Name] } = {
  'phone-code': { code: '012345', lives: 600 },
  'sign-in-code-text': { code: '012345', lives: 600 },
};
