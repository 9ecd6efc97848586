import type { Account, Locale } from '../domain/account.ts';
import type { Json } from '../domain/json.ts';
import type { Origin } from '../events/writer.ts';
import type { Result } from './problems.ts';
import type { CodeProof, GivenCode } from './prove-code.ts';

/** What the address and the number of a person have in common: each counts once a code that was sent there came back. */
export interface ContactChange {
  /** Whether codes can be sent at all, as this service is set up. */
  canSend(): boolean;
  /** The change that waits for its code; `binding` names this browser. */
  waiting(accountId: string, binding: string): Promise<AwaitedCode | undefined>;
  /** Another code in the place of the first. */
  sendAgain(account: Account, asking: Asking): Promise<CodeSent>;
  /** A wrong code, or the account as it is now. Problems stand at the whole. */
  confirm(account: Account, given: GivenCode): Promise<Confirmed>;
  cancel(account: Account): Promise<void>;
}

export interface AwaitedCode {
  /** The new address or number (E.164). */
  to: string;
  /** Whether this browser asked: in no other the code is right. */
  here: boolean;
  /** Whether the code still works; else another one can be sent. */
  lives: boolean;
}

export interface Asking {
  binding: string;
  from: Origin;
  locale: Locale;
}

/**
 * `wait` in seconds: too many were sent or tried. `off`: none can be sent. `nothing`: none is waited for (any more).
 */
export type CodeSent = 'sent' | { wait: number } | 'off' | 'nothing';

export type Confirmed = Exclude<CodeProof, { right: true }> | Result<Account>;

/** What a code was sent about. Throws TypeError for what is no text: nobody sent it so. */
export function textIn(data: Readonly<Record<string, Json>>, name: string): string {
  const text = data[name];
  if (typeof text !== 'string') throw new TypeError(`a code about no ${name}`);

  return text;
}
