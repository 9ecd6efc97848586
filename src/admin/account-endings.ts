import { z } from 'zod';

import type { Account } from '../domain/account.ts';
import { NotFound } from '../domain/errors.ts';
import type { Accounts } from '../operations/accounts.ts';
import type { ApiKeys } from '../operations/api-keys.ts';
import type { Applications } from '../operations/applications.ts';
import type { Devices } from '../operations/devices.ts';
import type { LookingAfter } from '../operations/looking-after.ts';
import { byField, type By } from '../operations/problems.ts';
import {
  action,
  page,
  show,
  to,
  view,
  type Ask,
  type MessageKey,
  type Outcome,
  type Route,
  type SignedIn,
} from '../web/route.ts';
import { accountPath, accountsPath } from './account-places.ts';
import { accountOf, personOf, type Person } from './account-words.ts';
import { sessionShown } from './access-rows.ts';
import { doing } from './page.ts';

export interface AccountEndingDeps {
  accounts: Pick<Accounts, 'get'>;
  devices: Pick<Devices, 'session' | 'offlineOf'>;
  applications: Pick<Applications, 'find' | 'remove'>;
  apiKeys: Pick<ApiKeys, 'find' | 'remove'>;
  lookingAfter: Pick<LookingAfter, 'endSession' | 'endAccess'>;
}

export interface EndingView {
  person: Person;
  /** Of the page itself: where the form goes. */
  action: string;
  back: string;
  title: MessageKey;
  /** What it is about. */
  what: string;
  says: MessageKey;
  button: MessageKey;
}

export const endingView = view<EndingView>('admin/account-ending', 'shell', 'accounts.what');

const path = `${accountsPath}/:id` as const;
const nothing = z.object({});

type AskedOf = Ask<`${typeof path}/x/:of`> & SignedIn;

interface Ending {
  /** What it is called; undefined: there is none of this account. */
  find(account: Account, of: string, ask: AskedOf): Promise<string | undefined>;
  title: MessageKey;
  says: MessageKey;
  button: MessageKey;
  end(
    account: Account,
    of: string,
    by: By,
  ): Promise<{ receipt: string } | { problems: Parameters<typeof byField>[0] } | undefined | void>;
}

/** The end of one thing that acts for somebody. `nameOf` an app, by its client id. */
export function accountEndingRoutes(deps: AccountEndingDeps, nameOf: (clientId: string) => Promise<string>): Route[] {
  const { devices, applications, apiKeys, lookingAfter } = deps;

  return [
    ...ending('devices/:of', {
      find: async (account, of, ask) => {
        const session = await devices.session(account.id, of);

        return session && (await sessionShown(session, { ...ask, nameOf })).name;
      },
      title: 'accounts.endSession',
      says: 'accounts.says.endSession',
      button: 'frame.signOut',
      end: (account, of, by) => lookingAfter.endSession(account.id, of, by),
    }),

    ...ending('devices/offline/:of', {
      find: async (account, of) => {
        const access = await devices.offlineOf(account.id, of);

        return access && nameOf(access.clientId);
      },
      title: 'accounts.endAccess',
      says: 'accounts.says.endAccess',
      button: 'devices.end',
      end: (account, of, by) => lookingAfter.endAccess(account.id, of, by),
    }),

    ...ending('devices/keys/:of', {
      find: async (account, of) => (await apiKeys.find(account.id, of))?.name,
      title: 'accounts.deleteKey',
      says: 'accounts.says.deleteKey',
      button: 'apiKeys.delete',
      end: async (account, of, by) => void (await apiKeys.remove(account, of, by)),
    }),

    ...ending('applications/:of', {
      find: async (account, of) => (await applications.find(account, of)) && nameOf(of),
      title: 'accounts.removeApp',
      says: 'accounts.says.removeApp',
      button: 'applications.remove',
      async end(account, of, by) {
        const removed = await applications.remove(account, of, by);

        return removed?.ok === false ? removed : removed?.value;
      },
    }),
  ];

  /** The end of one thing: a page that says what will happen, and its button. Somebody else's is not there. */
  function ending(below: `${string}/:of`, about: Ending): Route[] {
    const [list = ''] = below.split('/');
    const here = `${path}/${below}` as `${typeof path}/x/:of`;

    async function found(ask: AskedOf): Promise<{ account: Account; what: string }> {
      const account = await accountOf(deps, ask.params.id);
      const what = await about.find(account, ask.params.of, ask);
      if (what === undefined) throw new NotFound('nothing of this account');

      return { account, what };
    }

    return [
      page(
        here,
        endingView,
        async (ask): Promise<Outcome> => {
          const { account, what } = await found(ask);
          const { title, says, button } = about;
          const person = personOf(account);
          const action = accountPath(account.id, `/${below.replace(':of', encodeURIComponent(ask.params.of))}`);

          return show(endingView, {
            person,
            action,
            back: accountPath(account.id, `/${list}`),
            title,
            what,
            says,
            button,
          });
        },
        doing,
      ),

      action(
        here,
        nothing,
        async (ask, _input, wrong) => {
          const { account } = await found(ask);
          const done = await about.end(account, ask.params.of, {
            actor: ask.account.id,
            administrator: true,
            from: ask.visitor,
          });
          if (done && 'problems' in done) return wrong(byField(done.problems));

          const receipt = done ? `/receipts/${encodeURIComponent(done.receipt)}` : `/${list}`;

          return to(accountPath(account.id, receipt), 'accounts.done.ended');
        },
        doing,
      ),
    ];
  }
}
