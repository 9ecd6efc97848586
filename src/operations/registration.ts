import { z } from 'zod';

import type { Guessing } from '../credentials/guessing.ts';
import type { CodeOf, IssuedCode, OneTimeCodes } from '../credentials/one-time-code.ts';
import type { PasswordPolicy } from '../credentials/password-policy.ts';
import type { Passwords } from '../credentials/passwords.ts';
import { emailKey, keepableUntil, type Account, type Locale } from '../domain/account.ts';
import { networkOf } from '../domain/address.ts';
import type { Clock } from '../domain/clock.ts';
import type { Json } from '../domain/json.ts';
import type { Events, Origin } from '../events/writer.ts';
import { toAccount, type Messages } from '../messages/messages.ts';
import type { Ephemera } from '../storage/ephemera.ts';
import type { Records, Write } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { displayNameLength } from './account-input.ts';
import { storeAccount } from './new-account.ts';
import { passwordProblems } from './password-problems.ts';
import { read, refused, type Result } from './problems.ts';
import { emailAddress, neededLine } from './text-rules.ts';

/**
 * Creating one's own account, where the operator allows it. Until a code from the mailbox was typed there is no account
 * but only what this browser has said, for an hour: whoever types a stranger's address has nothing, and nothing of
 * theirs is in the account that its owner makes later (S80). An address that somebody has already is answered like any
 * other (S71); its owner is told by mail.
 */
export interface Registration {
  readonly isAllowed: boolean;
  /** Sends the code, or tells the owner. A second time in one attempt, it takes the place of the first. */
  begin(input: RegistrationInput, attempt: Attempt): Promise<Result<object> | Wait>;
  /** What this browser is about to create; undefined: nothing, or it is over. */
  begun(attempt: Pick<Attempt, 'binding'>): Promise<{ email: string; displayName: string } | undefined>;
  /** A new code in the place of the one before, whose tries are not given back. */
  sendAgain(attempt: Attempt): Promise<'sent' | 'ended' | Wait>;
  /**
   * `taken`: the code is right, and meanwhile whoever reads this mailbox has made an account elsewhere. `ended`: no code
   * lives here.
   */
  confirm(code: string, attempt: Attempt): Promise<Confirmed>;
}

export interface RegistrationInput {
  email: string;
  displayName: string;
  password: string;
}

export interface Attempt {
  /** See `CodeOf`. */
  binding: string;
  from: Origin & { deviceId: string };
  locale: Locale;
}

/** Seconds. */
export interface Wait {
  wait: number;
}

export type Confirmed = { account: Account } | { wrong: true; triesLeft: number } | 'ended' | 'taken' | Wait;

export interface RegistrationDeps {
  /** `perAddress`: of one IP address, in an hour. */
  settings: { allowed: boolean; perAddress: number };
  records: Pick<Records, 'accounts' | 'passwords' | 'formerAddresses'>;
  ephemera: Pick<Ephemera, 'increment'>;
  passwords: Pick<Passwords, 'hash' | 'setHashed'>;
  policy: PasswordPolicy;
  codes: Pick<OneTimeCodes, 'issue' | 'check' | 'waiting' | 'pending'>;
  /** At codes sent for registrations. */
  guessing: Pick<Guessing, 'admit' | 'succeeded' | 'failed' | 'withdrawn'>;
  messages: Pick<Messages, 'compose' | 'wake'>;
  events: Pick<Events, 'write' | 'newEventKey'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  clock: Clock;
}

const given = z.strictObject({
  email: emailAddress,
  displayName: neededLine(displayNameLength),
  password: z.string(),
});

/** Seconds. */
const hour = 3600;
const day = 24 * hour;
/** Codes that one network has sent to one address within an hour (S76). */
const mostToOneMailbox = 5;
/** And all together: with five tries at each code, nobody guesses one (S85), from however many networks. */
const mostToMailbox = [
  { most: 10, within: hour },
  { most: 40, within: day },
];

/** What a row of `codes` holds. */
interface Pending {
  email: string;
  displayName: string;
  passwordHash: string;
  locale: Locale;
}

/** Whose an address is: an account's, or kept for one that had it lately (until then, in milliseconds); else nobody's. */
interface Holder {
  account?: Account | undefined;
  keptUntil?: number | undefined;
}

export function createRegistration(deps: RegistrationDeps): Registration {
  const { settings, records, ephemera, passwords, policy, codes, guessing, messages, events, sealing, clock } = deps;

  /** Counted before anything is looked up, and the same for everybody. Undefined: go on. */
  async function admitted(email: string, { from }: Attempt): Promise<Wait | undefined> {
    const network = networkOf(from.ip);
    const mailbox = emailKey(email);

    const stages = [
      [
        { name: `network ${network}`, most: settings.perAddress, within: hour },
        { name: `mailbox ${network} ${mailbox}`, most: mostToOneMailbox, within: hour },
      ],
      ...mostToMailbox.map((share) => [{ ...share, name: `mailbox ${share.within} ${mailbox}` }]),
    ];

    // What is refused at one uses up nothing of the next, which others have a part in.
    for (const counters of stages) {
      const wait = await counted(counters);
      if (wait) return wait;
    }

    return undefined;
  }

  async function counted(counters: readonly { name: string; most: number; within: number }[]) {
    const counts = await Promise.all(
      counters.map(({ name, within }) =>
        ephemera.increment('registration', sealing.keyedHash('registration', name), within),
      ),
    );

    return counts.some((count, index) => count > (counters[index]?.most ?? 0)) ? { wait: hour } : undefined;
  }

  async function problemsOf(input: RegistrationInput) {
    const parsed = read(given, input);
    const { email, displayName, password } = parsed.ok ? parsed.value : input;
    const whose = { email, displayName, firstName: '', lastName: '' };
    const weak = await passwordProblems(policy, { password, path: 'password', whose });

    return { parsed, problems: [...(parsed.ok ? [] : parsed.problems), ...weak] };
  }

  function letter(
    { email, locale }: Pending,
    { account, keptUntil, attempt }: Holder & { attempt: string },
    issued: IssuedCode,
  ): Write[] {
    if (account) {
      const until = keepableUntil(account, clock.now());
      const data = { by: 'registration', signInPath: '/account', ...(until !== undefined && { until }) } as const;

      return messages.compose('address-tried', { ...toAccount(account), data });
    }

    const to = { to: email, locale };
    if (keptUntil !== undefined) return messages.compose('address-kept', { ...to, data: { until: keptUntil } });

    const lives = Math.round((issued.worksUntil - clock.now()) / 1000);

    return messages.compose('verify-email', { ...to, attempt, data: { code: issued.code, lives } });
  }

  /** The same work whether the address is somebody's or nobody's. */
  async function send(pending: Pending, { binding, from }: Attempt): Promise<Wait | undefined> {
    const key = emailKey(pending.email);
    const [account, kept] = await Promise.all([records.accounts.find('email', key), records.formerAddresses.get(key)]);
    const decoy = account !== undefined || kept !== undefined;

    const issued = await codes.issue({ ...codeOf(binding), data: { ...pending }, decoy }, async (code) => {
      const writes = letter(pending, { account, keptUntil: kept?.expiresAt, attempt: binding }, code);
      const facts = { actor: 'anonymous', account, from, details: { known: account !== undefined } };
      await events.write('registration.begun', facts, (row) => writes.push({ in: 'events', create: row }));

      return writes;
    });

    if ('wait' in issued) return issued;
    messages.wake();

    return undefined;
  }

  async function pendingOf(binding: string): Promise<Pending | undefined> {
    const pending = await codes.pending(codeOf(binding));

    return pending?.here ? pendingIn(pending.data) : undefined;
  }

  async function make({ email, displayName, locale, passwordHash }: Pending, { from }: Attempt) {
    const person = { email, displayName, locale, firstName: '', lastName: '', task: '', claims: {} };

    return storeAccount(
      deps,
      { ...person, emailKey: emailKey(email), emailVerified: true },
      {
        by: { actor: 'anonymous', from },
        roles: [],
        setPassword: (id) => passwords.setHashed(id, passwordHash),
      },
    );
  }

  return {
    isAllowed: settings.allowed,

    async begin(input, attempt) {
      const { parsed, problems } = await problemsOf(input);
      if (!parsed.ok || problems.length > 0) return refused(...problems);

      const { password, ...person } = parsed.value;
      const wait = await admitted(person.email, attempt);
      if (wait) return wait;

      const passwordHash = await passwords.hash(password);

      return (await send({ ...person, passwordHash, locale: attempt.locale }, attempt)) ?? { ok: true, value: {} };
    },

    async begun({ binding }) {
      const pending = await pendingOf(binding);

      return pending && { email: pending.email, displayName: pending.displayName };
    },

    async sendAgain(attempt) {
      const pending = await pendingOf(attempt.binding);
      if (!pending) return 'ended';

      return (await admitted(pending.email, attempt)) ?? (await send(pending, attempt)) ?? 'sent';
    },

    async confirm(code, attempt) {
      const { binding, from } = attempt;
      const waiting = pendingIn((await codes.waiting(codeOf(binding)))?.data);
      if (!waiting) return 'ended';

      const admission = await guessing.admit({ email: waiting.email, ip: from.ip, deviceId: from.deviceId });
      if (!admission.allowed) return { wait: admission.retryAfter };

      const { ticket } = admission;
      const checked = await codes.check({ ...codeOf(binding), code }).catch(async (error: unknown) => {
        await guessing.withdrawn(ticket);
        throw error;
      });

      if (checked.outcome === 'wrong') {
        await guessing.failed(ticket);
        return { wrong: true, triesLeft: checked.triesLeft };
      }

      if (checked.outcome === 'ended') {
        await guessing.withdrawn(ticket);
        return 'ended';
      }

      const account = await make(checked.data as unknown as Pending, attempt);
      if (account === 'taken') {
        await guessing.withdrawn(ticket);
        return 'taken';
      }

      await guessing.succeeded(ticket, account.id);
      return { account };
    },
  };
}

/** Everybody has an attempt of their own: who types the same address elsewhere ends nobody's. */
function codeOf(binding: string): CodeOf {
  return { purpose: 'register', accountId: binding, binding };
}

/** It was written by us. */
function pendingIn(data: Record<string, Json> | undefined): Pending | undefined {
  return data as unknown as Pending | undefined;
}
