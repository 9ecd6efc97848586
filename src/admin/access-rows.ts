import type { ApiKey } from '../domain/api-key.ts';
import type { ResourceWords } from '../domain/consent-items.ts';
import { clientsOf, lastAccessOf, type DeviceSession } from '../domain/device-session.ts';
import type { ActivityActor, ActivityEvent } from '../events/activity.ts';
import { deviceInWords, deviceOf } from '../messages/device.ts';
import type { OfflineAccess } from '../operations/devices.ts';
import type { IconName, MessageKey, Say, Visitor } from '../web/route.ts';

/** How the rows about somebody's access and activity read. Times in milliseconds. */

interface Words {
  say: Say;
  visitor: Pick<Visitor, 'locale'>;
  nameOf(clientId: string): Promise<string>;
}

export async function sessionShown(session: DeviceSession, { say, visitor, nameOf }: Words) {
  const device = deviceOf(session.userAgent);
  const apps = await Promise.all(Object.keys(clientsOf(session)).map(nameOf));
  const icon: IconName = device.kind === undefined ? 'globe' : device.kind === 'desktop' ? 'laptop' : 'phone';

  return {
    id: session.id,
    isHere: false,
    icon,
    name: deviceInWords(device, say),
    ip: session.ip,
    signedInAt: session.signedInAt ?? session.createdAt,
    proofs: '',
    lastAccessedAt: lastAccessOf(session),
    expiresAt: session.expiresAt,
    apps: new Intl.ListFormat(visitor.locale, { type: 'conjunction' }).format(apps),
  };
}

export async function offlineShown(access: OfflineAccess, { say, nameOf }: Words) {
  const { grantId: id, clientId, scopes, givenAt, lastUsedAt, ip, device } = access;

  return {
    id,
    app: await nameOf(clientId),
    /** As the protocol names them. */
    permissions: scopes,
    givenAt,
    lastUsedAt,
    ...(ip !== undefined && { ip }),
    ...(device && { device: deviceInWords(deviceOf(device.userAgent), say) }),
  };
}

export function keyShown(
  { accountId: _, hash: _hash, slot: _slot, audience, scopes, ...facts }: ApiKey,
  offered: readonly ResourceWords[],
) {
  const api = offered.find(({ identifier }) => identifier === audience);

  return { ...facts, ...(api && { api: api.name }), permissions: scopes };
}

/** An event as its row shows it. */
export interface ShownHappening {
  title: MessageKey;
  leftOut: number;
  entry: { at: number; facts: { label: string; value: string }[] };
}

const doers: Partial<Readonly<Record<ActivityActor, MessageKey>>> = {
  operator: 'activity.by.operator',
  administrator: 'activity.by.administrator',
};

export async function happeningsIn(
  events: readonly ActivityEvent[],
  { say, nameOf }: Words,
): Promise<ShownHappening[]> {
  return Promise.all(
    events.map(async ({ kind, at, by, clientId, from, leftOut }) => {
      const doer = doers[by];
      const facts: [MessageKey, string][] = [
        ...(clientId === undefined
          ? []
          : [['activity.fact.app', await nameOf(clientId)] satisfies [MessageKey, string]]),
        ...(doer ? [['activity.fact.by', say(doer)] satisfies [MessageKey, string]] : []),
        ...(from
          ? ([
              [
                'message.fact.device',
                from.program ? say('activity.appServer') : deviceInWords(deviceOf(from.userAgent), say),
              ],
              ['message.fact.ip', from.ip],
            ] satisfies [MessageKey, string][])
          : []),
      ];

      return {
        title: `activity.kind.${kind}` as const,
        leftOut,
        entry: { at, facts: facts.map(([label, value]) => ({ label: say(label), value })) },
      };
    }),
  );
}
