import type { Account } from '../domain/account.ts';
import type { Proven, WantedFactors } from '../domain/acr.ts';
import type { ClientFace } from '../domain/client-face.ts';
import type { ConsentAsked, ConsentItem } from '../domain/consent-items.ts';
import type { Exchange, Outcome, SignedIn } from '../web/route.ts';

/**
 * What the pages inside an authorization request (OpenID Connect Core 1.0 section 3.1.2) need of the protocol, as
 * types. `oidc/` implements them; features get them handed in and know nothing else of the protocol.
 */

/** One step that the person has to take before the app gets its answer. */
export interface Interaction {
  uid: string;
  prompt: 'login' | 'consent' | 'select_account';
  /** Why: `no_session`, `max_age`, `login_prompt`, `consent_prompt`, `acr`, … */
  reasons: readonly string[];
  client: ClientFace;
  loginHint?: string;
  /** The account that is signed in in this browser, if any. */
  account?: Account;
  /** Whether two factors are asked for: by the app (`must`, `wished`), or as the person has set it (`own`). */
  factors: WantedFactors;
  /** Whether each factor has to be proved now, also in a browser that is remembered. */
  fresh: boolean;
  /** Whether the app may be told "no" (`access_denied`); not for the account console. */
  mayRefuse: boolean;
  /** For `form-action` (see `Frame`). */
  formAction: readonly string[];
}

/** Why there is no step to take: the person can still go on. */
export interface Ended {
  ended: 'finished' | 'expired' | 'elsewhere';
  /** The app that it was for, where that is known. */
  client?: ClientFace;
  /** Whether `restart` can begin the same authorization request anew. */
  restartable: boolean;
}

export interface Proof {
  accountId: string;
  /** RFC 8176. */
  amr: readonly string[];
  /** One of `domain/acr.ts`. */
  acr: string;
  /** When the first factor was proved, in milliseconds; unset: now. A password that is changed after it counts no more. */
  at?: number;
}

/**
 * What was proved so far in a step that is not over: it belongs to this step and this browser, lives ten minutes and
 * opens nothing (S98).
 */
export interface PartialProof {
  accountId: string;
  proven: readonly Proven[];
  /** When the first of them was, in milliseconds. */
  at: number;
}

/** What a device without a browser asks for (RFC 8628), as the person is shown it who typed its code. */
export interface DeviceAsked {
  client: ClientFace;
  /** As the device shows it, to be compared. */
  code: string;
  /** Where it was asked from. */
  ip: string;
  userAgent: string;
  /** Milliseconds. */
  askedAt: number;
  /** Those of a first-party app can't be unticked. */
  items: ConsentItem[];
  /** Whether the app gets nothing without two factors. */
  needsTwoFactors: boolean;
  /** Seconds since the last proof, where the app says how old it may be. */
  maxAge?: number;
}

/** Why there is nothing to answer. `unknown`: also where this browser did not type it. */
export type DeviceEnded = 'unknown' | 'expired' | 'used';

/** What this person said in this browser. */
export interface DeviceAnswered {
  answered: 'allowed' | 'refused';
  client: ClientFace;
  /** Of what was allowed, as long as it goes on. */
  grantId?: string;
}

/** The person's side of the device flow. `step` names what `typed` has found, for the browser that typed it. */
export interface DeviceRequests {
  /** `code` as `readUserCode` answers it. Guesses at it are for the caller to count. */
  typed(exchange: Exchange, code: string): Promise<{ step: string } | { ended: DeviceEnded }>;
  asked(
    exchange: Exchange,
    step: string,
    account: Account,
  ): Promise<DeviceAsked | DeviceAnswered | { ended: DeviceEnded }>;
  /** `allowed`: ids of the ticked items. Nothing where it is over or answered by now: `asked` says so. */
  allow(exchange: Exchange, step: string, of: SignedIn & { allowed: readonly string[] }): Promise<void>;
  refuse(exchange: Exchange, step: string, account: Account): Promise<void>;
}

export interface Interactions {
  device: DeviceRequests;
  /** The step that this browser is at. `elsewhere`: this browser did not begin it, or its cookies are gone. */
  find(exchange: Exchange, uid: string): Promise<Interaction | Ended>;
  consentAsked(exchange: Exchange, uid: string): Promise<ConsentAsked | Ended>;
  /** Remembers what was proved so far, in the place of what was before. */
  keepProof(exchange: Exchange, uid: string, proof: PartialProof): Promise<void>;
  /** What was proved so far; undefined: nothing, it is too long ago, or the password has been changed since. */
  proofSoFar(exchange: Exchange, uid: string): Promise<PartialProof | undefined>;
  /** The person has proved who they are: goes on with the authorization request, under a new session id (S104). */
  signedIn(exchange: Exchange, uid: string, proof: Proof): Promise<Outcome>;
  /** `allowed`: ids of the ticked items. Records consent and grant, then goes on. */
  consented(exchange: Exchange, uid: string, allowed: readonly string[]): Promise<Outcome>;
  /** Account picker: go on with the account that is signed in, or sign in as somebody else. */
  selected(exchange: Exchange, uid: string, choice: 'current' | 'another'): Promise<Outcome>;
  /** The person said no: the app gets `access_denied` (RFC 6749 section 4.1.2.1). */
  refused(exchange: Exchange, uid: string): Promise<Outcome>;
  /** Begins the same authorization request anew in this browser, from what was kept of it for a day. */
  restart(uid: string): Promise<Outcome | undefined>;
  /** A client as people are shown it, disabled or not; as it was some seconds ago at most. Undefined: there is none. */
  clientFace(id: string): Promise<ClientFace | undefined>;
  /** Who is signed in in this browser, outside an authorization request. */
  current(exchange: Exchange, found?: (accountId: string) => void): Promise<SignedIn | undefined>;
  /** An authorization request of the account console to ourselves; ends at `returnTo`, a local path. */
  consoleSignIn(
    returnTo: string,
    options?: {
      /** Seconds since the last proof. */
      maxAge?: number;
      /** Whether the person has to prove everything again, however fresh the last proof is. */
      again?: boolean;
      /** Whether the person chooses the account first. */
      choose?: boolean;
      locale?: string;
    },
  ): Outcome;
  /** Where a console sign-in wanted to go, from its checked `state`. */
  consoleReturn(state: string): string | undefined;
  /**
   * Gives this browser's session a new cookie value, and ends the old one's worth (S104); the session stays. With `proof`
   * it says from now on that this was proved, too.
   */
  renewSession(exchange: Exchange, proof?: Pick<Proof, 'amr' | 'acr'>): Promise<void>;
  /** Ends this browser's session, its grants and bound tokens, and tells the clients (Back-Channel Logout 1.0). */
  signOut(exchange: Exchange): Promise<void>;
}
