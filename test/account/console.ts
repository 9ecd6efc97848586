import type { Admission, Ticket } from '../../src/credentials/guessing.ts';
import { createPasswordPolicy } from '../../src/credentials/password-policy.ts';
import { accountConsole, accountRoutes, type AccountDeps } from '../../src/account/index.ts';
import type { Account } from '../../src/domain/account.ts';
import type { FurtherClaim } from '../../src/domain/claims.ts';
import { noFactors } from '../../src/domain/factors.ts';
import type { Tries } from '../../src/operations/blocked-tries.ts';
import { createJudgeStrength } from '../../src/operations/password-problems.ts';
import type { Problem, Result } from '../../src/operations/problems.ts';
import { ana, playInteractions, stepAt } from '../support/interactions.ts';
import { policyOptions } from '../credentials/room.ts';
import { openSite } from '../web/site.ts';

const ticket: Ticket = { counted: [], known: true, deviceId: '', devices: 0 };

/** The account console through the real web, with somebody signed in, over a protocol and accounts that are played. */
export async function openConsole(person: Partial<Account> = {}, claimsShown: FurtherClaim[] = []) {
  const played = playInteractions(stepAt('login'));
  const changes: unknown[] = [];
  const problems: Problem[] = [];
  /** The password, what guessing says of the next try, and sessions that were spared when the others ended. */
  const security = {
    password: 'seven lamps over the harbour',
    admission: { allowed: true, ticket } as Admission,
    failures: 0,
    spared: [] as string[],
    tries: undefined as Tries | undefined,
  };

  const routes = accountRoutes({
    interactions: played.interactions,
    ...noApplications,
    claimsShown,
    longestPassword: policyOptions.maximumLength,
    blockedTries: { of: async () => security.tries },
    activity: { list: async () => ({ events: [] }), find: async () => undefined },
    disowning: { madeSince: never, disown: never },
    closing: { grace: 0, ahead: async () => ({ isLastAdministrator: false, told: [], lose: [] }), close: never },
    dataExport: { begin: never },
    strength: createJudgeStrength(policyOptions.productName),
    policy: createPasswordPolicy(policyOptions),
    passwords: {
      async replace(_accountId, { current, next }) {
        if (current !== security.password) return false;

        security.password = next;
        return true;
      },
    },
    guessing: {
      admit: async () => security.admission,
      failed: async () => void (security.failures += 1),
      succeeded: async () => undefined,
      withdrawn: async () => undefined,
    },
    factors: { of: async (accountId) => noFactors(accountId), withPassword: async (_accountId, set) => [set] },
    oldPassword: { forget: async () => undefined },
    endings: {
      async otherSessions(_account, exceptUid) {
        security.spared.push(exceptUid);
        return { sessions: [], applications: [], notices: [] };
      },
      session: never,
      grant: never,
    },
    ...nothingElseIn,
    events: { write: async () => undefined },
    ...noSecondFactor,
    ...noContactChange,
    timeZone: 'UTC',
    textCountries: [],
    clock: { now: () => Date.UTC(2026, 0, 1, 12) },
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

  const site = await openSite({ routes, consoles: [accountConsole], home: '/account' });
  const session = (account: Account) => ({
    account,
    session: { uid: 's1', signedInAt: site.clock.now(), amr: ['pwd'] },
  });
  site.session = session({ ...ana, ...person });

  return Object.assign(site, { played, changes, problems, security });
}

const never = () => Promise.reject(new TypeError('tried with the whole program (test/flows)'));

/** No app has anything. */
const noApplications: Pick<AccountDeps, 'applications' | 'receipts' | 'accessLasts'> = {
  applications: {
    ahead: async () => undefined,
    list: async () => ({ rows: [], count: 0 }),
    find: async () => undefined,
    narrow: never,
    remove: never,
  },
  receipts: { of: async () => undefined, latest: async () => [], create: never },
  accessLasts: { signedIn: 86_400, away: 30 * 86_400 },
};

/** Nothing but this browser can act for anybody here. */
const nothingElseIn: Pick<AccountDeps, 'devices' | 'resources' | 'apiKeys'> = {
  apiKeys: {
    offered: [],
    offeredTo: () => [],
    limit: 5,
    list: async () => [],
    find: async () => undefined,
    create: never,
    remove: never,
  },
  devices: {
    ahead: () => [],
    sessions: async () => ({ rows: [], count: 0 }),
    offline: async () => ({ rows: [] }),
    session: async () => undefined,
    offlineIn: async () => [],
    offlineOf: async () => undefined,
  },
  resources: [],
};

/** Nobody here has more than a password. */
const noSecondFactor: Pick<AccountDeps, 'twoFactor' | 'authenticators' | 'passkeys' | 'remembering' | 'signInCodes'> = {
  twoFactor: {
    show: async ({ email }) => ({
      isOn: false,
      isPasswordGuarded: false,
      isPasswordShort: false,
      isNeeded: false,
      methods: [],
      authenticators: [],
      email: { to: email, on: false, possible: true },
      text: { on: false, possible: false },
    }),
    add: never,
    prefer: never,
    remove: never,
    switchOff: never,
    renewRecoveryCodes: never,
  },
  authenticators: { begin: never, begun: async () => undefined, confirm: never },
  passkeys: { list: async () => [], creationOptions: never, add: never, rename: never, remove: never },
  remembering: { list: async () => [], idOf: () => '', forget: never },
  signInCodes: { can: () => true },
};

/** Nothing is waited for, and nothing can be sent. */
const nothingAwaited = {
  canSend: () => false,
  waiting: async () => undefined,
  ask: never,
  sendAgain: never,
  confirm: never,
  cancel: never,
};

const noContactChange: Pick<AccountDeps, 'emailChange' | 'emailUndo' | 'phoneChange'> = {
  emailChange: nothingAwaited,
  emailUndo: { find: async () => undefined, undo: never },
  phoneChange: { ...nothingAwaited, canProve: async () => false, remove: never },
};
