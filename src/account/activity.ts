import { NotFound } from '../domain/errors.ts';
import type { Activity } from '../events/activity.ts';
import { activityGroups, type ActivityGroup } from '../events/groups.ts';
import { deviceInWords, deviceOf } from '../messages/device.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { BlockedTries, Tries } from '../operations/blocked-tries.ts';
import type { TwoFactor } from '../operations/two-factor.ts';
import { page, view, type Ask, type MessageKey, type SignedIn } from '../web/route.ts';
import { entryOf, namesIn, type Entry } from './activity-entries.ts';
import { activityPath as path } from './activity-places.ts';
import { disputeRoutes, type DisputeDeps } from './dispute.ts';
import type { ConsolePage } from './page.ts';

export interface ActivityDeps extends DisputeDeps {
  interactions: Pick<Interactions, 'clientFace' | 'renewSession'>;
  activity: Pick<Activity, 'list' | 'find'>;
  blockedTries: Pick<BlockedTries, 'of'>;
  twoFactor: TwoFactor;
}

export interface ActivityView {
  filters: { path: string; label: MessageKey; current: boolean }[];
  entries: Entry[];
  /** Whether only some kinds are shown. */
  filtered: boolean;
  older?: string;
  /** Where these are not the newest. */
  newest?: string;
  /** Of strangers, most likely; absent: there were none lately, or these are not all of the newest. */
  tries?: Omit<Tries, 'userAgent'> & { /** In words. */ device: string; twoFactor: boolean };
}

export const activityView = view<ActivityView>('account/activity', 'shell', 'activity.title');

const labels: Readonly<Record<ActivityGroup, MessageKey>> = {
  'sign-ins': 'activity.signIns',
  security: 'activity.changes',
  applications: 'activity.apps',
  messages: 'activity.messages',
};

/** What happened in the account, in words. */
export const activity: ConsolePage<ActivityDeps> = {
  place: { path, label: 'activity.title', icon: 'activity' },

  routes: (deps) => [
    page(path, activityView, (ask) => shown(deps, ask), { access: 'signed-in' }),
    ...disputeRoutes(deps),
  ],
};

async function shown(deps: ActivityDeps, ask: Ask & SignedIn): Promise<ActivityView> {
  const { account, query } = ask;
  const { show, after } = query;
  const group = activityGroups.find((one) => one === show);
  if (show !== undefined && group === undefined) throw new NotFound('no such group of events');

  const isStart = group === undefined && after === undefined;
  const [{ events, next }, tries] = await Promise.all([
    deps.activity.list(account, { group, after }),
    isStart ? triesOf(deps, ask) : undefined,
  ]);
  const names = await namesIn(deps, ask, events);

  return {
    filters: [undefined, ...activityGroups].map((one) => ({
      path: pathOf(one),
      label: one === undefined ? 'activity.all' : labels[one],
      current: one === group,
    })),
    entries: events.map((event) => entryOf(event, ask, names)),
    filtered: group !== undefined,
    ...(next !== undefined && { older: pathOf(group, next) }),
    ...(after !== undefined && { newest: pathOf(group) }),
    ...(tries && { tries }),
  };
}

async function triesOf(
  { blockedTries, twoFactor }: ActivityDeps,
  { account, say }: Ask & SignedIn,
): Promise<ActivityView['tries']> {
  const [tries, { isOn }] = await Promise.all([blockedTries.of(account), twoFactor.show(account)]);
  if (!tries) return undefined;

  const { userAgent, ...facts } = tries;

  return { ...facts, device: deviceInWords(deviceOf(userAgent), say), twoFactor: isOn };
}

function pathOf(group: ActivityGroup | undefined, after?: string): string {
  const query = new URLSearchParams({
    ...(group !== undefined && { show: group }),
    ...(after !== undefined && { after }),
  }).toString();

  return query === '' ? path : `${path}?${query}`;
}
