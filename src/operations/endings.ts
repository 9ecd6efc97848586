import type { Records } from '../storage/records.ts';

/**
 * Ends what an account or a client has going: refresh families and grants first, so that no token is renewed while its
 * grant goes; removing a grant ends every token that came of it. Safe to repeat.
 */
type Ending = Pick<Records, 'sessions' | 'grants' | 'refreshFamilies' | 'consents'>;

export async function endAccountsAccess(
  { sessions, refreshFamilies, grants }: Ending,
  accountId: string,
): Promise<void> {
  await sessions.removeAll('account', accountId);
  await refreshFamilies.removeAll('account', accountId);
  await grants.removeAll('account', accountId);
}

export async function endClientsAccess({ refreshFamilies, grants, consents }: Ending, clientId: string): Promise<void> {
  await refreshFamilies.removeAll('client', clientId);
  await grants.removeAll('client', clientId);
  await consents.removeAll('client', clientId);
}
