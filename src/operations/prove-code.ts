import type { CodePurpose, OneTimeCodes } from '../credentials/one-time-code.ts';
import type { Guessing } from '../credentials/guessing.ts';
import { recoveryHash } from '../credentials/recovery-code.ts';
import { acceptedStep } from '../credentials/totp.ts';
import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Factors } from '../domain/factors.ts';
import type { Json } from '../domain/json.ts';
import type { Events, Origin } from '../events/writer.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { totpContext } from './authenticators.ts';
import type { FactorChanges } from './factor-changes.ts';
import { methodsToProve } from './factor-rules.ts';
import { tellingOf, type Happening, type HappeningsDeps } from './happenings.ts';

/**
 * Judging a code that somebody typed, wherever they were asked for one. Guesses at all of them are counted together and
 * apart from those at the password, before they are judged, and a right password gives none of them back (S84 to S86).
 */
export interface ProveCode {
  /** A second factor, while signing in or again later. */
  secondFactor(account: Account, given: GivenCode & { by: SecondFactorCode }): Promise<CodeProof>;
  /** A code that was sent for another purpose; `data` is what it was sent about. */
  sent(
    account: Account,
    given: GivenCode & { purpose: CodePurpose },
  ): Promise<CodeProof<{ right: true; data: Record<string, Json> }>>;
}

export type SecondFactorCode = 'authenticator' | 'email' | 'text' | 'recovery-code';

export interface GivenCode {
  code: string;
  /** See `CodeOf`. */
  binding: string;
  from: Origin & { deviceId: string };
}

/**
 * `wrong`: `triesLeft` where that is counted for the one code. `ended`: no code lives here; a new one may be sent. `wait`
 * in seconds, during which none is judged; `locked`: a hundred in a row, after which waiting does not help a browser in
 * which no second factor was proved before.
 */
export type CodeProof<Right = { right: true }> =
  | Right
  | { wrong: true; triesLeft?: number }
  | 'ended'
  | { wait: number }
  | 'locked';

export interface ProveCodeDeps extends HappeningsDeps {
  records: Pick<Records, 'write'>;
  changes: FactorChanges;
  codes: Pick<OneTimeCodes, 'check'>;
  /** At second factors. */
  guessing: Pick<Guessing, 'admit' | 'succeeded' | 'failed' | 'withdrawn'>;
  events: Pick<Events, 'write'>;
  sealing: Pick<Sealing, 'open' | 'keyedHash'>;
  clock: Clock;
}

type Judged<Right> = Right | { wrong: true; triesLeft?: number } | 'ended';

export function createProveCode(deps: ProveCodeDeps): ProveCode {
  const { records, changes, codes, guessing, events, sealing, clock } = deps;

  /** Counts, judges, and gives the count back where nothing was judged. */
  async function counted<Right extends { right: true }>(
    account: Account,
    { from, failed }: { from: GivenCode['from']; failed: Happening },
    judge: () => Promise<Judged<Right>>,
  ): Promise<CodeProof<Right>> {
    const { email, id: accountId } = account;
    const facts = { actor: accountId, from, account };
    const admission = await guessing.admit({ email, ip: from.ip, deviceId: from.deviceId, accountId });

    if (!admission.allowed) {
      const { reason, retryAfter } = admission;
      await events.write('second_factor.blocked', { ...facts, details: { reason, retryAfter } });

      return reason === 'locked' ? 'locked' : { wait: retryAfter };
    }

    const { ticket } = admission;
    const judged = await judge().catch(async (error: unknown) => {
      await guessing.withdrawn(ticket);
      throw error;
    });

    if (judged === 'ended') await guessing.withdrawn(ticket);
    else if ('right' in judged) await guessing.succeeded(ticket, accountId);
    else {
      await guessing.failed(ticket);
      await records.write(await tellingOf(deps, { ...facts, what: failed }));
    }

    return judged;
  }

  async function sent(
    account: Account,
    { purpose, code, binding }: GivenCode & { purpose: CodePurpose },
  ): Promise<Judged<{ right: true; data: Record<string, Json> }>> {
    const checked = await codes.check({ purpose, accountId: account.id, binding, code });
    if (checked.outcome === 'ended') return 'ended';

    return checked.outcome === 'right'
      ? { right: true, data: checked.data }
      : { wrong: true, triesLeft: checked.triesLeft };
  }

  async function authenticator(account: Account, { code, from }: GivenCode): Promise<Judged<{ right: true }>> {
    const by = { actor: account.id, from };

    const outcome = await changes.make(account, by, (seen) => {
      const used = seen.authenticators.map(({ id, sealed, lastStep }) => ({
        id,
        step: acceptedStep(sealing.open(sealed, totpContext(account.id, id)), code, {
          now: clock.now(),
          after: lastStep,
        }),
      }));
      const right = used.find(({ step }) => step !== undefined);
      if (right?.step === undefined) return { refused: { wrong: true } as const };

      return { next: withStep(seen, { id: right.id, step: right.step, now: clock.now() }), happened: [], value: {} };
    });

    return 'made' in outcome ? { right: true } : outcome.refused;
  }

  async function recovery(account: Account, { code, from }: GivenCode): Promise<Judged<{ right: true }>> {
    const hash = recoveryHash(sealing, account.id, code);
    const by = { actor: account.id, from };

    const outcome = await changes.make(account, by, (seen) => {
      const before = seen.recovery?.hashes ?? [];
      const hashes = before.filter((one) => one !== hash);
      if (!seen.recovery || hashes.length === before.length) return { refused: { wrong: true } as const };

      return {
        next: { ...seen, recovery: { ...seen.recovery, hashes } },
        happened: [{ kind: 'recovery_code.used', details: { left: hashes.length } }],
        value: {},
      };
    });

    return 'made' in outcome ? { right: true } : outcome.refused;
  }

  async function bySent(
    account: Account,
    given: GivenCode,
    method: 'email' | 'text',
  ): Promise<Judged<{ right: true }>> {
    // Switched off since it was sent.
    if (!methodsToProve(account, await changes.of(account.id)).includes(method)) return 'ended';

    const judged = await sent(account, { ...given, purpose: `second-factor:${method}` });

    return judged !== 'ended' && 'right' in judged ? { right: true } : judged;
  }

  return {
    secondFactor: (account, { by: method, ...given }) =>
      counted(account, { from: given.from, failed: { kind: 'second_factor.failed', details: { method } } }, () => {
        if (method === 'authenticator') return authenticator(account, given);
        if (method === 'recovery-code') return recovery(account, given);

        return bySent(account, given, method);
      }),

    sent(account, given) {
      const failed: Happening = { kind: 'code.failed', details: { purpose: given.purpose } };

      return counted(account, { from: given.from, failed }, () => sent(account, given));
    },
  };
}

function withStep(seen: Factors, { id, step, now }: { id: string; step: number; now: number }): Factors {
  const authenticators = seen.authenticators.map((one) =>
    one.id === id ? { ...one, lastStep: step, lastUsedAt: now } : one,
  );

  return { ...seen, authenticators };
}
