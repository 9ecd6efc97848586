import { applicationView, removalView, type ApplicationView } from '../../src/account/application.ts';
import { applicationsView, type ApplicationsView, type ShownApplication } from '../../src/account/applications.ts';
import { receiptView, type ReceiptPage } from '../../src/account/receipts.ts';
import type { ConsentItem } from '../../src/domain/consent-items.ts';
import { itemInWords, timeInWords } from '../../src/domain/consent-words.ts';
import * as asked from '../consent/page.ts';
import { payroll, wiki } from '../support/interactions.ts';
import { day, now, sample, type Sample, type Told } from './sample.ts';

const hour = 3_600_000;
const lasts = { signedIn: 30 * 86_400, away: 90 * 86_400 };
const longName = 'Arbeitszeiterfassungsverwaltungsgesellschaftsportal Hamburg';

const path = '/account/applications/wiki';

function rows({ say }: Told): ShownApplication[] {
  return [
    {
      path: '/account/applications/account-console',
      name: say('applications.console'),
      isOurs: true,
      isOffline: false,
      inUse: true,
      permissions: say('applications.everything'),
      lastUsedAt: now,
      website: { url: 'https://id.example.com/account', host: 'id.example.com' },
    },
    {
      path,
      name: longName,
      isOurs: false,
      isOffline: true,
      inUse: true,
      permissions: [say('consent.scope.profile'), say('consent.scope.email'), say('consent.scope.offline')].join(' · '),
      grantedAt: now - 40 * day,
      lastUsedAt: now - 2 * hour,
      logoUri: 'https://wiki.example.net/logo.png',
      website: { url: 'https://wiki.example.net/', host: 'wiki.example.net' },
    },
    {
      path: '/account/applications/calendar',
      name: 'Calendar',
      isOurs: false,
      isOffline: false,
      inUse: false,
      permissions: say('consent.scope.openid'),
      grantedAt: now - 400 * day,
      lastUsedAt: now - 300 * day,
    },
    {
      path: '/account/applications/portal',
      name: 'Portal',
      isOurs: true,
      isOffline: false,
      inUse: false,
      permissions: '',
    },
  ];
}

const ended: ApplicationsView['ended'] = [
  { path: '/account/receipts/1', what: 'receipt.application', at: now - hour },
  { path: '/account/receipts/2', what: 'receipt.otherDevices', at: now - 3 * day },
];

function details({ locale }: Told, { offline = true } = {}): ApplicationView {
  const inWords = (item: ConsentItem) => itemInWords(item, locale, lasts);
  const items = [asked.openid, asked.profile, asked.email, asked.files, ...(offline ? [asked.offline] : [])];

  return {
    client: { ...wiki, logoUri: 'https://wiki.example.net/logo.png' },
    website: { url: 'https://wiki.example.net/', host: 'wiki.example.net' },
    path,
    isConsole: false,
    isNarrowable: true,
    items: items.map((item) => inWords({ ...item, allowed: true })),
    refused: [],
    isOffline: offline,
    inUse: true,
    grantedAt: now - 40 * day,
    lastUsedAt: now - 2 * hour,
    lasts: { signedIn: timeInWords(lasts.signedIn, locale), away: timeInWords(lasts.away, locale) },
  };
}

const named = { titleValues: { client: wiki.name } };

export const applicationSamples: readonly Sample[] = [
  sample(applicationsView, (told) => ({ rows: rows(told), count: 4, hasOthers: true, ended })),
  sample(applicationsView, (told) => ({ rows: rows(told).slice(0, 1), count: 1, hasOthers: false, ended: [] }), {
    as: 'without any of others',
    notice: 'applications.gone',
  }),
  sample(
    applicationsView,
    (told) => ({
      rows: rows(told),
      count: 41,
      search: '',
      hasOthers: true,
      next: '/account/applications?after=x',
      ended: [],
    }),
    { as: 'of many' },
  ),
  sample(applicationsView, () => ({ rows: [], count: 0, search: 'calender', hasOthers: true, ended: [] }), {
    as: 'with none found',
  }),

  sample(applicationView, (told) => details(told), { ...named, notice: 'applications.unchanged' }),
  sample(
    applicationView,
    (told) => ({
      ...details(told, { offline: false }),
      client: { ...wiki, name: longName },
      refused: [asked.item('claim:birthdate', { claim: 'birthdate' }), asked.offline].map((item) =>
        itemInWords(item, told.locale, lasts),
      ),
      inUse: false,
    }),
    { ...named, as: 'narrowed', notice: 'applications.narrowed' },
  ),
  sample(
    applicationView,
    (told) => ({ ...details(told), client: payroll, path: '/account/applications/payroll', isNarrowable: false }),
    { ...named, as: 'of ours' },
  ),
  sample(
    applicationView,
    ({ say, ...told }) => {
      const { grantedAt: _, website: __, ...rest } = details({ say, ...told }, { offline: false });

      return {
        ...rest,
        client: { ...payroll, name: say('applications.console') },
        isConsole: true,
        isNarrowable: false,
        items: [],
      };
    },
    { ...named, as: 'the console' },
  ),
  sample(removalView, () => ({ client: wiki, path, isOffline: true }), named),
  sample(removalView, () => ({ client: { ...wiki, name: longName }, path, isOffline: false }), {
    ...named,
    as: 'of a long name',
    notice: 'problem.applicationOurs',
  }),

  sample(receiptView, ({ say }): ReceiptPage => ({
    at: now - 60_000,
    expiresAt: now + 30 * day,
    what: 'receipt.otherDevices',
    back: { path: '/account/devices', label: 'devices.all' },
    keys: [],
    sessions: [
      {
        name: say('message.deviceOn', { browser: 'Firefox', system: 'Windows' }),
        ip: '2001:db8:85a3:8d3:1319:8a2e:370:7348',
        signedInAt: now - 3 * day,
      },
      { name: say('message.deviceUnknown'), ip: '203.0.113.9' },
    ],
    applications: [
      {
        name: longName,
        grants: 2,
        refreshTokens: 1,
        accessTokensUntil: now + hour,
        notices: [
          { what: 'receipt.delivered', at: now },
          { what: 'receipt.retrying', at: now + hour, why: 'receipt.why.noAnswer' },
          { what: 'receipt.failed', at: now - hour, why: 'receipt.why.refused' },
          { what: 'receipt.sending' },
          { what: 'receipt.dropped', at: now },
        ],
      },
      { name: 'Calendar', grants: 1, refreshTokens: 0, notices: [] },
    ],
    isOut: true,
  })),
  sample(
    receiptView,
    (): ReceiptPage => ({
      at: now,
      expiresAt: now + 30 * day,
      what: 'receipt.application',
      back: { path: '/account/applications', label: 'applications.all' },
      keys: [],
      sessions: [],
      applications: [
        {
          name: 'Wiki',
          grants: 1,
          refreshTokens: 1,
          notices: [
            { what: 'receipt.failed', at: now, why: 'receipt.why.otherAnswer' },
            { what: 'receipt.retryingNow', why: 'receipt.why.noAnswer' },
          ],
        },
      ],
      isOut: false,
    }),
    { as: 'of an application' },
  ),
  sample(
    receiptView,
    (): ReceiptPage => ({
      at: now,
      expiresAt: now + 30 * day,
      what: 'receipt.disowned',
      back: { path: '/account/activity', label: 'activity.title' },
      keys: [],
      sessions: [],
      applications: [],
      isOut: false,
    }),
    { as: 'of nothing' },
  ),
  sample(
    receiptView,
    (): ReceiptPage => ({
      at: now,
      expiresAt: now + 30 * day,
      what: 'receipt.disowned',
      back: { path: '/account/activity', label: 'activity.title' },
      keys: [{ name: 'Nightly backup', prefix: 'gthk_4fQz9K' }],
      sessions: [],
      applications: [],
      isOut: false,
    }),
    { as: 'of a key', onlyWords: true },
  ),
];
