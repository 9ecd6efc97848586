import { z } from 'zod';

import type { ResourceWords } from '../domain/consent-items.ts';
import type { DeviceSession } from '../domain/device-session.ts';
import { NotFound } from '../domain/errors.ts';
import type { Ended, ReceiptReason } from '../domain/receipt.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { Devices, OfflineAccess } from '../operations/devices.ts';
import type { Endings } from '../operations/endings.ts';
import type { Receipts } from '../operations/receipts.ts';
import { action, page, show, to, view, type Ask, type Outcome, type Route, type SignedIn } from '../web/route.ts';
import { receiptsPath } from './application-places.ts';
import { devicesPath, offlinePath, othersPath } from './device-places.ts';
import { inWords, namesOf, shownDevice, shownOffline, type ShownDevice, type ShownOffline } from './device-rows.ts';

export interface DeviceEndingDeps {
  devices: Pick<Devices, 'sessions' | 'session' | 'offline' | 'offlineIn' | 'offlineOf'>;
  endings: Pick<Endings, 'session' | 'otherSessions' | 'grant'>;
  receipts: Pick<Receipts, 'create'>;
  interactions: Pick<Interactions, 'clientFace'>;
  /** The registered APIs. */
  resources: readonly ResourceWords[];
}

export interface DeviceSignOutView {
  device: ShownDevice;
  /** With access that was given in it for the time away, in words; empty: none. */
  apps: string;
}

export const deviceSignOutView = view<DeviceSignOutView>('account/device-sign-out', 'shell', 'devices.signOutTitle');

export interface OtherDevicesView {
  count: number;
  /** As in `DeviceSignOutView`, of everything that was not given in this browser. */
  apps: string;
}

export const otherDevicesView = view<OtherDevicesView>('account/other-devices', 'shell', 'devices.othersTitle');

export interface OfflineAccessView {
  access: ShownOffline;
}

export const offlineAccessView = view<OfflineAccessView>('account/offline-access', 'shell', 'devices.offlineTitle');

/**
 * No proof is asked for again, unless every page asks for one: the device that was lost may be the very one that proves
 * it, and what is ended here can be had again by signing in.
 */
const signedIn = { access: 'signed-in' } as const;

/** `asked`: whether the box stood on the page; without it everything goes, whatever came to it since. */
const signOut = z.object({ asked: z.string().optional(), offline: z.string().optional() });

/** What will happen, said before it does: to one browser, to all others, to an app that goes on without one. */
export function deviceEndingRoutes(deps: DeviceEndingDeps): Route[] {
  const { devices, endings, receipts, interactions } = deps;

  async function receipt({ account }: Asked, reason: ReceiptReason, ended: Ended): Promise<Outcome> {
    return to(`${receiptsPath}/${await receipts.create(account, reason, ended)}`);
  }

  async function otherSession({ account }: Asked, uid: string): Promise<DeviceSession> {
    const session = await devices.session(account.id, uid);
    if (!session) throw new NotFound('no session of this account');

    return session;
  }

  async function offlineAccess({ account }: Asked, grantId: string): Promise<OfflineAccess> {
    const access = await devices.offlineOf(account.id, grantId);
    if (!access) throw new NotFound('no access of this account');

    return access;
  }

  return [
    page(
      othersPath,
      otherDevicesView,
      async (ask) => {
        const { account, session } = ask;
        const [{ count }, { rows }] = await Promise.all([devices.sessions(account.id), devices.offline(account.id)]);
        const elsewhere = rows.filter(({ sessionUid }) => sessionUid !== session.uid);
        if (count < 2) return to(devicesPath);

        return { count: count - 1, apps: await appsOf(deps, ask, elsewhere) };
      },
      signedIn,
    ),

    action(
      othersPath,
      signOut,
      async (ask, input) => {
        const by = { ...byOf(ask), reason: 'signed_out', offline: endsOffline(input) };

        return receipt(ask, 'other_devices', await endings.otherSessions(ask.account, ask.session.uid, by));
      },
      signedIn,
    ),

    page(
      `${offlinePath}/:id`,
      offlineAccessView,
      async (ask): Promise<Outcome> => {
        const access = await offlineAccess(ask, ask.params.id);
        const shown = await shownOffline(access, { ...deps, ...ask });
        if (!shown) throw new NotFound('of an app that is not registered any more');

        return show(offlineAccessView, { access: shown }, { titleValues: { app: shown.app } });
      },
      signedIn,
    ),

    action(
      `${offlinePath}/:id`,
      z.object({}),
      async (ask) => {
        const { grantId } = await offlineAccess(ask, ask.params.id);

        return receipt(ask, 'access', await endings.grant(ask.account, grantId, byOf(ask)));
      },
      signedIn,
    ),

    page(
      `${devicesPath}/:id`,
      deviceSignOutView,
      async (ask) => {
        const { account, session, params, say, visitor } = ask;
        if (params.id === session.uid) return to(devicesPath);

        const [found, offline] = await Promise.all([
          otherSession(ask, params.id),
          devices.offlineIn(account.id, params.id),
        ]);
        const names = await namesOf([found], { say, interactions });

        return {
          device: shownDevice(found, { say, visitor, names, here: session.uid }),
          apps: await appsOf(deps, ask, offline),
        };
      },
      signedIn,
    ),

    action(
      `${devicesPath}/:id`,
      signOut,
      async (ask, input) => {
        // This browser signs out by its own button, which takes the cookie with it.
        if (ask.params.id === ask.session.uid) return to(devicesPath);

        const { id } = await otherSession(ask, ask.params.id);
        const by = { ...byOf(ask), reason: 'signed_out' };

        return receipt(ask, 'device', await endings.session(id, { offline: endsOffline(input), by }));
      },
      signedIn,
    ),
  ];
}

type Asked = Pick<Ask & SignedIn, 'account' | 'session' | 'say' | 'visitor'>;

function byOf({ account, visitor }: Asked) {
  return { actor: account.id, from: visitor };
}

function endsOffline({ asked, offline }: z.output<typeof signOut>): boolean {
  return asked === undefined || offline !== undefined;
}

const mostNamed = 10;

/** Each app once, in words. */
async function appsOf(
  { interactions }: Pick<DeviceEndingDeps, 'interactions'>,
  { say, visitor }: Asked,
  rows: readonly OfflineAccess[],
): Promise<string> {
  const ids = [...new Set(rows.map(({ clientId }) => clientId))];
  const faces = await Promise.all(ids.map((id) => interactions.clientFace(id)));
  const names = faces.flatMap((face) => face?.name ?? []);
  const further = names.length - mostNamed;

  return inWords(
    further > 0 ? [...names.slice(0, mostNamed), say('devices.andMore', { count: further })] : names,
    visitor.locale,
  );
}
