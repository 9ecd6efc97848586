import { z } from 'zod';

import { roles as allRoles, type Account, type Role } from '../domain/account.ts';
import type { Events } from '../events/writer.ts';
import type { Records, Write } from '../storage/records.ts';
import { mailAbout, type AdministratorsMailDeps } from './administrators-mail.ts';
import { hold, type Only } from './conditions.ts';
import type { Endings } from './endings.ts';
import { createLastAdministrator } from './last-administrator.ts';
import { problem, read, refused, type By, type Result } from './problems.ts';

/**
 * Who looks after this installation. Whoever is given a role signs in anew, everywhere: what they have let apps do before was
 * proved with less than a role needs (S102).
 */
export interface Roles {
  /**
   * `{role}`, null takes it away. Not from the last administrator (F12). Undefined: no such account. Throws Unmet where
   * `only` does not hold.
   */
  set(accountId: string, input: unknown, by: By, options?: Only<Account>): Promise<Result<Account> | undefined>;
}

export interface RolesDeps extends AdministratorsMailDeps {
  records: Pick<Records, 'accounts' | 'write'>;
  events: Pick<Events, 'write'>;
  endings: Pick<Endings, 'account'>;
}

const input = z.strictObject({ role: z.enum(allRoles).nullable() });

const doings = { admin: 'madeAdmin', auditor: 'madeAuditor' } as const satisfies Record<Role, string>;

export function createRoles(deps: RolesDeps): Roles {
  const { records, events, endings, clock } = deps;
  const administrators = createLastAdministrator(deps);

  return {
    async set(accountId, given, by, { only } = {}) {
      const parsed = read(input, given);
      if (!parsed.ok) return (await records.accounts.get(accountId)) && parsed;

      const { role } = parsed.value;
      const updatedAt = clock.now();
      let before: Role | null = null;
      const change = (old: Account): Account => {
        hold(only, old);

        return roleOf(old) === role || old.status === 'closing'
          ? old
          : { ...old, roles: role ? [role] : [], updatedAt };
      };

      const account = await administrators.change(accountId, change, async (seen) => {
        before = roleOf(seen);
        const told: Write[] = [];
        const details = { changes: { role: { before: roleOf(seen), after: role } } };
        await events.write('role.changed', { ...by, account: seen, details }, (create) =>
          told.push({ in: 'events', create }),
        );

        return [...told, ...mailAbout(deps, seen, { what: role ? doings[role] : 'roleTaken' })];
      });

      if (account === undefined) return undefined;
      if (account === 'last-administrator') return refused(problem('role', 'problem.lastAdministrator'));
      if (account.status === 'closing') return refused(problem('', 'problem.accountClosing'));

      if (role !== null && before === null) {
        await endings.account(account, { ...by, reason: 'role_given' });
      }

      return { ok: true, value: account };
    },
  };
}

/** The greatest one that somebody has. */
export function roleOf({ roles }: Pick<Account, 'roles'>): Role | null {
  return allRoles.find((role) => roles.includes(role)) ?? null;
}
