import type { Wanted } from './allowance.ts';
import type { Json } from './json.ts';

/**
 * What a device without a browser of its own asks for (RFC 8628), and what a person has said to it. Times in
 * milliseconds. The row stays for an hour after the code is over, so that whoever types it then is told so.
 */
export interface DeviceCode {
  /** SHA-256 of the device code. */
  id: string;
  /** The keyed hash of the code that a person types: 34 bits are few, so it takes the operator's key to try them out. */
  userCode: string;
  clientId: string;
  wanted: Wanted;
  /** The protocol library's own document, without either code. */
  payload: Record<string, Json>;
  /** Where it was asked from. */
  ip: string;
  userAgent: string;
  answer?: DeviceAnswer;
  createdAt: number;
  worksUntil: number;
  expiresAt: number;
}

export interface DeviceAnswer {
  /** Whose. */
  accountId: string;
  /** Absent: it was refused. */
  grantId?: string;
  /** What the protocol library's document says more from here on. */
  payload: Record<string, Json>;
}

/** Letters that are told apart at a glance, and make no words (RFC 8628 section 6.1): 20 of them, 8 times. */
const letters = 'BCDFGHJKLMNPQRSTVWXZ';
const typedForm = new RegExp(`^[${letters}]{8}$`);

/** A code as it was typed, in any case and with any dashes and spaces, as it is kept; undefined: it can't be one. */
export function readUserCode(typed: string): string | undefined {
  const code = typed
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[\s\p{Dash}._]/gu, '');

  return typedForm.test(code) ? code : undefined;
}

/** As devices show it. */
export function shownUserCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}
