import type { IncomingMessage } from 'node:http';

import type Provider from 'oidc-provider';

import type { Config } from '../config/schema.ts';
import type { ApiKey } from '../domain/api-key.ts';
import type { Client } from '../domain/client.ts';
import type { Clock } from '../domain/clock.ts';
import type { Answer } from '../domain/consent-items.ts';
import type { Consent } from '../domain/grant.ts';
import type { NoteKeyUse } from '../domain/key-use.ts';
import type { LogoutNotice } from '../domain/logout-notice.ts';
import type { Events, Origin } from '../events/writer.ts';
import type { Ephemera } from '../storage/ephemera.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import type { Exchange, Outcome, ShownFailure } from '../web/route.ts';
import type { Units } from './request.ts';

/** What the protocol needs of the rest of the program. */
export interface OidcDeps {
  config: Config;
  secrets: {
    /** The first signs, all are accepted; the same as the app's own. */
    cookieKeys: readonly string[];
    /** Goes into pairwise identifiers (OpenID Connect Core 1.0 section 8.1); changing it changes them all. */
    pairwiseSalt: string;
  };
  records: Records;
  /** Where what is plainly counted is kept. */
  ephemera: Pick<Ephemera, 'get' | 'increment'>;
  /** Over the same stores. */
  units: Units;
  sealing: Sealing;
  clock: Clock;
  events: Pick<Events, 'write'>;
  /** `record` keeps what a person answered, and every grant of the pair follows; `prepare`, once the answer counts. */
  consents: {
    record(answer: Answer): Promise<Consent>;
    prepare(answer: Answer): Promise<{ consent: Consent; record(): Promise<void>; leave(): Promise<void> }>;
  };
  /** `session` ends one device session: its grants go, and notices are left for the apps that were used in it. */
  endings: { session(uid: string, options: { offline: boolean }): Promise<unknown> };
  /** Leaves a notice for one app; `wake` once the session is gone (`Oidc.tellApp` is how they are sent). */
  logoutNotices: {
    leaveOne(notice: Pick<LogoutNotice, 'sessionUid' | 'clientId' | 'sid' | 'accountId'>): Promise<void>;
    wake(): void;
  };
  apiKeys: {
    /** The key that is presented; whose account it is is not looked at. Undefined: it is none, or not any more. */
    look(presented: string): Promise<ApiKey | undefined>;
    /** An API was told that it may be used there. */
    used(key: ApiKey): Promise<void>;
  };
  clientUses: {
    /** What is to be kept of a client that is at work, with the id of the secret it was known by; undefined: nothing new. */
    due(clientId: string, secretId?: string): (() => Promise<void>) | undefined;
  };
  /** Told of each answer of the token endpoint that holds tokens. */
  tokensIssued?: () => void;
  /** Told the `kid` with each signature. */
  keyUsed?: NoteKeyUse;
  /** Told the place of the cookie key that has signed or was found to have. */
  cookieKeyUsed?: (at: number) => void;
  pages: Pages;
  /** Where a request came from, as far as the web settled it (S60). */
  originOf(request: IncomingMessage): Origin;
  /** A random name that the browser has from us and no other host can give it; undefined: none yet. */
  browserOf(exchange: Exchange): string | undefined;
  /** A request was refused as the protocol has it: for the log. */
  onRefused(refusal: Refusal): void;
  /** Something that nobody foresaw: for the log, with the request's id. */
  onError(error: unknown, requestId: string | undefined): void;
}

/** What an app asked for in vain, for whoever looks into the log with the reference in hand (S112, S114). */
export interface Refusal {
  requestId: string;
  /** Of a client that is registered: what else was sent stands nowhere. */
  clientId: string | undefined;
  /** RFC 6749 section 5.2 and its kin. */
  error: string;
  /** In the library's words, without what was sent. */
  description: string | undefined;
  /** A person has read of it on a page of ours; else the app was told. */
  shown: boolean;
}

/** Draws a page of ours as the answer to a request. */
export interface Pages {
  render(exchange: Exchange, outcome: Outcome): Promise<void>;
  fail(exchange: Exchange, failure: ShownFailure): Promise<void>;
}

/** What the files of this folder share. */
export interface Inside extends OidcDeps {
  /** The one in force: it is replaced when the signing keys change, so never keep it. */
  provider(): Provider;
  /** As it was some seconds ago at most; a disabled one too. */
  clientOf(id: string): Promise<Client | undefined>;
}
