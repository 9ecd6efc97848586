import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { SecurityEvent } from '../domain/security-event.ts';
import type { Events } from '../events/writer.ts';
import { everyRow, type Records, type Write } from '../storage/records.ts';
import { accountLine, readAccountLine, type AccountLine } from './account-lines.ts';
import { problem, type By, type Problem } from './problems.ts';

/**
 * Accounts from a file and to one, a line of JSON each. A file is looked at whole before anything of it is written, so
 * that nobody has half of one; what broke off is begun again with the same file, and goes on.
 */
export interface AccountFiles {
  /** What is wrong with each line. Reads, and writes nothing. `roles`: whether lines may give some. */
  check(lines: AsyncIterable<string>, options?: { roles?: boolean; told?: Told }): Promise<Checked>;
  /** For lines that were checked. One that was taken meanwhile is told and left out. */
  write(lines: AsyncIterable<string>, by: By, told?: Told): Promise<Imported>;
  /** Every account but those that are closing. With `hashes` each with the hash of its password. */
  read(options: { hashes: boolean }, by: By): AsyncGenerator<string, void>;
}

/** Told now and then of how many lines are done. */
type Told = (lines: number) => void;

export interface Checked {
  lines: number;
  /** There already, by the same id and address: left as they are. */
  there: number;
  problems: LineProblem[];
}

export interface LineProblem {
  /** From 1. */
  line: number;
  problem: Problem;
}

export interface Imported {
  written: number;
  there: number;
  problems: LineProblem[];
}

export interface AccountFilesDeps {
  records: Pick<Records, 'accounts' | 'passwords' | 'closedAccounts' | 'clients' | 'write'>;
  events: Pick<Events, 'write' | 'newEventKey'>;
  clock: Clock;
}

/** Lines that are looked up together. */
const batch = 200;
/** Accounts that are written in one step: several of these are under way at once. */
const step = 50;

type Numbered = { line: number; account: AccountLine };

export function createAccountFiles({ records, events, clock }: AccountFilesDeps): AccountFiles {
  /** Against what is in the store. */
  async function standing({ line, account }: Numbered): Promise<'new' | 'there' | LineProblem> {
    const { id, given } = account;
    const [byEmail, byId, closed, client] = await Promise.all([
      records.accounts.find('email', given.emailKey),
      id === undefined ? undefined : records.accounts.get(id),
      id === undefined ? undefined : records.closedAccounts.get(id),
      // S41: no machine's subject is a person's.
      id === undefined ? undefined : records.clients.get(id),
    ]);

    if (byEmail && byEmail.id === id) return 'there';
    if (byEmail) return { line, problem: problem('email', 'problem.emailTaken') };
    if (byId || closed || client) return { line, problem: problem('id', 'problem.subjectTaken') };

    return 'new';
  }

  function rowOf({ id = newId(), given, roles, status, lock, createdAt }: AccountLine): Account {
    const { password: _password, ...about } = given;
    const now = clock.now();

    return {
      ...about,
      id,
      roles,
      status,
      ...(status === 'disabled' && { lock: lock ?? { at: now, reason: '' } }),
      eventKey: events.newEventKey(id),
      createdAt: createdAt ?? now,
      updatedAt: now,
    };
  }

  /** In one step where the store can. Answers which of them could not be written: by then their address is somebody's. */
  async function store(some: readonly Numbered[], by: By): Promise<LineProblem[]> {
    const rows = some.map(({ line, account }) => ({ line, row: rowOf(account), hash: account.passwordHash }));
    const writes = await Promise.all(rows.map(({ row, hash }) => writesOf(row, hash, by)));

    try {
      await records.write(writes.flat());

      return [];
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;

      const lost = await Promise.all(
        rows.map(async ({ line, row }) => {
          if (await records.accounts.get(row.id)) return [];
          await records.passwords.remove(row.id);

          return [{ line, problem: problem('email', 'problem.emailTaken') }];
        }),
      );

      return lost.flat();
    }
  }

  async function writesOf(row: Account, hash: string | undefined, by: By): Promise<Write[]> {
    const told: SecurityEvent[] = [];
    const keep = (event: SecurityEvent) => void told.push(event);
    const { emailVerified } = row;
    await events.write('account.created', { ...by, account: row, details: { emailVerified } }, keep);
    if (row.roles.includes('admin')) await events.write('admin.created', { ...by, account: row }, keep);

    const password = { id: row.id, accountId: row.id, hash: hash ?? '', changedAt: clock.now() };

    // The password first: an account is never there without the one that it was given.
    return [
      ...(hash === undefined ? [] : [{ in: 'passwords', put: password } as const]),
      { in: 'accounts', create: row },
      ...told.map((event): Write => ({ in: 'events', create: event })),
    ];
  }

  return {
    async check(lines, { roles = false, told } = {}) {
      const found: LineProblem[] = [];
      const seen = { email: new Map<string, number>(), id: new Map<string, number>() };
      let count = 0;
      let there = 0;

      for await (const some of batches(lines)) {
        const good: Numbered[] = [];

        for (const { line, text } of some) {
          const parsed = readAccountLine(text);
          if (!parsed.ok) {
            found.push(...parsed.problems.map((each) => ({ line, problem: each })));
            continue;
          }

          const { id, given, roles: wanted } = parsed.value;
          if (wanted.length > 0 && !roles) found.push({ line, problem: problem('roles', 'problem.rolesInFile') });

          const before = seen.email.get(given.emailKey) ?? (id === undefined ? undefined : seen.id.get(id));
          if (before === undefined) good.push({ line, account: parsed.value });
          else found.push({ line, problem: problem('', 'problem.lineTwice', { line: before }) });

          if (!seen.email.has(given.emailKey)) seen.email.set(given.emailKey, line);
          if (id !== undefined && !seen.id.has(id)) seen.id.set(id, line);
        }

        for (const result of await Promise.all(good.map(standing))) {
          if (result === 'there') there += 1;
          else if (result !== 'new') found.push(result);
        }

        count += some.length;
        told?.(count);
      }

      return { lines: count, there, problems: found.toSorted((a, b) => a.line - b.line) };
    },

    async write(lines, by, told) {
      const found: LineProblem[] = [];
      let [count, there, written] = [0, 0, 0];

      for await (const some of batches(lines)) {
        const fresh: Numbered[] = [];

        await Promise.all(
          some.map(async ({ line, text }) => {
            const parsed = readAccountLine(text);
            if (!parsed.ok) return void found.push(...parsed.problems.map((each) => ({ line, problem: each })));

            const state = await standing({ line, account: parsed.value });
            if (state === 'there') there += 1;
            else if (state === 'new') fresh.push({ line, account: parsed.value });
            else found.push(state);
          }),
        );

        const steps = Array.from({ length: Math.ceil(fresh.length / step) }, (_, at) =>
          store(fresh.slice(at * step, (at + 1) * step), by),
        );
        const lost = (await Promise.all(steps)).flat();
        found.push(...lost);
        written += fresh.length - lost.length;
        count += some.length;
        told?.(count);
      }

      if (written > 0) await events.write('accounts.imported', { ...by, details: { count: written } });

      return { written, there, problems: found.toSorted((a, b) => a.line - b.line) };
    },

    async *read({ hashes }, by) {
      let count = 0;

      for await (const account of everyRow((page) => records.accounts.scan(page))) {
        const password = hashes ? await records.passwords.get(account.id) : undefined;
        const line = accountLine(account, password?.hash);
        if (line === undefined) continue;

        count += 1;
        yield line;
      }

      await events.write('accounts.exported', { ...by, details: { count, hashes } });
    },
  };
}

/** Empty lines count, and are left out. */
async function* batches(lines: AsyncIterable<string>): AsyncGenerator<{ line: number; text: string }[], void> {
  let some: { line: number; text: string }[] = [];
  let line = 0;

  for await (const text of lines) {
    line += 1;
    if (text.trim() !== '') some.push({ line, text });
    if (some.length < batch) continue;

    yield some;
    some = [];
  }

  if (some.length > 0) yield some;
}
