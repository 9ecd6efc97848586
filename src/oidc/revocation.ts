/**
 * Ending what was given. Removing a grant or a session is all it takes: every check of a token reads them, so what came
 * of them is dead at the next request on every node (S22, S31).
 */
export interface Revocation {
  /** One device session with its grants; `offline` also those that were meant to outlive it. Safe to repeat. */
  session(uid: string, options: { offline: boolean }): Promise<void>;
  /** Every session of an account but `except`, each as above; answers how many there were. */
  sessions(accountId: string, options: { offline: boolean; except?: string }): Promise<number>;
  /** What one application may do for an account: the consent and every grant of the pair. */
  application(accountId: string, clientId: string): Promise<void>;
  /** One grant with its refresh tokens. Whether it was there. */
  grant(id: string): Promise<boolean>;
}
