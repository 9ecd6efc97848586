import { keepableUntil, type Account } from '../domain/account.ts';
import type { EndedKey } from '../domain/api-key.ts';
import type { Clock } from '../domain/clock.ts';
import { clientsOf } from '../domain/device-session.ts';
import type { Ended } from '../domain/receipt.ts';
import type { Events } from '../events/writer.ts';
import { toAccount, type Messages } from '../messages/messages.ts';
import { everyRow, type Records, type Write } from '../storage/records.ts';
import { circumstancesOf, type PlaceOf } from './circumstances.ts';
import type { Endings } from './endings.ts';
import { createErasing } from './erasing.ts';
import { createLastAdministrator } from './last-administrator.ts';
import type { By } from './problems.ts';
import { eachInTurn } from './turns.ts';

/**
 * Closing an account. One write says that it is closing: from then on nothing of it works, on every node. All the rest
 * follows from that and is safe to repeat; whatever a crash has left undone is done by `sweep`. Where the operator gives
 * people time to think again, the account is as closed meanwhile, but what it takes to come back is kept: profile,
 * credentials, consents, receipts and what undoes a change of the address.
 */
export interface Closing {
  /** Seconds for which an account can be kept after all; 0: it goes at once. */
  readonly grace: number;
  /** What the person should know before: has no effect. */
  ahead(account: Account): Promise<Ahead>;
  /** Safe to repeat. Nothing was done for the last administrator. */
  close(account: Account, by: By): Promise<Closed | 'last-administrator'>;
  /** The person has thought again. Undefined: it is too late, or it was not closed. */
  keep(account: Account, by: By): Promise<Account | undefined>;
  /** At once, whatever time people are given: for the operator. Whether there was one. */
  remove(accountId: string, by: By): Promise<boolean | 'last-administrator'>;
  /**
   * Does what is due, of at most `limit` accounts; answers how many. One that fails holds up none behind it: what went
   * wrong first is thrown at the end. Safe to repeat.
   */
  sweep(limit: number): Promise<number>;
}

export interface Closed {
  ended: Ended;
  /** Names of the apps that have lost their access, also of those that had a permission and used nothing of it. */
  lost: string[];
  /** Milliseconds: until then it can be kept. */
  until?: number;
  /** Where the mail went that says so; nowhere, where nobody has proved the address or no mail can be sent. */
  mailedTo?: string;
}

export interface Ahead {
  isLastAdministrator: boolean;
  /** Names of the apps that are told that the person is signed out, and of those that lose access. */
  told: string[];
  lose: string[];
}

export interface ClosingDeps {
  records: Records;
  endings: Endings;
  events: Pick<Events, 'write'>;
  messages: Pick<Messages, 'compose'>;
  placeOf?: PlaceOf | undefined;
  clock: Clock;
  grace: number;
}

const nothing: Ended = { sessions: [], applications: [], notices: [] };

/** Milliseconds after which somebody else goes on where whoever began has died. */
const takenOverAfter = 60_000;

export function createClosing(deps: ClosingDeps): Closing {
  const { records, endings, events, messages, clock, grace } = deps;
  const { accounts } = records;
  const erasing = createErasing(deps);
  const administrators = createLastAdministrator(deps);

  function mail(account: Account, { actor, from }: By, until: number): Write[] {
    if (!account.emailVerified) return [];

    const { accountId: _, ...to } = toAccount(account);
    const told = circumstancesOf(actor === account.id ? from : undefined, {
      clock,
      placeOf: deps.placeOf,
      locale: account.locale,
    });

    return messages.compose('account-closed', { ...to, data: { ...told, ...(until > told.at && { until }) } });
  }

  /**
   * The write from which on nothing works. `grace` in seconds; one that is closing already may only be made to go sooner.
   * Undefined: it is gone.
   */
  async function mark(id: string, by: By, grace: number): Promise<Marked | 'last-administrator' | undefined> {
    for (let seen = await accounts.get(id); seen; seen = await accounts.get(id)) {
      const { closing } = seen;
      const at = clock.now();
      const until = at + grace * 1000;

      if (closing && closing.until <= until) return { account: seen, mailed: [] };

      const isFirst = closing === undefined;
      const leaving = administrators.isAside(seen, undefined) ? undefined : await administrators.stepAside(seen);
      if (!administrators.isAside({ ...seen, ...(leaving && { leaving }) }, leaving)) return 'last-administrator';

      const next = { at, until, nextAt: at + takenOverAfter };
      const change = (old: Account): Account =>
        administrators.isAside(old, leaving) && (isFirst ? old.closing === undefined : old.closing !== undefined)
          ? { ...old, status: 'closing', closing: next, updatedAt: at }
          : old;
      const mailed = isFirst ? mail(seen, by, until) : [];
      const writes: Write[] = [{ in: 'accounts', update: id, change, decides: true }];

      if (isFirst) {
        const facts = { ...by, account: seen, details: { grace } };
        await events.write('account.closed', facts, (create) => writes.push({ in: 'events', create }));
      }

      // Somebody else was faster, or the person has stayed an administrator for too long: it is looked at anew.
      if (!(await records.write([...writes, ...mailed]))) continue;

      return { account: { ...seen, status: 'closing', closing: next }, mailed };
    }

    return undefined;
  }

  /** Ends what can act for the person; what it takes to come back stays. */
  async function endAccess(account: Account, by: By): Promise<Ended> {
    const ended = await endings.account(account, { ...by, reason: 'account_closed' });
    await Promise.all([
      records.codes.removeAll('account', account.id),
      records.apiKeys.removeAll('account', account.id),
      records.messages.removeAll('account', account.id),
    ]);

    const nextAt = account.closing?.until ?? 0;
    await accounts.update(account.id, (old) =>
      old.closing?.at === account.closing?.at && old.closing ? { ...old, closing: { ...old.closing, nextAt } } : old,
    );

    return ended;
  }

  /** No way back from here on: nobody keeps what is being deleted, and nothing is deleted that somebody has kept. */
  async function finish(account: Account, by: By): Promise<Ended> {
    const final = await accounts.update(account.id, (old) =>
      keepableUntil(old, clock.now()) === undefined && old.closing && old.closing.until > old.closing.at
        ? { ...old, closing: { ...old.closing, until: old.closing.at } }
        : old,
    );

    return final?.closing?.until === final?.closing?.at && final?.status === 'closing'
      ? erasing.erase(final, by)
      : nothing;
  }

  async function keysOf(accountId: string): Promise<EndedKey[]> {
    const keys: EndedKey[] = [];

    for await (const { name, prefix } of everyRow((page) => records.apiKeys.list('account', accountId, page))) {
      keys.push({ name, prefix });
    }

    return keys;
  }

  async function namesOf(ids: ReadonlySet<string>): Promise<{ name: string; isTold: boolean }[]> {
    const rows = await Promise.all([...ids].map((id) => records.clients.get(id)));

    return rows.flatMap((client) =>
      client
        ? [{ name: client.metadata.client_name, isTold: client.metadata.backchannel_logout_uri !== undefined }]
        : [],
    );
  }

  /** The apps that may use the account. */
  async function allowedTo(accountId: string): Promise<{ name: string }[]> {
    const allowed = new Set<string>();

    for await (const { clientId } of everyRow((page) => records.consents.list('account', accountId, page))) {
      allowed.add(clientId);
    }
    // Those of the operator that nobody is asked about, on devices too.
    for await (const { clientId } of everyRow((page) => records.grants.list('account', accountId, page))) {
      allowed.add(clientId);
    }

    return namesOf(allowed);
  }

  return {
    grace,

    async ahead(account) {
      const used = new Set<string>();

      for await (const session of everyRow((page) => records.sessions.list('account', account.id, page))) {
        for (const id of Object.keys(clientsOf(session))) used.add(id);
      }

      const [told, lose, isLastAdministrator] = await Promise.all([
        namesOf(used),
        allowedTo(account.id),
        administrators.isLast(account),
      ]);

      return {
        isLastAdministrator,
        told: told.flatMap(({ name, isTold }) => (isTold ? [name] : [])),
        lose: lose.map(({ name }) => name),
      };
    },

    async close(account, by) {
      const marked = await mark(account.id, by, grace);
      if (marked === 'last-administrator') return marked;
      if (!marked) return { ended: nothing, lost: [] };

      const until = keepableUntil(marked.account, clock.now());
      const [keys, allowed] = await Promise.all([keysOf(account.id), allowedTo(account.id)]);
      const ended = await (until === undefined ? finish : endAccess)(marked.account, by);

      return {
        ended: { ...ended, ...(keys.length > 0 && { keys }) },
        lost: [...allowed, ...ended.applications.filter(hasLost)].map(({ name }) => name),
        ...(until !== undefined && { until }),
        ...(marked.mailed.length > 0 && { mailedTo: account.email }),
      };
    },

    async keep(account, by) {
      // What began in the very moment in which it was closed must not come back to life with it.
      if (keepableUntil(account, clock.now()) === undefined) return undefined;
      await endings.account(account, { ...by, reason: 'account_closed' });

      const updatedAt = clock.now();
      const change = (old: Account): Account =>
        keepableUntil(old, clock.now()) === undefined ? old : { ...reopened(old), updatedAt };
      const writes: Write[] = [{ in: 'accounts', update: account.id, change, decides: true }];
      await events.write('account.closing_cancelled', { ...by, account }, (create) =>
        writes.push({ in: 'events', create }),
      );
      await records.write(writes);

      // Also where another tab was faster.
      const now = await accounts.get(account.id);

      return now?.status === 'active' ? now : undefined;
    },

    async remove(accountId, by) {
      const marked = await mark(accountId, by, 0);
      if (marked === undefined || marked === 'last-administrator') return marked ?? false;

      await finish(marked.account, by);

      return true;
    },

    async sweep(limit) {
      const by = { actor: 'server' };
      const { rows } = await accounts.list('closing', 'all', { limit });
      const due = rows.filter(({ closing }) => (closing?.nextAt ?? 0) <= clock.now());

      let late = 0;

      try {
        await eachInTurn(due, async ({ id }) => {
          const account = await accounts.get(id);
          if (account?.status !== 'closing') return;

          const isOver = keepableUntil(account, clock.now()) === undefined;
          await (isOver ? finish : endAccess)(account, by);
        });
      } finally {
        late = await erasing.sweep(limit);
      }

      return due.length + late;
    },
  };
}

/** Others are in it because they were told. */
function hasLost({ grants, refreshTokens }: Ended['applications'][number]): boolean {
  return grants + refreshTokens > 0;
}

interface Marked {
  account: Account;
  /** The mail about it, where this call has closed it. */
  mailed: readonly Write[];
}

function reopened({ closing: _, leaving: __, ...account }: Account): Account {
  return { ...account, status: account.lock ? 'disabled' : 'active' };
}
