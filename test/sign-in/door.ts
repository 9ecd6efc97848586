import { createPasswordPolicy } from '../../src/credentials/password-policy.ts';
import type { Guessing, Refusal } from '../../src/credentials/guessing.ts';
import type { Account } from '../../src/domain/account.ts';
import { createJudgeStrength } from '../../src/operations/password-problems.ts';
import type { Problem } from '../../src/operations/problems.ts';
import type { Recovered } from '../../src/operations/recovery.ts';
import type { SignInDeps } from '../../src/sign-in/deps.ts';
import { signInRoutes } from '../../src/sign-in/index.ts';
import { ana, playInteractions, type Played } from '../support/interactions.ts';
import { policyOptions } from '../credentials/room.ts';
import { openSite, type Site } from '../web/site.ts';

/** The sign-in pages through the real web, over a protocol, accounts and counters that are played. */
export interface Door extends Site {
  played: Played;
  people: Account[];
  /** Of whoever `people` holds, by e-mail. */
  password: string;
  /** What the guessing counters answer; undefined: go on. */
  refusal: Refusal | undefined;
  /** `admit`, `failed`, … in order, and `verify <account id>`. */
  steps: string[];
  events: { kind: string; facts: Record<string, unknown> }[];
  /** Thrown by the next `verify`. */
  broken: Error | undefined;
  /** Tokens that the set-up takes. */
  open: Set<string>;
  /** What the set-up finds wrong with what it is given. */
  problems: Problem[];
  administrators: unknown[];
  /** Addresses for which a new password was asked, and what the next one is answered. */
  asked: string[];
  mayAsk: boolean;
  /** Links to new passwords, by what is typed or stands in them. */
  links: Map<string, Recovered>;
}

export async function openDoor(now: Played['now']): Promise<Door> {
  const played = playInteractions(now);

  const state = {
    played,
    people: [ana],
    password: 'quiet-marble-otter-47-lantern',
    refusal: undefined as Refusal | undefined,
    steps: [] as string[],
    events: [] as Door['events'],
    broken: undefined as Error | undefined,
    open: new Set<string>(),
    problems: [] as Problem[],
    administrators: [] as unknown[],
    asked: [] as string[],
    mayAsk: true,
    links: new Map<string, Recovered>(),
  };

  const ticket = { counted: [], deviceId: '', known: false, devices: 0 };

  const guessing: Pick<Guessing, 'admit' | 'succeeded' | 'failed' | 'withdrawn'> = {
    admit: async () => (state.steps.push('admit'), state.refusal ?? { allowed: true, ticket }),
    succeeded: async (_ticket, accountId) => void state.steps.push(`succeeded ${accountId}`),
    failed: async () => void state.steps.push('failed'),
    withdrawn: async () => void state.steps.push('withdrawn'),
  };

  const routes = signInRoutes({
    interactions: played.interactions,
    accounts: {
      findByEmail: async (email) => state.people.find((one) => one.emailKey === email.trim().toLowerCase()),
      get: async (id) => state.people.find((one) => one.id === id),
    },
    passwords: {
      verifier: (accountId) => async (password) => {
        state.steps.push(`verify ${accountId ?? 'nobody'}`);
        if (state.broken !== undefined) throw state.broken;

        return accountId !== undefined && password === state.password;
      },
    },
    guessing,
    closing: { keep: async () => undefined },
    locking: { settled: async (account) => account },
    invitations: {
      find: async (typed) => state.links.get(typed)?.account,
      accept: async () => 'ended',
    },
    events: {
      write: async (kind, facts) => void state.events.push({ kind, facts: { ...facts } }),
    },
    setup: {
      isOpen: async (token) => state.open.has(token),
      async complete(token, input) {
        if (!state.open.has(token)) return 'closed';
        if (state.problems.length > 0) return { ok: false, problems: state.problems };

        state.open.delete(token);
        state.administrators.push(input);
        return { ok: true, value: ana };
      },
    },
    minimumLength: 15,
    policy: createPasswordPolicy(policyOptions),
    strength: createJudgeStrength(policyOptions.productName),
    wasntMe: {
      async find(typed) {
        const account = state.links.get(typed)?.account;

        return account && { account, keys: [], added: { kind: 'passkey', name: 'Blue key', at: Date.now() } };
      },
      disown: async (typed) => {
        const account = state.links.get(typed)?.account;

        return account && { sentTo: account.email, keys: [], others: [{ kind: 'authenticator', at: Date.now() }] };
      },
    },
    recovery: {
      possible: true,
      ask: async ({ email }) => (state.asked.push(email), state.mayAsk ? 'asked' : 'too-many'),
      send: async ({ email }) => void state.asked.push(email),
      sendBy: async ({ email }) => void state.asked.push(email),
      find: async (typed) => state.links.get(typed),
      reset: async () => 'ended',
    },
    ...oneFactor,
  });

  const site = await openSite({ routes, home: '/account' });

  // Not a copy: `site` computes what it has logged, and tests set what `state` holds.
  return Object.setPrototypeOf(state, site) as Door;
}

/** Nobody here has more than a password: what comes after it is tried with the whole program (test/flows). */
const oneFactor: Pick<
  SignInDeps,
  | 'clock'
  | 'secondFactor'
  | 'remembering'
  | 'secondFactorGuessing'
  | 'signInCodes'
  | 'oneTimeCodes'
  | 'proveCode'
  | 'provePasskey'
  | 'authenticators'
  | 'passkeys'
  | 'emailVerification'
  | 'registration'
  | 'registering'
  | 'mailbox'
  | 'typedAddress'
  | 'arrivals'
> = {
  clock: { now: () => Date.now() },
  secondFactor: {
    ahead: () => undefined,
    ask: async () => ({
      needed: false,
      needsStrong: false,
      isOn: false,
      methods: [],
      email: '',
      recoveryCodesLeft: 0,
    }),
  },
  remembering: {
    isRemembered: async () => false,
    remember: () => Promise.reject(new TypeError('nobody is remembered here')),
  },
  secondFactorGuessing: { recognised: async () => undefined },
  signInCodes: { can: () => false, send: async () => 'off' },
  oneTimeCodes: { waiting: async () => undefined },
  proveCode: { secondFactor: async () => 'ended' },
  provePasskey: {
    requestOptions: async () => ({ challenge: 'challenge' }),
    prove: async () => ({ refused: 'unknown' }),
  },
  arrivals: { begin: () => async () => undefined, keptOut: async () => undefined },
  mailbox: {
    possible: true,
    send: async ({ email }) => (email.startsWith('often') ? { wait: 90 } : 'sent'),
    prove: async ({ code }) =>
      code === '012345' ? 'right' : code === '999999' ? 'ended' : { wrong: true, triesLeft: 2 },
  },
  typedAddress: {
    carry: (email) => Buffer.from(email).toString('base64url'),
    read: (carried) => carried && Buffer.from(carried, 'base64url').toString(),
  },
  authenticators: {
    begin: () => Promise.reject(new TypeError('nobody sets one up here')),
    begun: async () => undefined,
    confirm: async () => 'ended',
  },
  passkeys: {
    creationOptions: () => Promise.reject(new TypeError('nobody makes one here')),
    add: () => Promise.reject(new TypeError('nobody makes one here')),
  },
  emailVerification: {
    wanted: () => 'off',
    send: () => Promise.reject(new TypeError('nobody verifies anything here')),
    isWaiting: async () => false,
    confirm: async () => 'ended',
  },
  registration: {
    isAllowed: false,
    begin: () => Promise.reject(new TypeError('nobody registers here')),
    begun: async () => undefined,
    sendAgain: async () => 'ended',
    confirm: async () => 'ended',
  },
  registering: { minimumLength: 15, maximumLength: 256 },
};
