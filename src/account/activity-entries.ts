import type { ActivityActor, ActivityEvent } from '../events/activity.ts';
import { deviceInWords, deviceOf } from '../messages/device.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { Ask, IconName, MessageKey } from '../web/route.ts';
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

export function entryOf(event: ActivityEvent, { say }: Pick<Ask, 'say'>, names: ReadonlyMap<string, string>): Entry {
  const { id, at, leftOut, clientId } = event;
  const { facts, ...words } = wordsOf(event, { say });
  const by = doers[event.by];

  const all: (Fact | undefined)[] = [
    clientId === undefined
      ? undefined
      : { label: 'activity.fact.app', value: names.get(clientId) ?? say('activity.appGone') },
    ...facts,
    by && { label: 'activity.fact.by', value: say(by) },
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

function placeOf({ from, unreadable }: ActivityEvent, say: Ask['say']): Fact[] {
  if (unreadable) return [{ label: 'message.fact.device', value: say('activity.unreadable') }];
  if (!from) return [];

  const device = from.program ? say('activity.appServer') : deviceInWords(deviceOf(from.userAgent), say);

  return [
    { label: 'message.fact.device', value: device },
    { label: 'message.fact.ip', value: from.ip },
  ];
}
