import type { Guessing } from '../credentials/guessing.ts';
import type { IssuedSecret, OneTimeSecrets } from '../credentials/one-time-secret.ts';
import type { PasswordPolicy } from '../credentials/password-policy.ts';
import type { Passwords } from '../credentials/passwords.ts';
import { emailKey, maySignIn, type Account } from '../domain/account.ts';
import { networkOf } from '../domain/address.ts';
import type { Clock } from '../domain/clock.ts';
import { isPasswordGuarded } from '../domain/factors.ts';
import { sha256 } from '../domain/ids.ts';
import type { Origin } from '../events/writer.ts';
import { toAccount, type Messages } from '../messages/messages.ts';
import type { Shares } from '../messages/shares.ts';
import type { Records, Write } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { circumstancesOf, type PlaceOf } from './circumstances.ts';
import type { Endings } from './endings.ts';
import type { FactorChanges } from './factor-changes.ts';
import { tellingOf, type HappeningsDeps } from './happenings.ts';
import type { OldPassword } from './old-password.ts';
import { passwordProblems } from './password-problems.ts';
import { refused, type By, type Result } from './problems.ts';

/**
 * A new password without the old one, for whoever has the account's mailbox: a link and a code beside it that works as
 * well, once, for 20 minutes (S71 to S76). It proves a mailbox and nothing else: nobody is signed in by it, and what is
 * asked for beside the password is asked for as before.
 */
export interface Recovery {
  /** Whether links can be sent at all, as this service is set up. */
  readonly possible: boolean;
  /**
   * Sends a link, if somebody has this address. The answer and the work for it are the same if nobody has (S71); beyond
   * its share an address gets none, without a word (S76). `too-many`: from this network; that depends on no address.
   */
  ask(asked: { email: string; step?: string | undefined; from: Visited }): Promise<'asked' | 'too-many'>;
  /** The same for whoever showed a secret from the mailbox: of no share, which strangers could have spent. */
  send(account: Account, from: Visited): Promise<void>;
  /** The same for an administrator, who never sees what is sent. */
  sendBy(account: Account, by: By): Promise<void>;
  /** Whose new password a link or code is for: before the button is pressed, without effect. Undefined: it is over. */
  find(typed: string): Promise<Recovered | undefined>;
  /** Problems stand at `newPassword`. `ended`: the link or code is over, used (also a moment ago) or was never one. */
  reset(typed: string, newPassword: string, from: Visited): Promise<Result<Recovered> | 'ended'>;
}

export interface Recovered {
  account: Account;
  /** The step of a sign-in in which it was asked for, if this is the same browser: that is where to go on. */
  step?: string;
  secondFactor: boolean;
  /** How many API keys it has, which a new password leaves alone. */
  apiKeys: number;
}

type Visited = Origin & { deviceId: string };

export interface RecoveryDeps extends HappeningsDeps {
  records: Pick<Records, 'accounts' | 'passkeys' | 'apiKeys' | 'write'>;
  passwords: Pick<Passwords, 'toSet'>;
  policy: PasswordPolicy;
  factors: Pick<FactorChanges, 'of' | 'withPassword'>;
  oneTimeSecrets: Pick<OneTimeSecrets, 'issue' | 'find' | 'take'>;
  messages: Pick<Messages, 'compose' | 'pretend' | 'canSendEmail'>;
  shares: Pick<Shares, 'take'>;
  oldPassword: OldPassword;
  endings: Pick<Endings, 'account'>;
  guessing: Pick<Guessing, 'recognised'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  placeOf?: PlaceOf | undefined;
  clock: Clock;
  limits: RecoveryLimits;
}

/** Mails with links an hour: `config.limits.recovery`. */
export interface RecoveryLimits {
  per_account: number;
  /** Requests, whomever they are for. */
  per_address: number;
  per_hour: number;
}

interface Wanted {
  account: Account | undefined;
  to: Account | undefined;
  email: string;
  step?: string | undefined;
  /** Whoever asks; undefined: an administrator does. */
  from: Visited | undefined;
  owed?: true;
}

const hour = 3600;

export function createRecovery(deps: RecoveryDeps): Recovery {
  const { records, passwords, oneTimeSecrets, messages, shares, endings, clock, limits, events } = deps;

  async function find(typed: string, deviceId?: string): Promise<Recovered | undefined> {
    const row = await oneTimeSecrets.find('password-reset', typed);
    const account = row?.accountId === undefined ? undefined : await records.accounts.get(row.accountId);
    if (!row || !account || !maySignIn(account, clock.now())) return undefined;

    const secondFactor = account.emailVerified && isPasswordGuarded(await deps.factors.of(account.id));
    const apiKeys = await records.apiKeys.count('account', account.id);
    const { step, browser } = row.data;
    const isSame = deviceId !== undefined && browser === sha256(deviceId);

    return { account, secondFactor, apiKeys, ...(isSame && typeof step === 'string' && { step }) };
  }

  /** Whether this address may get another one, counted for addresses that nobody has just the same. */
  async function mayHave(account: Account | undefined, key: string): Promise<'yes' | 'no' | 'spent'> {
    if ((await shares.take(`recovery of ${key}`, { most: limits.per_account, within: hour })) === undefined)
      return 'no';

    const name = account ? 'recovery' : 'recovery of nobody';
    const taken = await shares.take(name, { most: limits.per_hour, within: hour });

    if (account && taken === limits.per_hour) {
      await events.write('recovery.spent', { actor: 'server', details: { perHour: taken } });
    }

    return taken === undefined ? 'spent' : 'yes';
  }

  function mail(
    { to, email, from, owed }: Omit<Wanted, 'account'>,
    { secret, code, expiresAt }: IssuedSecret,
  ): Write[] {
    const data = {
      path: `/reset-password?token=${secret}`,
      code,
      lives: Math.round((expiresAt - clock.now()) / 1000),
      ...circumstancesOf(from, { clock, placeOf: deps.placeOf, locale: to?.locale ?? 'en' }),
      ...(!from && { byAdministrator: true as const }),
    } as const;

    return to
      ? messages.compose('reset-password', { ...toAccount(to), data, ...(owed && { owed }) })
      : messages.pretend('reset-password', { to: email, data });
  }

  /** `to`: undefined sends nothing. Nobody's link opens nothing; it costs what somebody's costs. */
  async function issue({ account, step, ...wanted }: Wanted, by?: By): Promise<void> {
    const { to, email, from } = wanted;
    const accountId = to?.id ?? `nobody ${deps.sealing.keyedHash('recovery-of-nobody', emailKey(email))}`;
    const data = { ...(from && { browser: sha256(from.deviceId) }), ...(step !== undefined && { step }) };
    const told: Write[] = [];

    const facts = { ...(by ?? { actor: 'anonymous', from }), account, details: { known: account !== undefined } };
    await events.write('recovery.asked', facts, (row) => told.push({ in: 'events', create: row }));
    await oneTimeSecrets.issue({ purpose: 'password-reset', accountId, data }, (issued) => [
      ...told,
      ...mail(wanted, issued),
    ]);
  }

  async function reset(typed: string, newPassword: string, from: Visited): Promise<Result<Recovered> | 'ended'> {
    const seen = await find(typed, from.deviceId);
    if (!seen) return 'ended';

    const { secondFactor } = seen;
    const account = { ...seen.account, emailVerified: true };
    const by = { actor: account.id, from };
    const asked = { password: newPassword, path: 'newPassword', whose: account, secondFactor };
    const problems = await passwordProblems(deps.policy, asked);
    if (problems.length > 0) return refused(...problems);

    const set = await passwords.toSet(account.id, newPassword);
    const told = await tellingOf(deps, { ...by, account, what: { kind: 'password.reset' } });
    const proof = seen.account.emailVerified ? [] : proved(account.id, clock.now());

    // Whoever holds the link may end everything: should we be killed half-way, nobody is left inside.
    await endings.account(account, { ...by, reason: 'password_reset' });
    const writes = await deps.factors.withPassword(account.id, set, deps.policy.isShort(newPassword));
    // What made up for a short one went while it was looked at: it is judged anew.
    if (!writes) return reset(typed, newPassword, from);

    const taken = await oneTimeSecrets.take('password-reset', typed, () => [...writes, ...proof, ...told]);
    if (!taken) return 'ended';

    if (!seen.account.emailVerified) {
      await records.passkeys.removeAll('account', account.id);
      await records.apiKeys.removeAll('account', account.id);
    }
    await deps.oldPassword.forget(account.id);
    await endings.account(account, { ...by, reason: 'password_reset' });
    await deps.guessing.recognised({ accountId: account.id, deviceId: from.deviceId });

    return { ok: true, value: { ...seen, account, ...(!seen.account.emailVerified && { apiKeys: 0 }) } };
  }

  return {
    possible: messages.canSendEmail,

    async ask({ email, step, from }) {
      const key = emailKey(email);
      const found = await records.accounts.find('email', key);
      const account = found && maySignIn(found, clock.now()) ? found : undefined;

      const share = { most: limits.per_address, within: hour };
      if ((await shares.take(`recovery from ${networkOf(from.ip)}`, share)) === undefined) return 'too-many';

      const may = await mayHave(account, key);
      if (may === 'no') return 'asked';

      await issue({ account, to: may === 'yes' ? account : undefined, email, step, from });

      return 'asked';
    },

    send: (account, from) => issue({ account, to: account, email: account.email, from, owed: true }),

    sendBy: (account, by) => issue({ account, to: account, email: account.email, from: undefined, owed: true }, by),

    find: (typed) => find(typed),

    reset,
  };
}

/**
 * The mailbox is proved now, and was not before: whatever else the account had may be a stranger's who gave this address
 * (S80).
 */
function proved(accountId: string, updatedAt: number): Write[] {
  return [
    { in: 'accounts', update: accountId, change: (old) => ({ ...old, emailVerified: true, updatedAt }) },
    { in: 'factors', remove: accountId },
  ];
}
