import { isDeepStrictEqual } from 'node:util';

import type { PasswordPolicy } from '../credentials/password-policy.ts';
import type { Passwords } from '../credentials/passwords.ts';
import { emailKey, type Account, type Role } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { isPasswordGuarded } from '../domain/factors.ts';
import { sha256 } from '../domain/ids.ts';
import type { Json } from '../domain/json.ts';
import type { Changes } from '../events/personal.ts';
import type { Events } from '../events/writer.ts';
import type { Records, Write } from '../storage/records.ts';
import { readNewAccount, readProfileChange, type NewAccount, type ProfileChange } from './account-input.ts';
import type { Closing } from './closing.ts';
import type { FactorChanges } from './factor-changes.ts';
import { tellingOf, type Tell } from './happenings.ts';
import { storeAccount } from './new-account.ts';
import type { OldPassword } from './old-password.ts';
import { passwordProblems } from './password-problems.ts';
import { problem, refused, type By, type Problem, type Result } from './problems.ts';

/** What can be done to accounts. Every function checks its input itself: it may come from a form, a file or the network. */
export interface Accounts {
  /** `{email, password?, emailVerified?, displayName?, firstName?, lastName?, task?, locale?, claims?}` */
  create(input: unknown, by: By): Promise<Result<Account>>;
  /** The same with the role `admin`: for `admin create` and the set-up alone (S79). */
  createAdministrator(input: unknown, by: By): Promise<Result<Account>>;
  /**
   * Changes the fields given and no others: `{displayName?, firstName?, lastName?, task?, locale?, claims?}`, where a
   * claim that is null goes. Undefined: no such account, or not in use (any more).
   */
  updateProfile(accountId: string, input: unknown, by: By): Promise<Result<Account> | undefined>;
  /**
   * The same for an administrator, also of one that is locked. `version` is what `versionOf` said when it was read:
   * `changed` where it is another by now, and nothing was changed. What was there before is written down, encrypted.
   */
  administer(
    accountId: string,
    of: { input: unknown; version: string },
    by: By,
  ): Promise<Result<Account> | 'changed' | undefined>;
  get(accountId: string): Promise<Account | undefined>;
  findByEmail(email: string): Promise<Account | undefined>;
  /** Without the old one, for the operator and for recovery; the policy holds. Undefined: no such account. */
  setPassword(accountId: string, password: string, by: By): Promise<Result<Account> | undefined>;
  /** As `Closing.remove`; false also for the last administrator, who stays. */
  delete(accountId: string, by: By): Promise<boolean>;
  hasAdministrator(): Promise<boolean>;
}

export interface AccountsDeps {
  records: Records;
  passwords: Passwords;
  policy: PasswordPolicy;
  factors: Pick<FactorChanges, 'of' | 'withPassword'>;
  oldPassword: OldPassword;
  closing: Pick<Closing, 'remove'>;
  events: Events;
  /** See `HappeningsDeps`. */
  tell?: Tell | undefined;
  clock: Clock;
}

export function createAccounts(deps: AccountsDeps): Accounts {
  const { records, passwords, policy, factors, oldPassword, events, clock } = deps;

  /** S81: a user name that is somebody's address would let one person pass for another. */
  async function isOthersEmail(username: unknown, ownKey: string): Promise<boolean> {
    if (typeof username !== 'string' || emailKey(username) === ownKey) return false;

    return (await records.accounts.find('email', emailKey(username))) !== undefined;
  }

  async function problemsOf(given: NewAccount) {
    const problems =
      given.password === undefined
        ? []
        : await passwordProblems(policy, { password: given.password, path: 'password', whose: given });

    if (await records.accounts.find('email', given.emailKey)) {
      problems.push(problem('email', 'problem.emailTaken'));
    }

    if (await isOthersEmail(given.claims['preferred_username'], given.emailKey)) {
      problems.push(problem('claims.preferred_username', 'problem.usernameIsEmail'));
    }

    return problems;
  }

  /** The password is judged also when something else is wrong: nobody should have to mend one thing after another. */
  async function problemsOfUnread(input: unknown, others: readonly Problem[]): Promise<Problem[]> {
    const { password, ...rest } = Object(input) as Record<string, unknown>;
    if (typeof password !== 'string' || others.some(({ path }) => path === 'password')) return [];

    const text = (name: string) => (typeof rest[name] === 'string' ? rest[name] : '');
    const whose = {
      email: text('email'),
      firstName: text('firstName'),
      lastName: text('lastName'),
      displayName: text('displayName'),
    };

    return passwordProblems(policy, { password, path: 'password', whose });
  }

  async function create(input: unknown, by: By, roles: Role[]): Promise<Result<Account>> {
    const parsed = readNewAccount(input);
    if (!parsed.ok) return refused(...parsed.problems, ...(await problemsOfUnread(input, parsed.problems)));

    const problems = await problemsOf(parsed.value);
    if (problems.length > 0) return refused(...problems);

    const { password, ...given } = parsed.value;
    const account = await storeAccount(deps, given, {
      by,
      roles,
      setPassword: async (id) => (password === undefined ? undefined : passwords.set(id, password)),
    });

    return account === 'taken' ? refused(problem('email', 'problem.emailTaken')) : { ok: true, value: account };
  }

  async function problemOfClaims({ claims }: ProfileChange, { emailKey: own }: Account): Promise<Problem | undefined> {
    const isOthers = await isOthersEmail(claims['preferred_username'], own);

    return isOthers ? problem('claims.preferred_username', 'problem.usernameIsEmail') : undefined;
  }

  async function setPassword(accountId: string, password: string, by: By): Promise<Result<Account> | undefined> {
    const account = await records.accounts.get(accountId);
    if (!account) return undefined;

    const secondFactor = isPasswordGuarded(await factors.of(accountId));
    const problems = await passwordProblems(policy, { password, path: 'password', whose: account, secondFactor });
    if (problems.length > 0) return refused(...problems);

    const told = await tellingOf(deps, { ...by, account, what: { kind: 'password.set' } });
    const set = await passwords.toSet(accountId, password);
    const writes = await factors.withPassword(accountId, set, policy.isShort(password));

    // What made up for a short one went while it was looked at: it is judged anew.
    if (!writes || !(await records.write([...writes, ...told]))) return setPassword(accountId, password, by);

    await oldPassword.forget(accountId);

    return { ok: true, value: account };
  }

  return {
    create: (input, by) => create(input, by, []),
    createAdministrator: (input, by) => create(input, by, ['admin']),

    async updateProfile(accountId, input, by) {
      const parsed = readProfileChange(input);
      if (!parsed.ok) return parsed;

      const before = await records.accounts.get(accountId);
      if (before?.status !== 'active') return undefined;

      const wrong = await problemOfClaims(parsed.value, before);
      if (wrong) return refused(wrong);

      const now = clock.now();
      let fields: string[] = [];
      const account = await records.accounts.update(accountId, (old) => {
        // Closed or disabled while the change was on its way.
        const next = old.status === 'active' ? changed(old, parsed.value) : old;
        fields = differences(old, next);

        return fields.length === 0 ? old : { ...next, updatedAt: now };
      });

      if (account?.status !== 'active') return undefined;
      if (fields.length > 0) await events.write('account.updated', { ...by, account, details: { fields } });

      return { ok: true, value: account };
    },

    async administer(accountId, { input, version }, by) {
      const parsed = readProfileChange(input);
      const before = await records.accounts.get(accountId);
      if (!before || before.status === 'closing') return undefined;
      if (!parsed.ok) return parsed;

      const wrong = await problemOfClaims(parsed.value, before);
      if (wrong) return refused(wrong);
      if (versionOf(before) !== version) return 'changed';

      const updatedAt = clock.now();
      const made = (old: Account): Account => ({ ...changed(old, parsed.value), updatedAt });
      const after = made(before);
      const fields = differences(before, after);
      if (fields.length === 0) return { ok: true, value: before };

      const change = (old: Account): Account => (versionOf(old) === version ? made(old) : old);
      const told: Write[] = [];
      const facts = { ...by, account: before, changes: changesIn(before, after, fields), details: { fields } };
      await events.write('account.updated', facts, (create) => told.push({ in: 'events', create }));

      const isDone = await records.write([{ in: 'accounts', update: accountId, change, decides: true }, ...told]);

      return isDone ? { ok: true, value: after } : 'changed';
    },

    get: (accountId) => records.accounts.get(accountId),
    findByEmail: (email) => records.accounts.find('email', emailKey(email)),
    setPassword,

    delete: async (accountId, by) => (await deps.closing.remove(accountId, by)) === true,

    async hasAdministrator() {
      return (await records.accounts.count('administrators', 'admin')) > 0;
    },
  };
}

function changed(old: Account, { fields, claims }: ProfileChange): Account {
  const merged = Object.entries({ ...old.claims, ...claims }).filter(([, value]) => value !== null);

  return { ...old, ...fields, claims: Object.fromEntries(merged) };
}

/** Names what somebody has read, whatever it was that has changed since. */
export function versionOf({ eventKey: _, leaving: __, ...account }: Account): string {
  return sha256(JSON.stringify(account)).slice(0, 22);
}

function changesIn(before: Account, after: Account, fields: readonly string[]): Changes {
  return Object.fromEntries(
    fields.map((field) => [field, { before: valueOf(before, field), after: valueOf(after, field) }]),
  );
}

function valueOf(account: Account, field: string): Json {
  const claim = field.startsWith('claims.') ? field.slice('claims.'.length) : undefined;

  return (claim === undefined ? (account as unknown as Record<string, Json>)[field] : account.claims[claim]) ?? null;
}

/** The names of what differs: `displayName`, `claims.website`. */
function differences(old: Account, next: Account): string[] {
  const fields = (['displayName', 'firstName', 'lastName', 'task', 'locale'] as const).filter(
    (name) => old[name] !== next[name],
  );
  const claims = [...new Set([...Object.keys(old.claims), ...Object.keys(next.claims)])]
    .filter((name) => !isDeepStrictEqual(old.claims[name], next.claims[name]))
    .map((name) => `claims.${name}`);

  return [...fields, ...claims];
}
