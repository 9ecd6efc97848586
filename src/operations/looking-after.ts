import { z } from 'zod';

import { locales, type Account } from '../domain/account.ts';
import type { Ended } from '../domain/receipt.ts';
import type { Events } from '../events/writer.ts';
import type { Records, Write } from '../storage/records.ts';
import { displayNameLength, nameLength, taskLength } from './account-input.ts';
import type { Accounts } from './accounts.ts';
import { mailAbout, type AdministratorsMailDeps } from './administrators-mail.ts';
import type { Closing } from './closing.ts';
import type { Only } from './conditions.ts';
import type { Devices } from './devices.ts';
import type { Endings } from './endings.ts';
import type { FactorReset } from './factor-reset.ts';
import type { Invitations } from './invitations.ts';
import type { Locked, Locking } from './locking.ts';
import { problem, read, refused, type By, type Result } from './problems.ts';
import type { Receipts } from './receipts.ts';
import type { Recovery } from './recovery.ts';
import { emailAddress, line } from './text-rules.ts';

/**
 * What administrators do for account holders, beside roles. They never see nor set a password: whoever needs one gets a
 * link, and the person hears by mail of what was done. What was ended leaves a receipt that the person can open as well.
 * Undefined, everywhere: there is no such account.
 */
export interface LookingAfter {
  /** `{email, displayName?, firstName?, lastName?, task?, locale?, invite?}`: without a password, and not proved. */
  create(input: unknown, by: By): Promise<Result<Account>>;
  /** See `Locking.lock`. */
  lock(
    accountId: string,
    input: unknown,
    by: By,
    options?: Only<Account>,
  ): Promise<Result<Done & { account: Account }> | undefined>;
  /** One browser, with what was given in it; undefined also where it is somebody else's. */
  endSession(accountId: string, uid: string, by: By): Promise<Done | undefined>;
  /** What goes on without a browser, by its grant; undefined also where it is somebody else's. */
  endAccess(accountId: string, grantId: string, by: By): Promise<Done | undefined>;
  /** Ends every session, grant and refresh token. API keys stay. */
  signOut(accountId: string, by: By): Promise<Done | undefined>;
  resetFactors(accountId: string, by: By): Promise<(Done & { passwordGone: boolean }) | undefined>;
  /** Problems stand at ''. */
  sendPasswordReset(accountId: string, by: By): Promise<Result<Account> | undefined>;
  /** At once, whatever time to think people are given. */
  remove(accountId: string, by: By): Promise<Result<object> | undefined>;
}

export interface Done {
  ended: Ended;
  /** The id of its receipt. */
  receipt: string;
}

export interface LookingAfterDeps extends AdministratorsMailDeps {
  records: Pick<Records, 'accounts' | 'write'>;
  accounts: Pick<Accounts, 'create'>;
  locking: Pick<Locking, 'lock'>;
  factorReset: FactorReset;
  invitations: Invitations;
  recovery: Pick<Recovery, 'sendBy' | 'possible'>;
  closing: Pick<Closing, 'remove'>;
  endings: Pick<Endings, 'account' | 'session' | 'grant'>;
  devices: Pick<Devices, 'session' | 'offlineOf'>;
  receipts: Pick<Receipts, 'create'>;
  events: Pick<Events, 'write'>;
}

const newAccount = z.strictObject({
  email: emailAddress,
  displayName: line(displayNameLength).optional(),
  firstName: line(nameLength).optional(),
  lastName: line(nameLength).optional(),
  task: line(taskLength).optional(),
  locale: z.enum(locales).optional(),
  invite: z.boolean().optional(),
});

export function createLookingAfter(deps: LookingAfterDeps): LookingAfter {
  const { records, endings, receipts, events, invitations } = deps;

  async function done(account: Pick<Account, 'id'>, ended: Ended): Promise<Done> {
    return { ended, receipt: await receipts.create(account, 'administrator', ended) };
  }

  return {
    async create(input, by) {
      const parsed = read(newAccount, input, Object.keys(newAccount.shape));
      if (!parsed.ok) return parsed;

      const { invite = false, ...given } = parsed.value;
      if (invite && !invitations.possible) return refused(problem('invite', 'problem.noMail'));

      const created = await deps.accounts.create(given, by);
      if (created.ok && invite) await invitations.send(created.value.id, by);

      return created;
    },

    async lock(accountId, input, by, options) {
      const locked: Result<Locked> | undefined = await deps.locking.lock(accountId, input, by, options);
      if (!locked?.ok) return locked;

      const { account, ended } = locked.value;

      return { ok: true, value: { ...(await done(account, ended)), account } };
    },

    async endSession(accountId, uid, by) {
      const [account, session] = await Promise.all([
        records.accounts.get(accountId),
        deps.devices.session(accountId, uid),
      ]);
      if (!account || !session) return undefined;

      return done(account, await endings.session(uid, { offline: true, by: { ...by, reason: 'administrator' } }));
    },

    async endAccess(accountId, grantId, by) {
      const [account, access] = await Promise.all([
        records.accounts.get(accountId),
        deps.devices.offlineOf(accountId, grantId),
      ]);
      if (!account || !access) return undefined;

      return done(account, await endings.grant(account, grantId, by));
    },

    async signOut(accountId, by) {
      const account = await records.accounts.get(accountId);
      if (!account) return undefined;

      const ended = await endings.account(account, { ...by, reason: 'administrator' });
      const told: Write[] = [];
      const details = { sessions: ended.sessions.length, applications: ended.applications.filter(hasLost).length };
      await events.write('account.signed_out', { ...by, account, details }, (create) =>
        told.push({ in: 'events', create }),
      );
      await records.write([...told, ...mailAbout(deps, account, { what: 'signedOut' })]);

      return done(account, ended);
    },

    async resetFactors(accountId, by) {
      const account = await records.accounts.get(accountId);
      if (!account) return undefined;

      const { ended, passwordGone } = await deps.factorReset.reset(account, by);

      return { ...(await done(account, ended)), passwordGone };
    },

    async sendPasswordReset(accountId, by) {
      const account = await records.accounts.get(accountId);
      if (!account) return undefined;
      if (!deps.recovery.possible) return refused(problem('', 'problem.noMail'));
      if (account.status !== 'active') return refused(problem('', 'problem.accountNotOpen'));

      await deps.recovery.sendBy(account, by);

      return { ok: true, value: account };
    },

    async remove(accountId, by) {
      const removed = await deps.closing.remove(accountId, by);
      if (removed === false) return undefined;

      return removed === 'last-administrator'
        ? refused(problem('', 'problem.lastAdministrator'))
        : { ok: true, value: {} };
    },
  };
}

/** Others are in it because they were told. */
function hasLost({ grants, refreshTokens }: Ended['applications'][number]): boolean {
  return grants + refreshTokens > 0;
}
