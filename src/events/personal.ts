import { createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { Account } from '../domain/account.ts';
import type { Json } from '../domain/json.ts';
import type { SecurityEvent } from '../domain/security-event.ts';
import { decrypt, encrypt, type Sealing } from '../storage/sealing.ts';

/** What is personal in an event. */
export interface Personal {
  ip?: string;
  userAgent?: string;
  /** A device that it is about, which is elsewhere than whoever did it. */
  device?: Place;
  /** What was changed of a person, as it was and as it is. */
  changes?: Changes;
}

/** By field. */
export type Changes = Record<string, { before: Json; after: Json }>;

export interface Place {
  ip: string;
  userAgent: string;
}

export type KeyHolder = Pick<Account, 'id' | 'eventKey'>;

/**
 * How it rests: encrypted under the key of the account that the event is about, which closing the account destroys; where
 * it is of no account, or of an app's own server, under the operator's.
 */
export interface PersonalFields {
  hide(personal: Personal, eventId: string, account: KeyHolder | undefined): string;
  /** Opens those of one account's events. Throws where the account's key is gone or is another one. */
  reader(account: KeyHolder): (event: Pick<SecurityEvent, 'id' | 'personal'>) => Personal;
  /** Opens what rests under the operator's key. Throws where it rests under another. */
  openOperators(event: Pick<SecurityEvent, 'id' | 'personal'>): Personal;
  /** A new key for an account, sealed: `account.eventKey`. */
  newKey(accountId: string): string;
}

/** Marks what an account's own key encrypted, where a sealed text names the operator's key. */
const accountKeyId = '@account';

export function createPersonalFields(sealing: Pick<Sealing, 'seal' | 'open'>): PersonalFields {
  const openOperators: PersonalFields['openOperators'] = ({ id, personal }) =>
    personal === undefined ? {} : (JSON.parse(sealing.open(personal, context(id))) as Personal);

  const keyOf = ({ id, eventKey }: KeyHolder): KeyObject =>
    createSecretKey(sealing.open(eventKey, eventKeyContext(id)), 'base64url');

  return {
    hide(personal, eventId, account) {
      const text = JSON.stringify(personal);

      return account
        ? encrypt(keyOf(account), text, context(eventId), accountKeyId)
        : sealing.seal(text, context(eventId));
    },

    reader(account) {
      const key = keyOf(account);

      return (event) => {
        const { id, personal } = event;
        if (personal === undefined || !isOwn(event)) return openOperators(event);

        const [, , body = ''] = personal.split('.');

        return JSON.parse(decrypt(key, body, context(id))) as Personal;
      };
    },

    openOperators,

    newKey: (accountId) => sealing.seal(randomBytes(32).toString('base64url'), eventKeyContext(accountId)),
  };
}

/** Whether it rests under the account's own key: then it is about where a person was. */
export function isOwn({ personal }: Pick<SecurityEvent, 'personal'>): boolean {
  return personal?.split('.')[1] === accountKeyId;
}

/** What an account's event key is sealed as. */
export function eventKeyContext(accountId: string): string {
  return `event-key:${accountId}`;
}

/** Tied to the event: no ciphertext can be moved from one line of the record to another. */
function context(eventId: string): string {
  return `event:${eventId}`;
}
