import { emailKey } from '../domain/account.ts';
import { networkOf } from '../domain/address.ts';
import type { Clock } from '../domain/clock.ts';
import type { KnownDevice } from '../domain/device-session.ts';
import type { Reads } from '../storage/reads.ts';
import type { Records, Write } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { createAttemptCounters, givenBack, type Counted, type Counter, type Rows } from './attempt-counters.ts';
import { createKnownDevices, deviceKey, isNamed, seenAt } from './known-devices.ts';

/**
 * How guessing is slowed down without letting a stranger lock anybody out (S84, S86 to S88): failures are counted by
 * account, by address and by pair, and a browser in which the person signed in before has a count of its own. Passwords
 * and second factors are counted apart, so that a right password gives nobody more guesses at what comes after it.
 * Exactly one of `succeeded`, `failed` and `withdrawn` must follow each admission, also when verifying throws.
 */
export interface Guessing {
  /** Counts a try before what was typed is looked at. A refused one is not counted and must not be verified. */
  admit(attempt: Attempt): Promise<Admission>;
  /** Gives the count back, clears what the person's own failures left, remembers the device. */
  succeeded(ticket: Ticket, accountId: string): Promise<void>;
  failed(ticket: Ticket): Promise<void>;
  /** After a proof that nobody guesses (a passkey, a code from the mailbox): remembers the device. */
  recognised(device: { accountId: string; deviceId: string }): Promise<void>;
  /** Nothing was verified (503 from the hash queue): gives the count back. */
  withdrawn(ticket: Ticket): Promise<void>;
  /** The operator's command after 100 failures in a row: unknown devices may try again. */
  clear(email: string): Promise<void>;
}

export interface Attempt {
  /** Every spelling of an address is one counter (S87). */
  email: string;
  ip: string;
  /** `visitor.deviceId` */
  deviceId: string;
  /** Undefined for an unknown address: counted all the same. */
  accountId?: string | undefined;
}

export type Admission = { allowed: true; ticket: Ticket } | Refusal;

export interface Refusal {
  allowed: false;
  /** Seconds. */
  retryAfter: number;
  /** For events; people get one and the same answer. `locked`: 100 failures in a row (S84). */
  reason: Reason;
}

export type Reason = 'device' | 'pair' | 'account' | 'address' | 'locked';

/** To be handed back, not to be read. */
export interface Ticket {
  readonly counted: readonly Counted[];
  readonly known: boolean;
  readonly deviceId: string;
  /** As it was found, where it is known for anything. */
  readonly device?: KnownDevice | undefined;
  /** How many devices of the account are known. */
  readonly devices: number;
}

/** Durations in seconds: `config.limits.sign_in`. */
export interface GuessingLimits {
  window: number;
  failures_per_pair: number;
  failures_per_account: number;
  failures_per_address: number;
  first_wait: number;
  longest_wait: number;
}

export interface GuessingDeps {
  records: Pick<Records, 'attempts' | 'knownDevices' | 'write'>;
  reads: Reads;
  sealing: Pick<Sealing, 'keyedHash'>;
  clock: Clock;
  limits: GuessingLimits;
  /**
   * What is guessed at; passwords unless told otherwise. `registration`: codes sent to an address that is no account's
   * yet. Of them no row of failures is kept and nothing is counted over networks, by which a stranger could shut
   * somebody's address out: what bounds the guesses there is how many codes are sent.
   */
  at?: 'password' | 'second-factor' | 'registration';
  /** See `EventsDeps`; `sent` is called once they were written, or were not: with what kept them from it. */
  takeOver?: ((writes: readonly Write[], sent: (failure?: unknown) => void) => boolean) | undefined;
}

/** NIST SP 800-63B-4 section 3.2.2: consecutive failures after which other proof is needed. */
const mostInARow = 100;
/** Failures within an hour (S85): no more, however long somebody waits between them. */
const mostInAnHour = 20;
const hour = 3600;
const day = 86_400;
/** A row of failures is a row although months lie between them; a year without any ends it. */
const rowLife = 365 * day;
export function createGuessing(deps: GuessingDeps): Guessing {
  const { records, sealing, clock, limits, at = 'password', takeOver } = deps;
  const counters = createAttemptCounters({ records, clock });
  const knownDevices = createKnownDevices(deps);
  const isSecond = at === 'second-factor';
  const isCode = at !== 'password';

  // Hashed under the operator's key: the store is no list of addresses that somebody tried.
  const counterId = (name: string, ...values: string[]) =>
    sealing.keyedHash(`attempts:${isCode ? `${at}-` : ''}${name}`, values.join('\0'));

  function slowing(reason: Reason, limit: number, ...values: string[]): Counter<Reason> {
    return { id: counterId(reason, ...values), reason, limit, wait: growingWait(limits, limit), life: limits.window };
  }

  function ending(name: string, ...values: string[]): Counter<Reason> {
    return { id: counterId(name, ...values), reason: 'locked', limit: mostInARow, wait: () => rowLife, life: rowLife };
  }

  /** Six digits have a million values: there growing waits alone would still allow too many guesses (S85). */
  function hourly(name: string, reason: Reason, ...values: string[]): Counter<Reason> {
    const limit = Math.min(mostInAnHour, limits.failures_per_account);

    return { id: counterId(name, ...values), reason, limit, wait: () => hour, life: hour };
  }

  function strangersCounters(account: string, address: string): Counter<Reason>[] {
    const pair = slowing('pair', limits.failures_per_pair, account, address);
    // Whose address it is nobody knows yet: a stranger's failures elsewhere keep nobody from creating an account.
    const whose = at === 'registration' ? [account, address] : [account];

    return [
      // The first one without room says how long to wait: the longest wait comes first.
      ...(at === 'registration' ? [] : [ending('row', account)]),
      ...(isCode
        ? [hourly('account', 'account', ...whose), pair]
        : [pair, slowing('account', limits.failures_per_account, account)]),
      slowing('address', limits.failures_per_address, address),
    ];
  }

  function devicesCounters(device: string): Counter<Reason>[] {
    return [
      ...(isSecond ? [hourly('device-hour', 'device', device)] : []),
      slowing('device', limits.failures_per_pair, device),
      ending('device-row', device),
    ];
  }

  async function countAll(all: readonly Counter<Reason>[], ahead: Rows): Promise<Counted[] | Refusal> {
    const count = await counters.count(all, ahead);
    if ('counted' in count) return count.counted;

    const { reason, retryAfter } = count.refused;

    return {
      allowed: false,
      reason,
      retryAfter: reason === 'locked' ? Math.min(retryAfter, limits.longest_wait) : retryAfter,
    };
  }

  /** Whatever happens to the writes, those who wait for this outcome go on. */
  async function settleAfter(counted: readonly Counted[], writes: () => Promise<Write[]>): Promise<void> {
    const settle = (failure?: unknown) => counters.settle(counted, failure);

    try {
      const made = await writes();
      if (takeOver?.(made, settle)) return;

      await records.write(made, { inOrder: false });
      settle();
    } catch (failure) {
      settle(failure);
      throw failure;
    }
  }

  async function remembered(
    accountId: string,
    { deviceId, known, device, devices }: Omit<Ticket, 'counted'>,
  ): Promise<Write[]> {
    const id = deviceKey({ accountId, deviceId });
    const seen = seenAt(clock.now());

    // What was known of it stays: a right password says nothing about the second factor that was proved in it.
    if (known) return [{ in: 'knownDevices', update: id, seen: device, change: (old) => ({ ...old, ...seen }) }];

    const put: Write = {
      in: 'knownDevices',
      put: { ...device, id, accountId, ...seen, ...(isSecond && { secondFactor: true as const }) },
    };

    // Its own row of failures has ended too, had it lost its standing by them.
    const cleared = devicesCounters(id).map((counter): Write => ({ in: 'attempts', remove: counter.id }));

    return [...(await knownDevices.makeRoom(accountId, devices)), put, ...cleared];
  }

  return {
    async admit({ email, ip, deviceId, accountId }) {
      const device = deviceKey({ accountId: accountId ?? '', deviceId });
      const ofDevice = devicesCounters(device);
      const ofStrangers = strangersCounters(emailKey(email), networkOf(ip));

      // Looked up for unknown people too, and all that may be needed: the same trip to the store for everybody (S71).
      const [found, devices, rows] = await Promise.all([
        knownDevices.find(device),
        knownDevices.count(accountId ?? ''),
        counters.read([...ofDevice, ...ofStrangers].map(({ id }) => id)),
      ]);
      const known = found !== undefined && accountId !== undefined && (!isSecond || found.secondFactor === true);
      const asDevice = known ? await countAll(ofDevice, rows) : undefined;

      if (Array.isArray(asDevice)) {
        return { allowed: true, ticket: { counted: asDevice, known: true, deviceId, device: found, devices } };
      }

      // A device with 100 failures of its own in a row is no better than a stranger's.
      if (asDevice && asDevice.reason !== 'locked') return asDevice;
      const asStranger = await countAll(ofStrangers, rows);

      return Array.isArray(asStranger)
        ? { allowed: true, ticket: { counted: asStranger, known: false, deviceId, device: found, devices } }
        : asStranger;
    },

    succeeded: (ticket, accountId) =>
      settleAfter(ticket.counted, async () => {
        // An address's counter also holds what others failed there, so it is not cleared.
        const writes = ticket.counted.map((one): Write =>
          one.reason === 'address' ? givenBack(one) : { in: 'attempts', remove: one.id },
        );

        return isNamed(ticket) ? [...writes, ...(await remembered(accountId, ticket))] : writes;
      }),

    async failed({ counted }) {
      counters.settle(counted);
    },

    async recognised({ accountId, deviceId }) {
      if (!isNamed({ deviceId })) return;

      const [devices, device] = await Promise.all([
        knownDevices.count(accountId),
        knownDevices.find(deviceKey({ accountId, deviceId })),
      ]);
      await records.write(await remembered(accountId, { known: false, deviceId, device, devices }));
    },

    withdrawn: ({ counted }) => settleAfter(counted, async () => counted.map(givenBack)),

    async clear(email) {
      const account = emailKey(email);

      await records.write([
        { in: 'attempts', remove: counterId('account', account) },
        { in: 'attempts', remove: counterId('row', account) },
      ]);
    },
  };
}

/** Seconds to wait: doubled by each failure from the limit on, up to the longest. */
function growingWait(limits: GuessingLimits, limit: number) {
  return (failures: number): number => Math.min(limits.longest_wait, limits.first_wait * 2 ** (failures - limit));
}
