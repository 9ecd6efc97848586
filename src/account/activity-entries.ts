import type { EndedKey } from '../domain/api-key.ts';
import { resourceItem, type ResourceWords } from '../domain/consent-items.ts';
import type { ActivityActor, ActivityEvent } from '../events/activity.ts';
import { deviceInWords, deviceOf } from '../messages/device.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { ApiKeys } from '../operations/api-keys.ts';
import type { Ask, IconName, MessageKey, SignedIn } from '../web/route.ts';
import { scopeInWords } from './api-key-rows.ts';
import { nameOf } from './applications.ts';
import { wordsOf, type Fact } from './activity-words.ts';

/** An event as its row shows it. */
export interface Entry {
  id: string;
  icon: IconName;
  title: string;
  warns: boolean;
  /** How many others like it it stands for. */
  leftOut: number;
  /** Milliseconds. */
  at: number;
  facts: { label: string; value: string }[];
  /** Whether it can be said of it that it wasn't the person. */
  disputable: boolean;
}

const doers: Partial<Readonly<Record<ActivityActor, MessageKey>>> = {
  operator: 'activity.by.operator',
  administrator: 'activity.by.administrator',
};

/** Client id -> name. Each is looked for once; what is not registered any more has none. */
export async function appNames(
  { clientFace }: Pick<Interactions, 'clientFace'>,
  ids: readonly (string | undefined)[],
  ask: Pick<Ask, 'say'>,
): Promise<ReadonlyMap<string, string>> {
  const wanted = [...new Set(ids)].filter((id) => id !== undefined);
  const faces = await Promise.all(wanted.map(clientFace));

  return new Map(faces.flatMap((face) => (face ? [[face.id, nameOf(face, ask).name]] : [])));
}

export interface NamesDeps {
  interactions: Pick<Interactions, 'clientFace'>;
  apiKeys: Pick<ApiKeys, 'list'>;
  /** The registered APIs. */
  resources: readonly ResourceWords[];
}

/**
 * Client id, `key:<id>` or `ConsentItem.id` of an API's -> name or words, of all that these events name. What is gone has
 * none.
 */
export async function namesIn(
  { interactions, apiKeys, resources }: NamesDeps,
  { account, say, visitor: { locale } }: Pick<Ask & SignedIn, 'account' | 'say' | 'visitor'>,
  events: readonly ActivityEvent[],
): Promise<ReadonlyMap<string, string>> {
  const apps = events.flatMap(({ clientId, by, byId }) => [clientId, by === 'app' ? byId : undefined]);
  const [ofApps, keys] = await Promise.all([
    appNames(interactions, apps, { say }),
    events.some(({ by }) => by === 'key') ? apiKeys.list(account.id) : [],
  ]);

  return new Map([
    ...ofApps,
    ...keys.map(({ id, ...key }) => [`key:${id}`, keyInWords(key)] as const),
    ...resources.flatMap(({ identifier, scopes }) =>
      scopes.map((scope) => [resourceItem(identifier, scope.name), scopeInWords(scope, locale)] as const),
    ),
  ]);
}

export function keyInWords({ name, prefix }: EndedKey): string {
  return `${name} (${prefix}…)`;
}

export function entryOf(event: ActivityEvent, { say }: Pick<Ask, 'say'>, names: ReadonlyMap<string, string>): Entry {
  const { id, at, leftOut, clientId } = event;
  const { facts, ...words } = wordsOf(event, { say, names });

  const all: (Fact | undefined)[] = [
    clientId === undefined
      ? undefined
      : { label: 'activity.fact.app', value: names.get(clientId) ?? say('activity.appGone') },
    ...facts,
    doerOf(event, say, names),
    ...placeOf(event, say),
  ];

  return {
    id,
    at,
    leftOut,
    ...words,
    facts: all.flatMap((fact) => (fact ? [{ label: say(fact.label), value: fact.value }] : [])),
  };
}

function doerOf(
  { by, byId = '', clientId }: ActivityEvent,
  say: Ask['say'],
  names: ReadonlyMap<string, string>,
): Fact | undefined {
  const label = 'activity.fact.by';

  if (by === 'key') {
    const name = names.get(`key:${byId}`);

    return { label, value: name === undefined ? say('activity.by.keyGone') : say('activity.by.key', { name }) };
  }

  // What an app is in anyway names it already.
  if (by === 'app') {
    return byId === clientId ? undefined : { label, value: names.get(byId) ?? say('activity.appGone') };
  }

  const doer = doers[by];

  return doer && { label, value: say(doer) };
}

function placeOf({ from, unreadable }: ActivityEvent, say: Ask['say']): Fact[] {
  if (unreadable) return [{ label: 'message.fact.device', value: say('activity.unreadable') }];
  if (!from) return [];

  const device = from.program ? say('activity.appServer') : deviceInWords(deviceOf(from.userAgent), say);

  return [
    { label: 'message.fact.device', value: device },
    { label: 'message.fact.ip', value: from.ip },
    ...(from.device
      ? ([
          { label: 'devices.withoutBrowser', value: deviceInWords(deviceOf(from.device.userAgent), say) },
          { label: 'devices.deviceIp', value: from.device.ip },
        ] as const)
      : []),
  ];
}
