import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import { newSecret } from '../domain/ids.ts';
import type { Events } from '../events/writer.ts';
import type { OneTimeSecret, Records } from '../storage/records.ts';
import { sameText, type Sealing } from '../storage/sealing.ts';
import type { Accounts } from './accounts.ts';
import type { By, Result } from './problems.ts';

/**
 * How the first administrator comes to be (S79): with a link that only the operator's terminal shows, that works once
 * and for an hour. No account is there by default, and nothing but this and `admin create` makes an administrator.
 */
export interface Setup {
  /**
   * A token for the link to `/setup`. Other ones go on until their hour is over: each node shows its own. Undefined:
   * there is an administrator.
   */
  begin(): Promise<string | undefined>;
  /** When the server that showed the link ends. */
  end(token: string): Promise<void>;
  /** Whether the token would still be accepted: for the page before its form is sent. */
  isOpen(token: string): Promise<boolean>;
  /**
   * `{email, password, displayName?, firstName?, lastName?, locale?}`. Exactly one of many parallel calls makes the
   * administrator; problems don't use the token up. The address counts as verified: whoever has the link runs the host.
   */
  complete(
    token: string,
    input: Readonly<Record<string, unknown>>,
    by: Pick<By, 'from'>,
  ): Promise<Result<Account> | 'closed'>;
}

export interface SetupDeps {
  records: Pick<Records, 'oneTimeSecrets'>;
  accounts: Pick<Accounts, 'createAdministrator' | 'hasAdministrator'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
}

/** One row for all links, so that using one ends them all. */
const id = 'setup';
const life = 60 * 60 * 1000;
const mostLinks = 20;

type Link = { hash: string; expiresAt: number };

export function createSetup({ records, accounts, sealing, events, clock }: SetupDeps): Setup {
  async function find(token: string): Promise<OneTimeSecret | undefined> {
    const hash = sealing.keyedHash(id, token);
    const row = await records.oneTimeSecrets.get(id);
    const now = clock.now();
    const fits = row && linksOf(row).some((link) => sameText(link.hash, hash) && link.expiresAt > now);

    return fits && !(await accounts.hasAdministrator()) ? row : undefined;
  }

  async function add(link: Link): Promise<void> {
    const row: OneTimeSecret = { id, purpose: id, ...link, data: {}, createdAt: clock.now() };

    for (;;) {
      const added = await records.oneTimeSecrets.update(id, (old) => ({
        ...row,
        data: { earlier: linksOf(old).slice(-mostLinks) },
      }));
      if (added) return;

      try {
        return await records.oneTimeSecrets.create(row);
      } catch (error) {
        // Another node was faster.
        if (!(error instanceof Conflict)) throw error;
      }
    }
  }

  /** The input was not accepted, so the link goes on as it was; a newer one is not touched. */
  async function giveBack(row: OneTimeSecret): Promise<void> {
    try {
      await records.oneTimeSecrets.create(row);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }

  return {
    async begin() {
      if (await accounts.hasAdministrator()) return undefined;

      const token = newSecret();

      await add({ hash: sealing.keyedHash(id, token), expiresAt: clock.now() + life });
      await events.write('setup.begun', { actor: 'command-line' });

      return token;
    },

    async end(token) {
      const hash = sealing.keyedHash(id, token);

      await records.oneTimeSecrets.update(id, (old) => {
        const others = linksOf(old).filter((link) => link.hash !== hash);
        const newest = others.at(-1);

        // None is left: the row is over.
        return newest ? { ...old, ...newest, data: { earlier: others.slice(0, -1) } } : { ...old, expiresAt: 0 };
      });
    },

    isOpen: async (token) => (await find(token)) !== undefined,

    async complete(token, input, { from }) {
      const row = await find(token);
      // Whoever removes it is the one; all others find the link used.
      if (!row || !(await records.oneTimeSecrets.remove(row.id))) return 'closed';

      // Looked at again: one that removed the row before may have made its administrator meanwhile and given nothing back.
      if (await accounts.hasAdministrator()) return 'closed';

      let made: Result<Account> | undefined;

      try {
        made = await accounts.createAdministrator({ ...input, emailVerified: true }, { actor: 'anonymous', from });
      } finally {
        if (!made?.ok) await giveBack(row);
      }

      if (made.ok) await events.write('setup.completed', { actor: made.value.id, account: made.value, from });

      return made;
    },
  };
}

function linksOf({ hash, expiresAt, data }: OneTimeSecret): Link[] {
  return [...((data['earlier'] as Link[] | undefined) ?? []), { hash, expiresAt }];
}
