import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { clientFace } from '../domain/client-face.ts';
import { NotFound } from '../domain/errors.ts';
import type { LogoutFailure } from '../domain/logout-notice.ts';
import type { EndedApplication, NoticeView, ReceiptView } from '../domain/receipt.ts';
import { deviceInWords, deviceOf } from '../messages/device.ts';
import type { Receipts } from '../operations/receipts.ts';
import { page, view, type MessageKey, type Route, type Say } from '../web/route.ts';
import { activityPath } from './activity-places.ts';
import { applicationsPath, receiptsPath } from './application-places.ts';
import { devicesPath } from './device-places.ts';

export interface ReceiptsDeps {
  receipts: Pick<Receipts, 'of'>;
  clock: Clock;
}

/** Times in milliseconds. */
export interface ReceiptPage extends Pick<ReceiptView, 'at' | 'expiresAt' | 'keys'> {
  /** What was pressed. */
  what: MessageKey;
  sessions: { /** In words. */ name: string; ip: string; signedInAt?: number }[];
  applications: EndedHere[];
  /** Whether an access token that nobody can call back may still be out. */
  isOut: boolean;
  /** Where it was pressed. */
  back: { path: string; label: MessageKey };
}

export interface EndedHere extends Omit<EndedApplication, 'clientId'> {
  notices: { what: MessageKey; at?: number; why?: MessageKey }[];
}

export const receiptView = view<ReceiptPage>('account/receipt', 'shell', 'receipt.title');

/** What was pressed, in words. */
export const endings = {
  device: 'receipt.device',
  other_devices: 'receipt.otherDevices',
  access: 'receipt.access',
  application: 'receipt.application',
  disowned: 'receipt.disowned',
  administrator: 'receipt.administrator',
} as const satisfies Record<ReceiptView['reason'], MessageKey>;

const all = { path: applicationsPath, label: 'applications.all' } as const;
const here = { path: devicesPath, label: 'devices.all' } as const;

const pressedAt = {
  device: here,
  other_devices: here,
  access: here,
  application: all,
  disowned: { path: activityPath, label: 'activity.title' },
  administrator: all,
} as const satisfies Record<ReceiptView['reason'], ReceiptPage['back']>;

const notices = {
  sending: 'receipt.sending',
  delivered: 'receipt.delivered',
  retrying: 'receipt.retrying',
  failed: 'receipt.failed',
  dropped: 'receipt.dropped',
} as const satisfies Record<NoticeView['state'], MessageKey>;

const whys = {
  refused: 'receipt.why.refused',
  other_answer: 'receipt.why.otherAnswer',
  no_answer: 'receipt.why.noAnswer',
} as const satisfies Record<LogoutFailure, MessageKey>;

/** Milliseconds. */
const minute = 60_000;

/** What was ended, and how far the apps that want to hear of it have been told: to be opened again while that goes on. */
export function receiptRoutes({ receipts, clock }: ReceiptsDeps): Route[] {
  return [
    page(
      `${receiptsPath}/:id`,
      receiptView,
      async ({ account, params: { id }, say }) => shownReceipt(await found(account, id), { say, now: clock.now() }),
      { access: 'signed-in' },
    ),
  ];

  /** Throws NotFound, also for somebody else's. */
  async function found({ id: accountId }: Account, id: string): Promise<ReceiptView> {
    const receipt = await receipts.of(accountId, id);
    if (!receipt) throw new NotFound('no such receipt of this account');

    return receipt;
  }
}

function shownReceipt(
  { at, expiresAt, reason, sessions, applications, keys }: ReceiptView,
  { say, now }: { say: Say; now: number },
): ReceiptPage {
  return {
    at,
    expiresAt,
    keys,
    what: endings[reason],
    back: pressedAt[reason],
    sessions: sessions.map(({ userAgent, ...facts }) => ({ ...facts, name: deviceInWords(deviceOf(userAgent), say) })),
    applications: applications.map(({ clientId, name, notices: told, accessTokensUntil, ...counts }) => ({
      ...counts,
      ...(accessTokensUntil !== undefined && accessTokensUntil > now && { accessTokensUntil }),
      // As whoever registered it has called it (S21); it may be gone by now.
      name: clientFace({ id: clientId, metadata: { client_name: name } }).name,
      notices: told.map((notice) => noticeInWords(notice, now)),
    })),
    isOut: applications.some(({ accessTokensUntil = 0 }) => accessTokensUntil > now),
  };
}

function noticeInWords(notice: NoticeView, now: number): EndedHere['notices'][number] {
  // In words, that is "now", over and over again.
  if (notice.state === 'retrying' && notice.at - now < minute) {
    return { what: 'receipt.retryingNow', why: whys[notice.why] };
  }

  return {
    what: notices[notice.state],
    ...('at' in notice && { at: notice.at }),
    ...('why' in notice && { why: whys[notice.why] }),
  };
}
