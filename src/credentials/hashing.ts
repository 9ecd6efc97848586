/** argon2id in PHC string format, through a bounded queue. */
export interface Hashing {
  /** A PHC string. Throws Unavailable when too many wait, Invalid when `readPassword` refuses the text. */
  hash(password: string): Promise<string>;
  /** Without a stored hash, hashes against one that nothing fits, at the same cost (S71). Throws Unavailable. */
  verify(stored: string | undefined, password: string): Promise<boolean>;
  /** Whether the hash was made with lower parameters than today's. */
  needsRehash(stored: string): boolean;
}

export interface HashingOptions {
  memoryKib: number;
  iterations: number;
  parallelism: number;
  /** How many are computed at once. */
  concurrency: number;
  /** How many may wait. */
  waiting: number;
  /** In code points. */
  maximumLength: number;
}

export declare function createHashing(options: HashingOptions): Hashing;
