import { accountNavigation, accountRoutes } from '../../src/account/index.ts';
import type { Account } from '../../src/domain/account.ts';
import type { FurtherClaim } from '../../src/domain/claims.ts';
import type { Problem, Result } from '../../src/operations/problems.ts';
import { ana, playInteractions, stepAt } from '../support/interactions.ts';
import { openSite } from '../web/site.ts';

/** The account console through the real web, with somebody signed in, over a protocol and accounts that are played. */
export async function openConsole(person: Partial<Account> = {}, claimsShown: FurtherClaim[] = []) {
  const played = playInteractions(stepAt('login'));
  const changes: unknown[] = [];
  const problems: Problem[] = [];

  const routes = accountRoutes({
    interactions: played.interactions,
    claimsShown,
    accounts: {
      async updateProfile(accountId, input, { actor }): Promise<Result<Account>> {
        changes.push({ accountId, actor, input });
        if (problems.length > 0) return { ok: false, problems };

        const account = { ...(site.session?.account ?? ana), ...(input as Partial<Account>) };
        site.session = session(account);
        return { ok: true, value: account };
      },
    },
  });

  const site = await openSite({ routes, navigation: accountNavigation, home: '/account' });
  const session = (account: Account) => ({
    account,
    session: { uid: 's1', signedInAt: site.clock.now(), amr: ['pwd'] },
  });
  site.session = session({ ...ana, ...person });

  return Object.assign(site, { played, changes, problems });
}
