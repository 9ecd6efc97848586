import type { Account } from './account.ts';
import type { WantedFactors } from './acr.ts';
import type { Json } from './json.ts';
import type { ConsentItem } from './consent-items.ts';

/**
 * An authorization request that is gone through to its end without anything being done: by the protocol's own code, over
 * a store of nobody's, with keys that nobody trusts. What it was answered is what the app and the person would be.
 */
export interface Rehearsal {
  /** As it would arrive (RFC 6749 section 4.1.1). */
  request: URLSearchParams;
  /** What opens a `code` of it (RFC 7636); absent: none was asked for, or it is the app's own. */
  verifier?: string;
  /** The client's, made for this alone; absent: it has none. */
  secret?: string;
  /** How the person is signed in already; absent: not. */
  session?: RehearsedProof;
  /** What the person would prove at this step; undefined: they can't sign in, and it ends there. */
  signIn(step: RehearsedStep): Promise<RehearsedProof | undefined>;
}

export interface RehearsedProof {
  acr: string;
  amr: readonly string[];
  /** Seconds that it is ago; absent: it is now. */
  ago?: number;
  /** As the account is once it has signed in, where that changes it. */
  account?: Account;
}

/** Why the protocol asks for something: `no_session`, `max_age`, `consent_prompt`, … */
export interface RehearsedStep {
  prompt: 'login' | 'consent' | 'select_account';
  reasons: readonly string[];
  factors: WantedFactors;
  fresh: boolean;
}

export interface Rehearsed {
  steps: RehearsedStep[];
  /** What the consent page would ask; absent: it would not be shown. */
  consent?: { items: ConsentItem[]; offline: boolean };
  answer: RehearsedAnswer;
}

export type RehearsedAnswer =
  /** `told`: whether the app hears of it, or the person alone, on a page of ours. */
  | ({ kind: 'refused'; told: 'app' | 'person' } & ProtocolRefusal)
  /** The person can't sign in. */
  | { kind: 'stopped' }
  /** `response_type=none`: the app hears that the person is signed in. */
  | { kind: 'signed-in' }
  | { kind: 'tokens'; tokens: RehearsedTokens };

/** RFC 6749 section 4.1.2.1 and its kin; `description` in the protocol library's words, in English. */
export interface ProtocolRefusal {
  error: string;
  description?: string;
}

/** What is left out the app does not get. Lives in seconds. */
export interface RehearsedTokens {
  /** Without the token itself. */
  access?: { lasts: number; format: 'opaque' | 'jwt'; audience?: string; scopes: string[] };
  /** It lasts `idle` seconds unused, and `absolute` seconds at most. */
  refresh?: { idle: number; absolute: number };
  id?: { lasts: number; algorithm: string; claims: Record<string, Json> };
  /** What userinfo answers. */
  userinfo?: Record<string, Json>;
  /** Why the app's own server is refused them. */
  refused?: ProtocolRefusal;
}
