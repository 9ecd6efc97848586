import type { Clock } from '../domain/clock.ts';
import { keysAt, readSchedule, scheduleSetting } from '../domain/signing-key.ts';
import { hour, tallied, tallyId, type Tallied, type Tally } from '../domain/tally.ts';
import type { Webhook } from '../domain/webhook.ts';
import type { Tallies } from '../events/tallies.ts';
import type { Records } from '../storage/records.ts';
import type { Settings } from './settings.ts';
import { appsWithUnusedSecrets } from './client-secrets.ts';

/** How the installation is doing: how much happens, and what somebody should look at. */
export interface Overview {
  /** The last day by hours, or the last thirty days by days, the oldest first, with nothing left out. */
  activity(over: Span): Promise<Bucket[]>;
  attention(): Promise<Attention[]>;
}

export const spans = ['day', 'month'] as const;
export type Span = (typeof spans)[number];

export interface Bucket {
  /** When it begins: milliseconds. */
  from: number;
  counts: Record<Tallied, number>;
}

/** `count`: of a thousand or more it is a thousand. `at` in milliseconds. */
export type Attention =
  /** Apps could not be told of the end of a session, and will not be any more. */
  | { kind: 'noticesFailed'; count: number }
  /** Notices that are tried again. */
  | { kind: 'noticesLate'; count: number }
  | { kind: 'mailFailed' | 'textsFailed'; count: number }
  /** What should have been sent ten minutes ago or longer. */
  | { kind: 'mailLate' | 'textsLate'; count: number }
  /** The key that signs is older than `keys.rotate_every` lets it get, and no next one is there. */
  | { kind: 'keyOld'; count: number }
  /** Apps with an older secret that nobody has come with for a while. */
  | { kind: 'secretsUnused'; count: number }
  /** They were switched off because they took nothing, or take nothing for ten minutes or longer. */
  | { kind: 'webhooksStopped' | 'webhooksFailing'; count: number }
  /** What administrators set is not in force on this node, or not on all. */
  | { kind: 'settingsUnfit' | 'settingsDiffer'; count: number };

export interface OverviewDeps {
  tallies: Pick<Tallies, 'read'>;
  records: Pick<Records, 'messages' | 'logoutNotices' | 'settings' | 'clients' | 'clientUses' | 'webhooks'>;
  settings: Pick<Settings, 'amiss'>;
  clock: Clock;
  config: { keys: { /** Seconds. */ rotate_every: number | 'off' } };
}

const sizes = { day: { count: 24, length: hour }, month: { count: 30, length: 24 * hour } } as const;

/** Milliseconds: what was tried so long in vain is not merely slow. */
const late = 600_000;
/** Milliseconds in which somebody should have seen it. */
const lately = 7 * 24 * hour;
const most = 1000;

export function createOverview({ tallies, records, settings, clock, config }: OverviewDeps): Overview {
  /** Of those in a state, the ones that came into it, or are due in it, at these times. */
  async function count(
    of: 'messages' | 'logoutNotices',
    group: string,
    fits: (row: { nextAt: number; createdAt: number }) => boolean,
  ): Promise<number> {
    const { rows } = await records[of].list('state', group, { limit: most, descending: true });

    return rows.filter(fits).length;
  }

  async function webhooks(fits: (row: Webhook) => boolean): Promise<number> {
    const { rows } = await records.webhooks.list('created', 'all', { limit: most });

    return rows.filter(fits).length;
  }

  async function oldKeys(): Promise<number> {
    const { rotate_every: every } = config.keys;
    const setting = await records.settings.get(scheduleSetting);
    if (every === 'off' || !setting) return 0;

    const keys = keysAt(readSchedule(setting.value), clock.now());

    return keys.filter(
      ({ state, from, until }) => state === 'current' && until === undefined && from + every * 1000 < clock.now(),
    ).length;
  }

  return {
    async activity(over) {
      const { count: buckets, length } = sizes[over];
      const end = Date.parse(tallyId(clock.now())) + hour;
      const begin = end - buckets * length;
      const rows = await tallies.read(begin);

      return Array.from({ length: buckets }, (_, at) => {
        const from = begin + at * length;

        return { from, counts: together(rows.filter((row) => row.at >= from && row.at < from + length)) };
      });
    },

    async attention() {
      const now = clock.now();
      const isLate = ({ createdAt }: { createdAt: number }) => createdAt < now - late;
      const isNew = ({ nextAt }: { nextAt: number }) => nextAt > now - lately;

      const found = await Promise.all([
        count('messages', 'queued email', isLate).then((n) => ({ kind: 'mailLate' as const, count: n })),
        count('messages', 'failed email', isNew).then((n) => ({ kind: 'mailFailed' as const, count: n })),
        count('messages', 'queued sms', isLate).then((n) => ({ kind: 'textsLate' as const, count: n })),
        count('messages', 'failed sms', isNew).then((n) => ({ kind: 'textsFailed' as const, count: n })),
        count('logoutNotices', 'queued', isLate).then((n) => ({ kind: 'noticesLate' as const, count: n })),
        count('logoutNotices', 'failed', isNew).then((n) => ({ kind: 'noticesFailed' as const, count: n })),
        oldKeys().then((n) => ({ kind: 'keyOld' as const, count: n })),
        webhooks(({ stopped }) => stopped !== undefined).then((n) => ({ kind: 'webhooksStopped' as const, count: n })),
        webhooks(({ enabled, failingSince = now }) => enabled && failingSince < now - late).then((n) => ({
          kind: 'webhooksFailing' as const,
          count: n,
        })),
        appsWithUnusedSecrets(records, now).then((n) => ({ kind: 'secretsUnused' as const, count: n })),
      ]);

      const amiss = (await settings.amiss()).map((what): Attention => ({
        kind: what === 'unfit' ? 'settingsUnfit' : 'settingsDiffer',
        count: 1,
      }));

      return [...found.filter((one) => one.count > 0), ...amiss];
    },
  };
}

/** Sessions are as many as there were at once, the others in all. */
function together(rows: readonly Tally[]): Record<Tallied, number> {
  const of = (name: Tallied) => rows.map(({ counts }) => counts[name] ?? 0);

  return Object.fromEntries(
    tallied.map((name) => [
      name,
      name === 'sessions' ? Math.max(0, ...of(name)) : of(name).reduce((sum, each) => sum + each, 0),
    ]),
  ) as Record<Tallied, number>;
}
