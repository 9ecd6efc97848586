import type { Account } from '../../src/domain/account.ts';
import type { ClientFace } from '../../src/domain/client-face.ts';
import type { ConsentAsked } from '../../src/domain/consent-items.ts';
import type { Ended, Interaction, Interactions, PartialProof } from '../../src/oidc/interactions.ts';
import { to, type Outcome } from '../../src/web/route.ts';

/** The protocol as the pages see it, played from a script: what step there is, and what was asked of it since. */
export interface Played {
  interactions: Interactions;
  /** What `find` answers; set it to go on. */
  now: Interaction | Ended;
  asked: ConsentAsked;
  /** Calls with an effect, in order: `signedIn`, then what it was given. */
  calls: [string, ...unknown[]][];
  /** What `restart` answers. */
  restarted: Outcome | undefined;
  /** What was proved so far. */
  proof: PartialProof | undefined;
}

export const uid = 'step-of-an-authorization-request';

export const payroll: ClientFace = {
  id: 'payroll',
  name: 'Payroll',
  firstParty: true,
  host: 'payroll.example.com',
  onThisComputer: false,
  impersonable: false,
};

export const wiki: ClientFace = {
  id: 'wiki',
  name: 'Wiki',
  firstParty: false,
  host: 'wiki.example.net',
  onThisComputer: false,
  impersonable: false,
  clientUri: 'https://wiki.example.net/',
  policyUri: 'https://wiki.example.net/privacy',
  tosUri: 'https://wiki.example.net/terms',
};

export const ana: Account = {
  id: 'a1',
  email: 'ana@example.com',
  emailKey: 'ana@example.com',
  emailVerified: true,
  displayName: 'Ana Lindqvist',
  firstName: 'Ana',
  lastName: 'Lindqvist',
  task: '',
  locale: 'en',
  claims: {},
  roles: [],
  status: 'active',
  eventKey: '',
  createdAt: 0,
  updatedAt: 0,
};

export function stepAt(prompt: Interaction['prompt'], more: Partial<Interaction> = {}): Interaction {
  return {
    uid,
    prompt,
    reasons: [],
    client: payroll,
    factors: 'own',
    fresh: false,
    mayRefuse: true,
    formAction: ['https:'],
    ...more,
  };
}

/** Whatever has an effect leads to `/done`, which is no page: what was asked stands in `calls`. */
export function playInteractions(now: Played['now']): Played {
  const played: Played = {
    now,
    asked: { items: [], offline: false },
    calls: [],
    restarted: undefined,
    proof: undefined,

    interactions: {
      device: {
        typed: async () => ({ ended: 'unknown' }),
        asked: async () => ({ ended: 'unknown' }),
        allow: async () => undefined,
        refuse: async () => undefined,
      },
      find: async () => played.now,
      consentAsked: async () => played.asked,
      proofSoFar: async () => played.proof,
      keepProof: async (_exchange, _of, proof) => {
        played.proof = proof;
        did('keepProof', proof);
      },
      signedIn: async (_exchange, of, proof) => did('signedIn', of, proof),
      consented: async (_exchange, of, allowed) => did('consented', of, allowed),
      selected: async (_exchange, of, choice) => did('selected', of, choice),
      refused: async (_exchange, of) => did('refused', of),
      restart: async (of) => (did('restart', of), played.restarted),
      clientFace: async (id) => [payroll, wiki].find((client) => client.id === id),
      current: async () => undefined,
      consoleSignIn: () => to('/done'),
      consoleReturn: (state) => (state === 'checked' ? '/account/personal-information?from=here' : undefined),
      renewSession: async () => void did('renewSession'),
      signOut: async () => void did('signOut'),
    },
  };

  function did(...call: [string, ...unknown[]]): Outcome {
    played.calls.push(call);
    return to('/done');
  }

  return played;
}
