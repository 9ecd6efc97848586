import type { Account, Role } from '../domain/account.ts';

/**
 * The shapes that APIs are written in: an endpoint, what it is asked, what it answers. The second door between features
 * and the web, beside `route.ts`: types alone. `web/api.ts` turns a list of endpoints into answers.
 */

/** What a program asks for, and as whom. */
export interface Call {
  params: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  /** As it came, parsed as JSON. */
  body: unknown;
  caller: Caller;
  /** Absent: from the machine itself. */
  from?: From;
  /** The version that `If-Match` names, where the endpoint is `versioned`. */
  match?: string;
  /** The same for every sending of one request: of its `Idempotency-Key`, and of who asks for what. */
  once?: string;
}

/** Where a request comes from. */
export interface From {
  ip: string;
  userAgent: string;
  requestId: string;
  program?: boolean;
}

/** Why not, in English; `errors` for single fields. */
export interface Refused {
  refused: { status: 400 | 403 | 404 | 409 | 412 | 422; detail: string; errors?: readonly FieldError[] };
}

export interface FieldError {
  field: string;
  detail: string;
}

/** Without `answer` 204, with a `tag` where what was changed has another version now. */
export interface Answered {
  /** Sent as JSON. */
  answer?: object;
  /** Of what is answered: its version, which a change has to name (RFC 9110 section 8.8.3). */
  tag?: string;
  /** In the place of `answer`: written while it is read, at the pace of whoever asks. */
  stream?: { type: string; text: AsyncIterable<string> };
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One thing that programs can ask for. */
export interface Endpoint {
  method: Method;
  /** Below the API's own. */
  path: string;
  /** What a token or key needs. */
  scope: string;
  /** Whether there is a JSON body. */
  takesBody: boolean;
  /** Of a change: it has to name the version that it changes, so that nobody's change is lost unseen. */
  versioned?: boolean;
  /** Makes something, and answers 201; asked again with the same `Idempotency-Key` it makes nothing more. */
  creates?: boolean;
  /** Its body may hold a file. */
  large?: boolean;
  /** The same of what sends or ends something, and makes nothing that could be asked for afterwards. */
  repeatable?: boolean;
  run(call: Call): Promise<Answered | Refused>;
}

/** An API of ours: a list of what can be asked for, by whoever shows a token or key that `authorize` knows. */
export interface Api {
  path: `/${string}`;
  /** What it calls itself where it asks for a token (RFC 6750 section 3). */
  realm: string;
  endpoints: readonly Endpoint[];
  authorize(token: string, from: From): Promise<Caller | Mistyped | Unfit | undefined>;
}

/** It can't be one, and nothing was looked up to find that out: why, in English. */
export interface Mistyped {
  mistyped: string;
}

/** It is one of this API, and whose it is may use none of it: why, in English. */
export interface Unfit {
  unfit: string;
}

export interface Caller {
  /** Names the token or key, for limits. */
  id: string;
  /** Absent: an app asks for itself (RFC 6749 section 4.4). */
  account?: Account;
  /** What the account's role allows; absent where none is asked for. */
  role?: Role;
  /** Who does it, for the record of events. */
  actor: string;
  /** It asks from an app's own server: where that is says nothing of where the person is. */
  program?: boolean;
  scopes: readonly string[];
}
