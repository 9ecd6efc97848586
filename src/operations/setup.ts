import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import { newSecret } from '../domain/ids.ts';
import type { Events } from '../events/writer.ts';
import type { OneTimeSecret, Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import type { Accounts } from './accounts.ts';
import type { By, Result } from './problems.ts';

/**
 * How the first administrator comes to be (S79): with a link that only the operator's terminal shows, that works once
 * and for an hour. No account is there by default, and nothing but this and `admin create` makes an administrator.
 */
export interface Setup {
  /** A token for the link to `/setup`; earlier ones die. Undefined: there is an administrator. */
  begin(): Promise<string | undefined>;
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
  records: Pick<Records, 'oneTimeSecrets' | 'write'>;
  accounts: Pick<Accounts, 'createAdministrator' | 'hasAdministrator'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
}

/** One id: there is never more than one link. */
const id = 'setup';
const life = 60 * 60 * 1000;

export function createSetup({ records, accounts, sealing, events, clock }: SetupDeps): Setup {
  async function find(token: string): Promise<OneTimeSecret | undefined> {
    const row = await records.oneTimeSecrets.find('hash', sealing.keyedHash(id, token));

    return row?.purpose === id && !(await accounts.hasAdministrator()) ? row : undefined;
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
      const now = clock.now();
      const hash = sealing.keyedHash(id, token);

      await records.write([
        { in: 'oneTimeSecrets', put: { id, purpose: id, hash, data: {}, createdAt: now, expiresAt: now + life } },
      ]);
      await events.write('setup.begun', { actor: 'command-line' });

      return token;
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
