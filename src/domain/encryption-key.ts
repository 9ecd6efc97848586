/** Names the keys that something may rest under, the present one first: without one of them nothing starts. */
export const encryptionKeySetting = 'encryption-key';

/** What the last look at everything that is sealed has found (`Resealing`). */
export const resealingSetting = 'resealing';

export interface Resealed {
  /** Under which key all of it is to rest. */
  key: string;
  /** Since when nothing that is kept for good rests under another, in milliseconds; absent: something does. */
  doneAt?: number;
  /** Milliseconds. */
  lookedAt: number;
  /** How much still rests under each other key: what ends by itself, and events. */
  left: Record<string, number>;
}
