import { randomInt } from 'node:crypto';

import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import { newSecret, sha256 } from '../domain/ids.ts';
import type { Json } from '../domain/json.ts';
import type { Reads } from '../storage/reads.ts';
import type { OneTimeCode, Records, Write } from '../storage/records.ts';
import { sameText, type Sealing } from '../storage/sealing.ts';

/**
 * Codes of six digits that are sent to a mailbox or a phone. One lives at a time for an account and purpose, for ten
 * minutes and five tries, in the browser and attempt that asked for it (S85, S92, S93). One document counts and decides:
 * a try is counted in the very step that judges it, so of many at once none is judged uncounted (S86), and of many right
 * ones one is (S89).
 */
export interface OneTimeCodes {
  /**
   * Puts a new code in the place of any older one; tries that the older one had are not given back. `also` answers what
   * is written in the same step: the message that carries it, or the `refusal` to answer where there is none and so no
   * code; it may be called more than once. `wait` in seconds: too many were sent, or tried; then it is not called at all.
   */
  issue<Refusal = never>(
    ask: CodeAsk,
    also: (issued: IssuedCode) => CodeMessage<Refusal> | Promise<CodeMessage<Refusal>>,
  ): Promise<IssuedCode | { wait: number } | Refusal>;
  check(tried: CodeOf & { code: string }): Promise<CheckedCode>;
  /** The code that this browser waits for, as far as a page shows it. */
  waiting(of: CodeOf): Promise<WaitingCode | undefined>;
  /** What the last code was sent about, as long as it is kept and was neither used nor withdrawn: wherever it was asked for. */
  pending(of: CodeOf): Promise<PendingCode | undefined>;
  /** No code of this purpose works from here on; what was counted stays. */
  withdraw(purpose: CodePurpose, accountId: string): Promise<void>;
  /** What ends every code that went to an address or number which is another now: to be written with that change. */
  endedBy(change: 'email' | 'phone', accountId: string): Write[];
}

export type CodeMessage<Refusal = never> = readonly Write[] | { refusal: Refusal };

/** What a code proves. One for one purpose is none for another. */
export type CodePurpose =
  | 'second-factor:email'
  | 'second-factor:text'
  | 'verify:email'
  | 'verify:phone'
  | 'change:email'
  | 'register'
  | 'mailbox';

export interface CodeOf {
  purpose: CodePurpose;
  /** Or what stands for an account that is not there yet. */
  accountId: string;
  /** Names the browser and the attempt: the session, the sign-in. Nothing that a form brings. */
  binding: string;
  /**
   * Each binding has a code of its own, with its own count of what was sent and tried: for what anybody can ask for in
   * somebody's name. Whoever asks bounds how many there are.
   */
  apart?: true;
}

export interface CodeAsk extends CodeOf {
  data?: Record<string, Json>;
  /** Nothing that anybody types is right: for an address that can't be had, where only its owner may know why. */
  decoy?: boolean;
  /** Seconds for which `pending` tells of it; an hour unless told otherwise. */
  keptFor?: number;
}

export interface IssuedCode {
  code: string;
  /** Milliseconds. */
  worksUntil: number;
}

export interface WaitingCode {
  data: Record<string, Json>;
  triesLeft: number;
  worksUntil: number;
}

export interface PendingCode {
  data: Record<string, Json>;
  /** Whether this browser asked for it. */
  here: boolean;
  /** Whether it still works. */
  lives: boolean;
}

/** `ended`: none lives here. It is too old, used, was tried too often, or a newer one was sent elsewhere. */
export type CheckedCode =
  | { outcome: 'right'; data: Record<string, Json> }
  | { outcome: 'wrong'; triesLeft: number }
  | { outcome: 'ended' };

const digits = 6;
const mostTries = 5;
/** Within an hour (S76). */
const mostSent = 5;
/** Milliseconds. */
const life = 600_000;
const hour = 3_600_000;

/** What is sent to a mailbox and to a phone. A code of purpose `mailbox` is bound to the very address. */
const sentTo: Readonly<Record<'email' | 'phone', readonly CodePurpose[]>> = {
  email: ['second-factor:email', 'verify:email', 'change:email'],
  phone: ['second-factor:text', 'verify:phone'],
};

export interface OneTimeCodesDeps {
  records: Pick<Records, 'codes' | 'write'>;
  reads: Reads;
  sealing: Pick<Sealing, 'keyedHash'>;
  clock: Clock;
}

export function createOneTimeCodes({ records, reads, sealing, clock }: OneTimeCodesDeps): OneTimeCodes {
  const { codes } = records;

  const hashOf = ({ purpose, accountId, binding }: CodeOf, code: string) =>
    sealing.keyedHash(`code:${purpose}`, [accountId, binding, code].join('\0'));

  function renewed(ask: CodeAsk, issued: IssuedCode, old?: OneTimeCode): OneTimeCode {
    const now = clock.now();

    return {
      id: idOf(ask),
      accountId: ask.accountId,
      purpose: ask.purpose,
      hash: hashOf(ask, ask.decoy ? newSecret() : issued.code),
      binding: sha256(ask.binding),
      data: ask.data ?? {},
      tries: old && old.worksUntil > now ? old.tries : 0,
      sentAt: [...sentLately(old, now), now],
      worksUntil: issued.worksUntil,
      expiresAt: now + Math.max(hour, (ask.keptFor ?? 0) * 1000),
    };
  }

  return {
    async issue(ask, also) {
      const id = idOf(ask);

      for (;;) {
        const now = clock.now();
        const seen = await codes.get(id);
        const early = waitOf(seen, now);
        if (early !== undefined) return { wait: early };

        const issued = { code: newCode(), worksUntil: now + life };
        const rest = await also(issued);
        if ('refusal' in rest) return rest.refusal;
        const change = (old: OneTimeCode): OneTimeCode =>
          waitOf(old, now) === undefined ? renewed(ask, issued, old) : old;

        try {
          const sent = await records.write([
            seen
              ? { in: 'codes', update: id, change, decides: true }
              : { in: 'codes', create: renewed(ask, issued), decides: true },
            ...rest,
          ]);

          reads.forget(readOf(id));
          if (sent) return issued;
        } catch (error) {
          // Another call was the first: what it counted counts here too.
          if (!(error instanceof Conflict)) throw error;
        }
      }
    },

    async check({ code, ...of }) {
      // What is not six digits can't be right: judging nothing, it costs no try.
      const hash = /^\d{6}$/.test(code) ? hashOf(of, code) : undefined;
      const binding = sha256(of.binding);
      const now = clock.now();
      let outcome: CheckedCode = { outcome: 'ended' };

      const row = await codes.update(idOf(of), (old) => {
        outcome = { outcome: 'ended' };
        if (!lives(old, now) || old.binding !== binding) return old;

        if (hash === undefined) {
          outcome = { outcome: 'wrong', triesLeft: mostTries - old.tries };
          return old;
        }

        const tries = old.tries + 1;

        if (sameText(old.hash, hash)) {
          outcome = { outcome: 'right', data: old.data };
          return withoutHash({ ...old, tries: 0, worksUntil: now });
        }

        outcome = { outcome: 'wrong', triesLeft: mostTries - tries };
        return { ...old, tries };
      });

      reads.forget(readOf(idOf(of)));
      // Without a row what was judged last was judged in vain.
      return row ? outcome : { outcome: 'ended' };
    },

    async waiting(of) {
      const row = await codes.get(idOf(of));
      if (!row || !lives(row, clock.now()) || row.binding !== sha256(of.binding)) return undefined;

      return { data: row.data, triesLeft: mostTries - row.tries, worksUntil: row.worksUntil };
    },

    async pending(of) {
      const id = idOf(of);
      const row = await reads.once(readOf(id), () => codes.get(id));
      if (row?.hash === undefined) return undefined;

      return { data: row.data, here: row.binding === sha256(of.binding), lives: lives(row, clock.now()) };
    },

    async withdraw(purpose, accountId) {
      const id = idOf({ purpose, accountId });
      await codes.update(id, withdrawn);
      reads.forget(readOf(id));
    },

    endedBy: (change, accountId) =>
      sentTo[change].map((purpose): Write => ({
        in: 'codes',
        update: idOf({ purpose, accountId }),
        change: withdrawn,
      })),
  };
}

/** Uniform: the library draws again what would make some codes likelier (S91). */
export function newCode(): string {
  return randomInt(10 ** digits)
    .toString()
    .padStart(digits, '0');
}

function idOf({ purpose, accountId, ...of }: Pick<CodeOf, 'purpose' | 'accountId'> & Partial<CodeOf>): string {
  return `${purpose} ${accountId}${of.apart && of.binding !== undefined ? ` ${sha256(of.binding)}` : ''}`;
}

function lives(row: OneTimeCode, now: number): row is OneTimeCode & { hash: string } {
  return row.hash !== undefined && row.worksUntil > now && row.tries < mostTries;
}

function withdrawn(row: OneTimeCode): OneTimeCode {
  return row.hash === undefined ? row : withoutHash(row);
}

function withoutHash({ hash: _, ...row }: OneTimeCode): OneTimeCode {
  return row;
}

function sentLately(row: OneTimeCode | undefined, now: number): number[] {
  return row?.sentAt.filter((at) => at > now - hour) ?? [];
}

/** Seconds until another may be sent. */
function waitOf(row: OneTimeCode | undefined, now: number): number | undefined {
  if (!row) return undefined;

  const sent = sentLately(row, now);
  const full = sent.length >= mostSent ? (sent[0] ?? now) + hour : now;
  // Five wrong tries end a code; a new one at once would only be five more.
  const tried = row.tries >= mostTries ? row.worksUntil : now;
  const until = Math.max(full, tried);

  return until > now ? Math.ceil((until - now) / 1000) : undefined;
}

function readOf(id: string): string {
  return `code ${id}`;
}
