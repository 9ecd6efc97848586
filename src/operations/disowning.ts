import type { Account } from '../domain/account.ts';
import type { EndedKey } from '../domain/api-key.ts';
import type { Clock } from '../domain/clock.ts';
import type { AddedFactor, Factors, Passkey } from '../domain/factors.ts';
import { sha256 } from '../domain/ids.ts';
import { maskedEmail } from '../domain/masked.ts';
import type { Ended, EndedApplication } from '../domain/receipt.ts';
import type { ActivityEvent } from '../events/activity.ts';
import { everyRow, type Records } from '../storage/records.ts';
import type { ApiKeys } from './api-keys.ts';
import { factorsSince, shownOf, type AddedShown } from './added-factors.ts';
import type { ContactChange } from './contact-change.ts';
import type { Endings } from './endings.ts';
import type { FactorChanges } from './factor-changes.ts';
import { tellingOf, type HappeningsDeps } from './happenings.ts';
import type { OldPassword } from './old-password.ts';
import type { By } from './problems.ts';
import type { Remembering } from './remembering.ts';
import type { Receipts } from './receipts.ts';
import { takeAway } from './taking-away.ts';

/**
 * "This wasn't me", said in the account of something that happened there: what was made since then goes, and everybody
 * but this session. It takes nothing that is older (but the API key by which it was done, and a password that would be too short without what goes, S61), changes
 * no address and lets nobody in: whoever sits in a stolen session gains nothing by it. A change of the address is taken
 * back with what went to the old mailbox, and with nothing else (DECISIONS.md 11).
 */
export interface Disowning {
  /** What would go, for the page before the button is pressed: has no effect. */
  madeSince(account: Account, event: Disputed): Promise<MadeSince>;
  /** `keeps`: of the factors that were made since, keys of those that are the person's own. Safe to repeat. */
  disown(
    account: Account,
    of: { event: Disputed; keeps: readonly string[]; sessionUid: string },
    by: By,
  ): Promise<Disowned>;
}

export interface Disowned extends Pick<MadeSince, 'formerEmail'> {
  removed: AddedShown[];
  /** The id of the receipt of what ended. */
  receipt: string;
  /** Whether the password went along: it was too short without what was removed. */
  passwordGone: boolean;
}

export type Disputed = Pick<ActivityEvent, 'kind' | 'at' | 'by' | 'byId'>;

export interface MadeSince {
  factors: (AddedShown & { key: string })[];
  /** Client ids of the apps that were allowed. */
  apps: string[];
  /** API keys. */
  keys: EndedKey[];
  /** The API key by which it was done, where that is older: it goes as well. */
  key?: EndedKey;
  /** Where the message went that takes a change of the address back, masked, and until when (milliseconds) it does. */
  formerEmail?: { to: string; until: number };
}

export interface DisowningDeps extends HappeningsDeps {
  records: Pick<Records, 'consents' | 'passkeys' | 'passwords' | 'write'>;
  factors: FactorChanges;
  endings: Pick<Endings, 'otherSessions' | 'application'>;
  remembering: Pick<Remembering, 'forgetAll'>;
  receipts: Pick<Receipts, 'create'>;
  apiKeys: Pick<ApiKeys, 'list' | 'removeSuspect'>;
  oldPassword: OldPassword;
  emailChange: Pick<ContactChange, 'cancel'>;
  phoneChange: Pick<ContactChange, 'cancel'>;
  clock: Clock;
}

/** Milliseconds: what an event tells of was made a moment before it was written. */
const moment = 5_000;
/** Milliseconds for which a change of the address can be taken back. */
const undoable = 7 * 86_400_000;

export function createDisowning(deps: DisowningDeps): Disowning {
  const { records, factors, endings, receipts, remembering, apiKeys, oldPassword, clock } = deps;
  const { emailChange, phoneChange } = deps;

  async function passkeysOf({ id }: Account): Promise<Passkey[]> {
    return (await records.passkeys.list('account', id, { limit: 1000 })).rows;
  }

  async function hasPassword({ id }: Account): Promise<boolean> {
    return (await records.passwords.get(id)) !== undefined;
  }

  async function appsSince({ id }: Account, since: number): Promise<string[]> {
    const apps: string[] = [];

    for await (const { clientId, grantedAt } of everyRow((page) => records.consents.list('account', id, page))) {
      if (grantedAt >= since) apps.push(clientId);
    }

    return apps;
  }

  /** The oldest one: it takes back those behind it as well. */
  function formerEmailOf({ formerEmails = [] }: Account, since: number): MadeSince['formerEmail'] {
    const former = formerEmails.find(({ until }) => until > clock.now() && until - undoable >= since);

    return former && { to: maskedEmail(former.email), until: former.until };
  }

  return {
    async madeSince(account, event) {
      const since = event.at - moment;
      const [now, passkeys, apps, keys] = await Promise.all([
        factors.of(account.id),
        passkeysOf(account),
        appsSince(account, since),
        apiKeys.list(account.id),
      ]);
      const formerEmail = formerEmailOf(account, since);
      const key = keys.find(({ id, createdAt }) => id === keyBehind(event) && createdAt < since);

      return {
        factors: factorsSince(now, passkeys, since).flatMap((added) => {
          const one = shownOf(now, passkeys, added);

          return one ? [{ ...one, key: keyOf(added) }] : [];
        }),
        apps,
        keys: keys.filter(({ createdAt }) => createdAt >= since).map(({ name, prefix }) => ({ name, prefix })),
        ...(key && { key: { name: key.name, prefix: key.prefix } }),
        ...(formerEmail && { formerEmail }),
      };
    },

    async disown(account, { event, keeps, sessionUid }, by) {
      const since = event.at - moment;
      const ending = { ...by, reason: 'disowned' };

      // First: should we be killed half-way, nobody else is left inside, and it can be pressed again.
      const ended = [await endings.otherSessions(account, sessionUid, ending)];
      for (const clientId of await appsSince(account, since)) {
        ended.push(await endings.application(account.id, clientId));
      }
      const suspect = { since, id: keyBehind(event) };
      const keys = await apiKeys.removeSuspect(account, suspect, by);
      await emailChange.cancel(account);
      await phoneChange.cancel(account);
      await oldPassword.forget(account.id);

      const [before, passkeys, hadPassword] = await Promise.all([
        factors.of(account.id),
        passkeysOf(account),
        hasPassword(account),
      ]);
      const which = (seen: Factors) =>
        factorsSince(seen, passkeys, since).filter((added) => !keeps.includes(keyOf(added)));
      await takeAway(deps, { account, by, which });
      await remembering.forgetAll(account, by);

      await records.write(
        await tellingOf(deps, { ...by, account, what: { kind: 'event.disowned', details: { kind: event.kind } } }),
      );
      // What began while the rest went.
      ended.push(await endings.otherSessions(account, sessionUid, ending));
      keys.push(...(await apiKeys.removeSuspect(account, suspect, by)));

      const formerEmail = formerEmailOf(account, since);

      return {
        removed: which(before).flatMap((added) => shownOf(before, passkeys, added) ?? []),
        receipt: await receipts.create(account, 'disowned', { ...inAll(ended), keys }),
        passwordGone: hadPassword && !(await hasPassword(account)),
        ...(formerEmail && { formerEmail }),
      };
    },
  };
}

function keyBehind({ by, byId }: Disputed): string | undefined {
  return by === 'key' ? byId : undefined;
}

/** Names a factor in a form. What is removed and added again is another one. */
function keyOf(added: AddedFactor): string {
  return sha256(`${added.kind} ${added.at} ${'id' in added ? added.id : ''}`).slice(0, 22);
}

/** What several endings have ended together. */
function inAll(all: readonly Ended[]): Ended {
  const applications = new Map<string, EndedApplication>();

  for (const one of all.flatMap((ended) => ended.applications)) {
    const before = applications.get(one.clientId);
    const until = Math.max(before?.accessTokensUntil ?? 0, one.accessTokensUntil ?? 0);

    applications.set(one.clientId, {
      ...one,
      grants: one.grants + (before?.grants ?? 0),
      refreshTokens: one.refreshTokens + (before?.refreshTokens ?? 0),
      ...(until > 0 && { accessTokensUntil: until }),
    });
  }

  return {
    sessions: all.flatMap(({ sessions }) => sessions),
    applications: [...applications.values()],
    notices: all.flatMap(({ notices }) => notices),
  };
}
