import type { DeviceSession } from '../domain/device-session.ts';
import type { Devices } from '../operations/devices.ts';
import { page, view, type Ask, type SignedIn } from '../web/route.ts';
import type { ApiKeys } from '../operations/api-keys.ts';
import { shownApiKey, type ShownApiKey } from './api-key-rows.ts';
import { deviceEndingRoutes, type DeviceEndingDeps } from './device-endings.ts';
import { devicesPath as path } from './device-places.ts';
import { namesOf, shownDevice, shownOffline, type ShownDevice, type ShownOffline } from './device-rows.ts';
import type { ConsolePage } from './page.ts';

export interface DevicesDeps extends DeviceEndingDeps {
  devices: Devices;
  apiKeys: Pick<ApiKeys, 'list' | 'offered'>;
}

export interface DevicesView {
  /** How many things can act for the person; `more`: at least so many. Only where both lists begin. */
  acting?: { count: number; more: boolean };
  /** Absent where the other list goes on. */
  browsers?: { count: number; rows: ShownDevice[]; /** A cursor. */ next?: string };
  offline?: { rows: ShownOffline[]; more: boolean; next?: string };
  /** With the other access, where both lists begin. */
  keys?: ShownApiKey[];
}

export const devicesView = view<DevicesView>('account/devices', 'shell', 'devices.title');

/** Everything that is signed in as the person, or acts for them while they are away, and the way to the end of each. */
export const devices: ConsolePage<DevicesDeps> = {
  place: { path, label: 'devices.title', icon: 'laptop' },

  routes: (deps) => [
    page(
      path,
      devicesView,
      async (ask): Promise<DevicesView> => {
        const { browsers, offline } = ask.query;

        if (browsers !== undefined) return { browsers: await browsersShown(deps, ask, browsers) };
        if (offline !== undefined) return { offline: await offlineShown(deps, ask, offline) };

        const [signedIn, away, keys] = await Promise.all([
          browsersShown(deps, ask),
          offlineShown(deps, ask),
          deps.apiKeys.list(ask.account.id),
        ]);
        const words = { offered: deps.apiKeys.offered, locale: ask.visitor.locale };

        return {
          acting: { count: signedIn.count + away.rows.length + keys.length, more: away.more },
          browsers: signedIn,
          offline: away,
          keys: keys.map((key) => shownApiKey(key, words)),
        };
      },
      { access: 'signed-in', ahead: (id) => [...deps.devices.ahead(id), deps.apiKeys.list(id)] },
    ),
    ...deviceEndingRoutes(deps),
  ],
};

type Asked = Ask & SignedIn;

/** The one that asks comes first, on the first page alone. */
async function browsersShown(
  deps: DevicesDeps,
  ask: Asked,
  after?: string,
): Promise<NonNullable<DevicesView['browsers']>> {
  const { account, session } = ask;
  const { rows, next, count } = await deps.devices.sessions(account.id, after);
  const others = rows.filter(({ id }) => id !== session.uid);
  const here = after === undefined ? await hereIn(deps, ask, rows) : [];
  const names = await namesOf([...here, ...others], { ...deps, say: ask.say });

  return {
    count,
    rows: [...here, ...others].map((row) => shownDevice(row, { ...ask, names, here: session.uid })),
    ...(next !== undefined && { next }),
  };
}

async function hereIn(
  { devices: { session } }: DevicesDeps,
  { account, session: { uid } }: Asked,
  rows: readonly DeviceSession[],
): Promise<DeviceSession[]> {
  const here = rows.find(({ id }) => id === uid) ?? (await session(account.id, uid));

  return here ? [here] : [];
}

async function offlineShown(
  deps: DevicesDeps,
  ask: Asked,
  after?: string,
): Promise<NonNullable<DevicesView['offline']>> {
  const { rows, next } = await deps.devices.offline(ask.account.id, after);

  const shown = await Promise.all(rows.map((row) => shownOffline(row, { ...deps, ...ask })));

  return {
    rows: shown.filter((one) => one !== undefined),
    more: next !== undefined,
    ...(next !== undefined && { next }),
  };
}
