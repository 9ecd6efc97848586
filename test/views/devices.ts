import { deviceSignOutView, offlineAccessView, otherDevicesView } from '../../src/account/device-endings.ts';
import type { ShownDevice, ShownOffline } from '../../src/account/device-rows.ts';
import { devicesView } from '../../src/account/devices.ts';
import { backup as backupKey } from './api-keys.ts';
import { day, now, sample, type Sample, type Told } from './sample.ts';

const minute = 60_000;

const here = ({ say }: Told): ShownDevice => ({
  id: 'here',
  isHere: true,
  icon: 'laptop',
  name: say('message.deviceOn', { browser: 'Firefox', system: 'macOS' }),
  ip: '203.0.113.7',
  signedInAt: now - 3 * 3_600_000,
  proofs: say('devices.by.passkey'),
  lastAccessedAt: now - 20_000,
  expiresAt: now + 12 * day,
  apps: 'Account console, Payroll',
});

const phone = ({ say, locale }: Told): ShownDevice => ({
  id: 'phone',
  isHere: false,
  icon: 'phone',
  name: say('message.deviceOn', { browser: 'Safari', system: 'iOS' }),
  ip: '2001:db8:4:7:aaaa:bbbb:cccc:21',
  signedInAt: now - 5 * day,
  proofs: new Intl.ListFormat(locale).format([say('devices.by.password'), say('devices.by.appCode')]),
  lastAccessedAt: now - 2 * 3_600_000,
  expiresAt: now + 9 * day,
  apps: 'Calendar',
});

/** Of which next to nothing is known. */
const unknown = ({ say }: Told): ShownDevice => ({
  id: 'unknown',
  isHere: false,
  icon: 'globe',
  name: say('message.deviceUnknown'),
  ip: '',
  signedInAt: now - 40 * minute,
  proofs: '',
  lastAccessedAt: now - 40 * minute,
  expiresAt: now + 13 * day,
  apps: '',
});

const mail = ({ say }: Told): ShownOffline => ({
  id: 'mail',
  app: 'Mail for Desktop',
  permissions: [say('consent.scope.openid'), say('consent.scope.profile'), say('consent.scope.email')],
  givenAt: now - 20 * day,
  lastUsedAt: now - 5 * 3_600_000,
  ip: '203.0.113.7',
});

const backup = ({ say }: Told): ShownOffline => ({
  id: 'backup',
  app: 'Nightly-backup-of-everything-that-is-stored-anywhere-at-all',
  permissions: [say('consent.scope.openid')],
  givenAt: now - 60 * day,
  lastUsedAt: now - day,
});

const television = ({ say }: Told): ShownOffline => ({
  id: 'television',
  app: 'Television',
  permissions: [say('consent.scope.openid')],
  givenAt: now - minute,
  lastUsedAt: now - minute,
  ip: '203.0.113.9',
  device: say('message.deviceUnknown'),
});

export const deviceSamples: readonly Sample[] = [
  sample(devicesView, (told) => ({
    acting: { count: 1, more: false },
    browsers: { count: 1, rows: [here(told)] },
    offline: { rows: [], more: false },
  })),
  sample(
    devicesView,
    (told) => ({
      acting: { count: 1234, more: true },
      browsers: { count: 1232, rows: [here(told), phone(told), unknown(told)], next: 'older' },
      offline: { rows: [television(told), mail(told), backup(told)], more: true, next: 'older' },
      keys: [backupKey(told)],
    }),
    { as: 'of somebody who is signed in everywhere', notice: 'problem.sendAgain' },
  ),
  sample(devicesView, (told) => ({ browsers: { count: 40, rows: [phone(told)] } }), {
    as: 'older browsers',
    onlyWords: true,
  }),
  sample(devicesView, (told) => ({ offline: { rows: [mail(told)], more: false } }), {
    as: 'older access',
    onlyWords: true,
  }),
  sample(deviceSignOutView, (told) => ({ device: phone(told), apps: '' }), { onlyWords: true }),
  sample(deviceSignOutView, (told) => ({ device: unknown(told), apps: 'Mail for Desktop, Wiki' }), {
    as: 'with access for the time away',
  }),
  sample(otherDevicesView, () => ({ count: 1, apps: '' }), { onlyWords: true }),
  sample(
    otherDevicesView,
    ({ say, locale }) => ({
      count: 3,
      apps: new Intl.ListFormat(locale).format(['Mail for Desktop', 'Wiki', say('devices.andMore', { count: 4 })]),
    }),
    { as: 'with access for the time away' },
  ),
  sample(offlineAccessView, (told) => ({ access: mail(told) }), { titleValues: { app: 'Mail for Desktop' } }),
];
