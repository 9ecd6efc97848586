import { z } from 'zod';

import type { ResourceWords } from '../domain/consent-items.ts';
import { NotFound } from '../domain/errors.ts';
import type { Activity, ActivityEvent } from '../events/activity.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { AddedShown } from '../operations/added-factors.ts';
import type { ApiKeys } from '../operations/api-keys.ts';
import type { Disowned, Disowning, MadeSince } from '../operations/disowning.ts';
import { action, page, show, view, type Ask, type MessageKey, type Route, type SignedIn } from '../web/route.ts';
import { appNames, entryOf, keyInWords, namesIn, type Entry } from './activity-entries.ts';
import { activityPath } from './activity-places.ts';

export interface DisputeDeps {
  interactions: Pick<Interactions, 'clientFace' | 'renewSession'>;
  activity: Pick<Activity, 'find'>;
  disowning: Disowning;
  apiKeys: Pick<ApiKeys, 'list'>;
  resources: readonly ResourceWords[];
}

export interface ActivityEntryView {
  entry: Entry;
  /** What goes if it wasn't the person; absent where nobody was in the account by it. */
  goes?: Pick<MadeSince, 'formerEmail'> & {
    /** By name, so many, and how many more there are. */
    apps: string[];
    moreApps: number;
    /** API keys, in words; empty: none. */
    keys: string;
    /** The one by which it was done, in words, where it is older. */
    key?: string;
    factors: (NamedFactor & { field: string })[];
  };
}

/** A way to sign in, as people know it. */
export interface NamedFactor {
  what: MessageKey;
  /** As it is called by whoever added it. */
  name?: string;
  /** When it was added, in milliseconds. */
  at: number;
}

export const activityEntryView = view<ActivityEntryView>('account/activity-entry', 'shell', 'activity.entry');

export interface DisownedView extends Omit<Disowned, 'removed'> {
  removed: NamedFactor[];
}

export const disownedView = view<DisownedView>('account/disowned', 'shell', 'activity.doneTitle');

const mostNames = 20;

/** Each box is a field of its own: what is not ticked does not arrive, and goes. */
const answer = z.looseObject({});
const field = (key: string): string => `keep-${key}`;

/** What an entry was, and "This wasn't me": what that does stands there before its button is pressed. */
export function disputeRoutes(deps: DisputeDeps): Route[] {
  const { activity, disowning, interactions } = deps;

  async function find({ account, params: { id } }: SignedIn & { params: { id: string } }): Promise<ActivityEvent> {
    const event = await activity.find(account, id);
    if (!event) throw new NotFound('no such event of this account');

    return event;
  }

  return [
    page(
      `${activityPath}/:id`,
      activityEntryView,
      async (ask) => {
        const event = await find(ask);
        const names = await namesIn(deps, ask, [event]);
        const entry = entryOf(event, ask, names);

        return entry.disputable ? { entry, goes: await goesWith(deps, ask, event) } : { entry };
      },
      { access: 'signed-in' },
    ),

    action(
      `${activityPath}/:id`,
      answer,
      async (ask, input) => {
        const { account, session, visitor, exchange } = ask;
        const event = await find(ask);
        if (!entryOf(event, ask, new Map()).disputable) throw new NotFound('nothing to take back');

        const { factors } = await disowning.madeSince(account, event);
        const keeps = factors.map(({ key }) => key).filter((key) => field(key) in input);
        const { removed, ...done } = await disowning.disown(
          account,
          { event, keeps, sessionUid: session.uid },
          { actor: account.id, from: visitor },
        );

        // Whoever has a copy of this session's cookie is not in it any more either.
        await interactions.renewSession(exchange);

        return show(disownedView, { ...done, removed: removed.map(inWords) });
      },
      { access: 'recent' },
    ),
  ];
}

async function goesWith(
  { disowning, interactions }: DisputeDeps,
  { account, say }: Ask & SignedIn,
  event: ActivityEvent,
): Promise<NonNullable<ActivityEntryView['goes']>> {
  const { apps, factors, keys, key, ...rest } = await disowning.madeSince(account, event);
  const named = apps.slice(0, mostNames);
  const names = await appNames(interactions, named, { say });

  return {
    ...rest,
    apps: named.map((id) => names.get(id) ?? say('activity.appGone')),
    moreApps: apps.length - named.length,
    keys: keys.map(keyInWords).join(', '),
    ...(key && { key: keyInWords(key) }),
    factors: factors.map(({ key, ...factor }) => ({ ...inWords(factor), field: field(key) })),
  };
}

const words = {
  passkey: 'secondFactor.passkey',
  authenticator: 'secondFactor.authenticator',
  text: 'secondFactor.text',
  email: 'secondFactor.email',
  'recovery-codes': 'recoveryCodes.row',
} as const satisfies Record<AddedShown['kind'], MessageKey>;

function inWords({ kind, name, at }: AddedShown): NamedFactor {
  return { what: words[kind], at, ...(name !== undefined && { name }) };
}
