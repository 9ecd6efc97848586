/**
 * How much a key is used, of whatever kind, counted by every node and written down about once a minute: so that it shows
 * when an old one serves nothing any more.
 */
export interface KeyUse {
  /** `signing <kid>`, `cookie <name>`, `encryption <id>`. */
  id: string;
  /** Signatures made, cookies signed or found to be signed with it, texts sealed or opened. */
  count: number;
  /** Milliseconds; absent: never since it was looked at. */
  lastAt?: number;
  /** When a node first had it. */
  since: number;
}

export type KeyUseKind = 'signing' | 'cookie' | 'encryption';

export function keyUseId(kind: KeyUseKind, name: string): string {
  return `${kind} ${name}`;
}

/** Notes that a key was used: with each token and each cookie, so that it must cost nothing. */
export type NoteKeyUse = (name: string) => void;
