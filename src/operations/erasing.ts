import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { Unavailable } from '../domain/errors.ts';
import type { Ended } from '../domain/receipt.ts';
import type { Events } from '../events/writer.ts';
import type { CollectionName, Records, Write } from '../storage/records.ts';
import type { Endings } from './endings.ts';
import type { By } from './problems.ts';
import { eachInTurn } from './turns.ts';

/**
 * Removing an account with everything of it. By then it is closing, so that nothing of it works and nothing new begins;
 * what was on its way when it closed may still write a row, which is looked for once more behind it and a while later.
 * Everything here is safe to repeat, also after a crash half-way: the account itself goes last.
 */
export interface Erasing {
  /** Answers what has ended. Throws what storage does; then it is to be called again. */
  erase(account: Account, by: By): Promise<Ended>;
  /** What came in while accounts went: of at most `limit` of them; answers of how many. */
  sweep(limit: number): Promise<number>;
}

export interface ErasingDeps {
  records: Records;
  endings: Pick<Endings, 'account'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
}

/**
 * What becomes of the rows of a collection that are about one account. A collection that is not in here does not compile,
 * and a test holds that none of those with an `accountId` is called `others`.
 *
 * - `last`: the row of the account, with the key of its events
 * - `ended`: by `Endings`, which leaves the notices for the apps
 * - `listed`, `own`: removed, by its list `account` or by the account's id
 * - `pseudonym`: stays, without what is personal: the key of that is gone
 * - `told`: stays until the app was told, a day at most; whom it was about goes then (DECISIONS.md 28)
 * - `expires`: gone by itself: a keyed hash with nothing but a count, within a year; a device's code, within an hour
 * - `id`: that there was an account of this id, for good: nobody gets it again (S45)
 * - `others`: is about no account
 */
export type Fate = 'last' | 'ended' | 'listed' | 'own' | 'pseudonym' | 'told' | 'expires' | 'id' | 'others';

export const fates = {
  accounts: 'last',
  sessions: 'ended',
  grants: 'ended',
  refreshFamilies: 'ended',
  consents: 'listed',
  passkeys: 'listed',
  rememberedBrowsers: 'listed',
  knownDevices: 'listed',
  oneTimeSecrets: 'listed',
  codes: 'listed',
  formerAddresses: 'listed',
  messages: 'listed',
  receipts: 'listed',
  apiKeys: 'listed',
  passwords: 'own',
  factors: 'own',
  events: 'pseudonym',
  logoutNotices: 'told',
  attempts: 'expires',
  used: 'expires',
  deviceCodes: 'expires',
  closedAccounts: 'id',
  clients: 'others',
  clientUses: 'others',
  clientReceipts: 'others',
  signingKeys: 'others',
  settings: 'others',
  auditSegments: 'others',
  keyUses: 'others',
  leases: 'others',
  tallies: 'others',
  webhooks: 'others',
  webhookDeliveries: 'others',
} as const satisfies Record<CollectionName, Fate>;

type With<F extends Fate> = { [N in CollectionName]: (typeof fates)[N] extends F ? N : never }[CollectionName];

const listed = withFate('listed');
const own = withFate('own');

/** Milliseconds: whatever was on its way when an account went has arrived or failed by then. */
const lookAgainAfter = 300_000;

export function createErasing({ records, endings, events, clock }: ErasingDeps): Erasing {
  const { accounts, closedAccounts } = records;

  async function removeRows(accountId: string): Promise<void> {
    await Promise.all([
      ...own.map((name) => records[name].remove(accountId)),
      ...listed.map((name) => records[name].removeAll('account', accountId)),
    ]);
  }

  async function endAll(account: Pick<Account, 'id' | 'eventKey'>, by: By): Promise<Ended> {
    const ended = await endings.account(account, { ...by, reason: 'account_closed' });
    await removeRows(account.id);

    return ended;
  }

  return {
    async erase(account, by) {
      const { id } = account;
      const ended = await endAll(account, by);

      const closedAt = clock.now();
      const writes: Write[] = [
        { in: 'closedAccounts', put: { id, closedAt, lookAt: closedAt + lookAgainAfter } },
        { in: 'accounts', remove: id, decides: true },
      ];
      await events.write('account.deleted', { ...by, account }, (create) => writes.push({ in: 'events', create }));
      await records.write(writes);

      try {
        await endAll(account, by);
      } catch (error) {
        // The account is gone. What came in meanwhile opens nothing, and is looked for again.
        if (!(error instanceof Unavailable)) throw error;
      }

      return ended;
    },

    async sweep(limit) {
      const { rows } = await closedAccounts.list('look', 'all', { limit });
      const due = rows.filter(({ lookAt = 0 }) => lookAt <= clock.now());

      await eachInTurn(due, async ({ id }) => {
        // Nothing personal is written down, for which there is no key.
        if ((await accounts.get(id)) === undefined) await endAll({ id, eventKey: '' }, { actor: 'server' });
        await closedAccounts.update(id, ({ lookAt: _, ...row }) => row);
      });

      return due.length;
    },
  };
}

function withFate<F extends Fate>(fate: F): With<F>[] {
  return Object.entries(fates).flatMap(([name, one]) => (one === fate ? [name as With<F>] : []));
}
