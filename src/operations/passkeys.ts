import type { CreationOptions, PasskeyCeremonies } from '../credentials/passkey.ts';
import type { Passwords } from '../credentials/passwords.ts';
import type { RememberedBrowsers } from '../credentials/remembered-browsers.ts';
import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import type { Passkey } from '../domain/factors.ts';
import type { Reads } from '../storage/reads.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { enrolling, type Enrolled } from './authenticators.ts';
import { withoutIdleRecovery, type FactorChanges } from './factor-changes.ts';
import { problemOfLeaving, refusal } from './factor-rules.ts';
import { tellingOf, type HappeningsDeps } from './happenings.ts';
import { problem, read, type By, type Result } from './problems.ts';
import { neededLine } from './text-rules.ts';

/** The passkeys of an account: added, named, removed. Signing in with one is `prove-passkey.ts`. */
export interface Passkeys {
  /** In the order in which they were added. */
  list(accountId: string): Promise<Passkey[]>;
  /** For `navigator.credentials.create`; `binding` names the session. */
  creationOptions(account: Account, binding: string): Promise<CreationOptions>;
  /** `response`: the browser's answer as JSON text. Problems stand at `name` and `response`. */
  add(
    account: Account,
    given: { response: string; name: string; binding: string },
    by: By,
  ): Promise<Result<Enrolled & { passkey: Passkey }>>;
  rename(account: Account, id: string, name: string, by: By): Promise<Result<object>>;
  remove(account: Account, id: string, by: By): Promise<Result<object>>;
}

export interface PasskeysDeps extends HappeningsDeps {
  records: Pick<Records, 'passkeys' | 'write'>;
  reads: Reads;
  changes: FactorChanges;
  ceremonies: Pick<PasskeyCeremonies, 'creationOptions' | 'created'>;
  passwords: Pick<Passwords, 'has'>;
  rememberedBrowsers: Pick<RememberedBrowsers, 'forgetAll'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  clock: Clock;
}

const mostPasskeys = 20;
const nameLength = 40;

export function createPasskeys(deps: PasskeysDeps): Passkeys {
  const { records, reads, changes, ceremonies, passwords, rememberedBrowsers, sealing, clock } = deps;
  const { passkeys } = records;

  async function list(accountId: string): Promise<Passkey[]> {
    const [factors, { rows }] = await Promise.all([
      changes.of(accountId),
      reads.once(readOf(accountId), () => passkeys.list('account', accountId, { limit: 1000 })),
    ]);

    return rows.filter(({ id }) => factors.passkeys.includes(id));
  }

  function readName(name: string): Result<string> {
    const named = read(neededLine(nameLength), name);

    return named.ok ? named : { ok: false, problems: named.problems.map((one) => ({ ...one, path: 'name' })) };
  }

  /** Also one that nobody's factors hold is somebody's: whose, is nobody's business. */
  async function store(passkey: Passkey): Promise<boolean> {
    try {
      await passkeys.create(passkey);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;

      return false;
    }

    return true;
  }

  /** It is a factor from when the account's factors hold it; where that fails, the row goes again. */
  async function enrol(account: Account, passkey: Passkey, by: By): Promise<Result<Enrolled & { passkey: Passkey }>> {
    const outcome = await changes.make(account, by, (seen) => {
      if (seen.passkeys.length >= mostPasskeys) {
        return refusal(problem('', 'problem.tooManyPasskeys', { max: mostPasskeys }));
      }

      return enrolling(sealing, {
        next: { ...seen, passkeys: [...seen.passkeys, passkey.id] },
        what: { kind: 'passkey.added', details: { synced: passkey.synced }, name: passkey.name },
        added: { kind: 'passkey', id: passkey.id, at: passkey.createdAt },
      });
    });

    reads.forget(readOf(account.id));
    if ('made' in outcome) return { ok: true, value: { ...outcome.made, passkey } };

    await passkeys.remove(passkey.id);
    return outcome.refused;
  }

  return {
    list,

    async creationOptions(account, binding) {
      return ceremonies.creationOptions({
        account,
        passkeys: await list(account.id),
        binding: bindingOf(account, binding),
      });
    },

    async add(account, { response, name, binding }, by) {
      const named = readName(name);
      if (!named.ok) return named;

      const made = await ceremonies.created(response, bindingOf(account, binding));

      if ('refused' in made) {
        const what = { kind: 'passkey.refused', details: { reason: made.refused } } as const;
        await records.write(await tellingOf(deps, { ...by, account, what }));

        const key = made.refused === 'challenge' ? 'problem.passkeyLate' : 'problem.passkeyNotMade';

        return refusal(problem('response', key)).refused;
      }

      const passkey = { ...made, accountId: account.id, name: named.value, createdAt: clock.now() };
      if (!(await store(passkey))) return refusal(problem('response', 'problem.passkeyTaken')).refused;

      return enrol(account, passkey, by);
    },

    async rename(account, id, name, by) {
      const named = readName(name);
      if (!named.ok) return named;

      const telling = await tellingOf(deps, { ...by, account, what: { kind: 'passkey.renamed' } });
      const own = (await list(account.id)).some((one) => one.id === id);
      if (!own) return refusal(problem('', 'problem.notEnrolled')).refused;

      await records.write([
        {
          in: 'passkeys',
          update: id,
          change: (old) =>
            old.accountId !== account.id || old.name === named.value ? old : { ...old, name: named.value },
          decides: true,
        },
        ...telling,
      ]);
      reads.forget(readOf(account.id));

      return { ok: true, value: {} };
    },

    async remove(account, id, by) {
      const [hasPassword, passkey] = await Promise.all([passwords.has(account.id), passkeys.get(id)]);

      const outcome = await changes.make(account, by, (seen) => {
        if (!seen.passkeys.includes(id)) return refusal(problem('', 'problem.notEnrolled'));

        const left = { ...seen, passkeys: seen.passkeys.filter((one) => one !== id) };
        if (!hasPassword && left.passkeys.length === 0) return refusal(problem('', 'problem.lastWayIn'));

        const unwise = problemOfLeaving(account, left, seen);
        if (unwise) return refusal(unwise);

        return {
          next: withoutIdleRecovery({ ...left, forgottenAt: clock.now() }),
          happened: [{ kind: 'passkey.removed', ...(passkey && { name: passkey.name }) }],
          also: [{ in: 'passkeys', remove: id }],
          value: {},
        };
      });

      if ('refused' in outcome) return outcome.refused;
      reads.forget(readOf(account.id));

      await rememberedBrowsers.forgetAll(account.id);
      return { ok: true, value: {} };
    },
  };
}

function readOf(accountId: string): string {
  return `passkeys ${accountId}`;
}

/** A challenge for one account is none for another, also in one session. */
function bindingOf({ id }: Account, binding: string): string {
  return `${id} ${binding}`;
}
