import { isPublished, type KeyState } from '../domain/signing-key.ts';
import type { InstallationKey } from '../operations/installation-keys.ts';
import type { KeyReport, ReportedKey } from '../operations/key-report.ts';
import type { MessageKey } from '../web/route.ts';

/** Keys as the console shows them. Times in milliseconds. */
export interface SigningKeyRow extends Pick<
  ReportedKey,
  'kid' | 'alg' | 'from' | 'until' | 'publishedUntil' | 'dueAt' | 'knownUntil'
> {
  state: MessageKey;
  tone: '' | 'good' | 'warn';
  /** Waits to sign: when is still to be chosen. */
  waits: boolean;
  signatures: number;
  lastAt?: number;
}

export interface InstallationKeyRow extends Pick<InstallationKey, 'name' | 'current' | 'derived' | 'left' | 'derives'> {
  uses: number;
  lastAt?: number;
  since?: number;
  /** Whether it can be taken out of the configuration, and from when on. */
  removable?: { now: boolean; from: number };
}

const states: Readonly<Record<KeyState, MessageKey>> = {
  next: 'keys.state.next',
  current: 'keys.state.current',
  retired: 'keys.state.retired',
};

export function signingKeyRow(reported: ReportedKey, now: number): SigningKeyRow {
  const { use, life: _, state, ...key } = reported;

  return {
    ...key,
    state: isPublished(reported, now) ? states[state] : 'keys.state.known',
    tone: state === 'current' ? 'good' : '',
    waits: state === 'next',
    signatures: use?.count ?? 0,
    ...(use?.lastAt !== undefined && { lastAt: use.lastAt }),
  };
}

export function installationKeyRow({ use, removableFrom, ...key }: InstallationKey, now: number): InstallationKeyRow {
  return {
    ...key,
    uses: use?.count ?? 0,
    ...(use?.lastAt !== undefined && { lastAt: use.lastAt }),
    ...(use && { since: use.since }),
    ...(removableFrom !== undefined && { removable: { now: removableFrom <= now, from: removableFrom } }),
  };
}

export function rowsOf({ signing, cookies, encryption }: KeyReport, now: number) {
  return {
    signing: signing.map((key) => signingKeyRow(key, now)),
    cookies: cookies.map((key) => installationKeyRow(key, now)),
    encryption: encryption.map((key) => installationKeyRow(key, now)),
  };
}
