import type { Guessing } from '../credentials/guessing.ts';
import type { Passwords } from '../credentials/passwords.ts';
import type { Events } from '../events/writer.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { Accounts } from '../operations/accounts.ts';

/** What signing in needs of the rest: the few functions that it calls. */
export interface SignInDeps {
  interactions: Pick<Interactions, 'find' | 'signedIn' | 'selected' | 'refused' | 'restart'>;
  accounts: Pick<Accounts, 'findByEmail'>;
  passwords: Pick<Passwords, 'verifier'>;
  guessing: Pick<Guessing, 'admit' | 'succeeded' | 'failed' | 'withdrawn'>;
  events: Pick<Events, 'write'>;
}
