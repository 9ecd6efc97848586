import type { Account, Locale } from '../domain/account.ts';
import type { ResourceWords } from '../domain/consent-items.ts';
import { clientsOf, lastAccessOf, type DeviceSession } from '../domain/device-session.ts';
import { deviceInWords, deviceOf } from '../messages/device.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { OfflineAccess } from '../operations/devices.ts';
import type { IconName, MessageKey, Say, Visitor } from '../web/route.ts';
import { nameOf } from './applications.ts';
import { permissionsInWords } from './permission-words.ts';

/** A browser that is signed in, as its row shows it. Times in milliseconds. */
export interface ShownDevice {
  id: string;
  isHere: boolean;
  icon: IconName;
  /** In words. */
  name: string;
  ip: string;
  signedInAt: number;
  /** With what, in words; empty: that is not known. */
  proofs: string;
  lastAccessedAt: number;
  expiresAt: number;
  /** The apps that were used in it, in words; empty: none. */
  apps: string;
}

/** An app that goes on while the person is away, as its row shows it. Times in milliseconds. */
export interface ShownOffline {
  id: string;
  app: string;
  /** What it may do, in words. */
  permissions: string[];
  givenAt: number;
  lastUsedAt: number;
  ip?: string;
  /** Of a device without a browser: what it is, in words. */
  device?: string;
}

/** Client id -> name. Each is looked for once; what is not registered any more has none. */
export async function namesOf(
  sessions: readonly DeviceSession[],
  { say, interactions }: { say: Say; interactions: Pick<Interactions, 'clientFace'> },
): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(sessions.flatMap((session) => Object.keys(clientsOf(session))))];
  const faces = await Promise.all(ids.map((id) => interactions.clientFace(id)));

  return new Map(faces.flatMap((face) => (face ? [[face.id, nameOf(face, { say }).name]] : [])));
}

export interface DeviceWords {
  say: Say;
  visitor: Pick<Visitor, 'locale'>;
  names: ReadonlyMap<string, string>;
  /** The session that asks. */
  here: string;
}

export function shownDevice(session: DeviceSession, { say, visitor, names, here }: DeviceWords): ShownDevice {
  const device = deviceOf(session.userAgent);
  const apps = Object.keys(clientsOf(session)).flatMap((id) => names.get(id) ?? []);

  return {
    id: session.id,
    isHere: session.id === here,
    icon: device.kind === undefined ? 'globe' : device.kind === 'desktop' ? 'laptop' : 'phone',
    name: deviceInWords(device, say),
    ip: session.ip,
    signedInAt: session.signedInAt ?? session.createdAt,
    proofs: inWords(
      proofsOf(session.amr).map((key) => say(key)),
      visitor.locale,
    ),
    lastAccessedAt: lastAccessOf(session),
    expiresAt: session.expiresAt,
    apps: inWords(apps, visitor.locale),
  };
}

export interface OfflineWords {
  say: Say;
  account: Account;
  interactions: Pick<Interactions, 'clientFace'>;
  /** The registered APIs. */
  resources: readonly ResourceWords[];
}

/** Undefined: its app is not registered any more, so nothing can be done with it. */
export async function shownOffline(
  { grantId: id, clientId, givenAt, lastUsedAt, ip, device, ...permissions }: OfflineAccess,
  { account, interactions, resources, say }: OfflineWords,
): Promise<ShownOffline | undefined> {
  const face = await interactions.clientFace(clientId);
  if (!face) return undefined;

  return {
    id,
    app: face.name,
    permissions: permissionsInWords(permissions, account, resources),
    givenAt,
    lastUsedAt,
    ...(ip !== undefined && { ip }),
    ...(device && { device: deviceInWords(deviceOf(device.userAgent), say) }),
  };
}

/**
 * What was proved in a session, as far as it says so (RFC 8176): a code from an app and a recovery code have one name
 * there, and so has one from the mailbox, which makes no second factor of itself (S83).
 */
function proofsOf(amr: readonly string[]): MessageKey[] {
  const has = (name: string): boolean => amr.includes(name);
  const isPasskey = has('hwk') || has('swk');
  const isAlone = has('pwd') && !isPasskey && !has('sms');
  const code: MessageKey = !isAlone ? 'devices.by.code' : has('mfa') ? 'devices.by.appCode' : 'devices.by.mailCode';
  const proofs: [boolean, MessageKey][] = [
    [has('pwd'), 'devices.by.password'],
    [isPasskey, 'devices.by.passkey'],
    [has('otp'), code],
    [has('sms'), 'devices.by.textCode'],
  ];

  return proofs.flatMap(([isProved, key]) => (isProved ? [key] : []));
}

const lists = new Map<Locale, Intl.ListFormat>();

export function inWords(words: readonly string[], locale: Locale): string {
  const list = lists.get(locale) ?? new Intl.ListFormat(locale, { type: 'conjunction' });
  lists.set(locale, list);

  return list.format(words);
}
