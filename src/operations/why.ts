import { isLockOver, maySignIn, type Account } from '../domain/account.ts';
import { acrOneFactor, acrTwoFactors } from '../domain/acr.ts';
import type { Client } from '../domain/client.ts';
import type { ConsentItem } from '../domain/consent-items.ts';
import { consentId, type Consent } from '../domain/grant.ts';
import { newSecret, sha256 } from '../domain/ids.ts';
import type {
  ProtocolRefusal,
  Rehearsal,
  Rehearsed,
  RehearsedProof,
  RehearsedStep,
  RehearsedTokens,
} from '../domain/rehearsal.ts';
import type { Records } from '../storage/records.ts';
import { problem, refused, type Result } from './problems.ts';
import { goThrough, opened, type SignInPathDeps, type SignInStep } from './why-sign-in.ts';
import { answerable, pastedRequest, plainRequest, readAskedWhy, type AskedWhy } from './why-request.ts';

/**
 * "Why?": what would happen if this person came with this app's request, without its happening. What is asked for and told
 * is gone through by the protocol itself (`rehearse`) and the sign-in's own rules; here stands how a person who can prove
 * all that they have would go through it, in a browser that was never seen before.
 */
export interface Why {
  /** `AskedWhy`, unchecked. Undefined: there is no such account. */
  explain(input: unknown): Promise<Result<Explained> | undefined>;
}

export interface Explained {
  account: Account;
  client: Client;
  /** What was asked for, in the order in which it was sent. */
  request: { name: string; value: string }[];
  /** Empty: nothing stands against it. */
  refusals: Refusal[];
  steps: ExplainedStep[];
  consent: ExplainedConsent;
  /** Absent: none are given out. */
  tokens?: RehearsedTokens;
}

export type Refusal =
  | { by: 'client'; why: 'disabled' }
  /** `until` in milliseconds. `noWayIn`: there is nothing with which they could prove who they are. */
  | { by: 'account'; why: 'locked' | 'closed' | 'noWayIn'; reason?: string; until?: number }
  /** `told`: who hears of it. `token`: the app's own server, when it comes for the tokens. */
  | ({ by: 'protocol'; told: 'app' | 'person' | 'token' } & ProtocolRefusal);

export type ExplainedStep = { step: 'choose-account' } | SignInStep | { step: 'consent'; reasons: readonly string[] };

/** `none`: it does not come to that. */
export type ExplainedConsent = { kind: 'none' | 'given' | 'first-party' } | { kind: 'asked'; items: ConsentItem[] };

export interface WhyDeps extends SignInPathDeps {
  records: Pick<Records, 'accounts' | 'clients' | 'consents' | 'passwords'>;
  /** Over a store with nothing but these in it. */
  rehearse(of: RehearsedRows, rehearsal: Rehearsal): Promise<Rehearsed>;
}

export interface RehearsedRows {
  account: Account;
  client: Client;
  consent: Consent | undefined;
}

export function createWhy(deps: WhyDeps): Why {
  const { records, clock } = deps;

  return {
    async explain(input) {
      const read = readAskedWhy(input);
      if (!read.ok) return read;

      const asked = read.value;
      const account = await records.accounts.get(asked.account);
      if (!account) return undefined;

      const pasted = pastedRequest(asked);
      if (pasted?.ok === false) return pasted;

      const named = pasted?.value.get('client_id') ?? undefined;
      const clientId = asked.client || named;
      if (clientId === undefined) return refused(problem('client', 'problem.required'));
      if (named !== undefined && named !== clientId) return refused(problem('request', 'problem.otherClient'));

      const client = await records.clients.get(clientId);
      if (!client) return refused(problem(asked.client ? 'client' : 'request', 'problem.noClient'));

      const request = pasted?.value ?? plainRequest(client, asked);

      return { ok: true, value: await explained({ account, client, request, asked }) };
    },
  };

  async function explained({
    account,
    client,
    request,
    asked,
  }: {
    account: Account;
    client: Client;
    request: URLSearchParams;
    asked: AskedWhy;
  }): Promise<Explained> {
    const now = clock.now();
    const steps: ExplainedStep[] = [];
    const consent = await records.consents.get(consentId(account.id, client.id));
    const session = maySignIn(account, now) ? sessionOf(asked) : undefined;
    const { secret, row } = withSecret(client, now);
    let isStuck = false;

    const rehearsed = await deps.rehearse(
      { account: isLockOver(account, now) ? opened(account) : account, client: row, consent },
      {
        ...answerable(request),
        ...(secret !== undefined && { secret }),
        ...(session && { session }),
        async signIn(step) {
          if (!maySignIn(account, now)) return undefined;

          const through = await goThrough(deps, { account, client, step });
          steps.push(...through.steps);
          isStuck = through.proof === undefined;

          return through.proof;
        },
      },
    );
    const { answer } = rehearsed;

    return {
      account,
      client,
      request: [...request].map(([name, value]) => ({ name, value })),
      refusals: [
        ...(client.disabled ? [{ by: 'client', why: 'disabled' } as const] : []),
        ...standing(account, now),
        ...(isStuck ? [{ by: 'account', why: 'noWayIn' } as const] : []),
        ...(answer.kind === 'refused'
          ? [{ by: 'protocol', told: answer.told, ...protocolRefusal(answer) } as const]
          : []),
        ...(answer.kind === 'tokens' && answer.tokens.refused
          ? [{ by: 'protocol', told: 'token', ...protocolRefusal(answer.tokens.refused) } as const]
          : []),
      ],
      steps: inOrder(rehearsed.steps, steps),
      consent: consentOf(rehearsed, client),
      ...(answer.kind === 'tokens' && !answer.tokens.refused && { tokens: answer.tokens }),
    };
  }
}

function sessionOf({ signed_in: before, signed_in_ago: ago }: AskedWhy): RehearsedProof | undefined {
  if (before === undefined || before === 'no') return undefined;

  return {
    ...(before === 'two-factors'
      ? { acr: acrTwoFactors, amr: ['pwd', 'otp', 'mfa'] }
      : { acr: acrOneFactor, amr: ['pwd'] }),
    ago: Number(ago ?? 0),
  };
}

/**
 * The client with a secret that is known here: nobody has its own. One with a key of its own (`private_key_jwt`) gets a
 * secret, too: to the request it is as much a confidential one.
 */
function withSecret(client: Client, now: number): { secret?: string; row: Client } {
  const { token_endpoint_auth_method: method = 'client_secret_basic', ...metadata } = client.metadata;
  if (method === 'none') return { row: client };

  const secret = newSecret();
  const { token_endpoint_auth_signing_alg: _, ...rest } = metadata;

  return {
    secret,
    row: {
      ...client,
      metadata: { ...rest, token_endpoint_auth_method: 'client_secret_basic' },
      secrets: [{ id: 'why', hash: sha256(secret), createdAt: now }],
    },
  };
}

function standing(account: Account, now: number): Refusal[] {
  if (maySignIn(account, now)) return [];
  if (account.status === 'closing') return [{ by: 'account', why: 'closed' }];

  const { lock } = account;

  return [
    {
      by: 'account',
      why: 'locked',
      ...(lock && lock.reason !== '' && { reason: lock.reason }),
      ...(lock?.until !== undefined && { until: lock.until }),
    },
  ];
}

/** What the protocol asks for, with the sign-in's own steps where it asks for that. */
function inOrder(asked: readonly RehearsedStep[], signIn: readonly ExplainedStep[]): ExplainedStep[] {
  return asked.flatMap(({ prompt, reasons }): readonly ExplainedStep[] => {
    if (prompt === 'login') return signIn;

    return [prompt === 'consent' ? { step: 'consent', reasons } : { step: 'choose-account' }];
  });
}

function consentOf({ consent, answer }: Rehearsed, client: Client): ExplainedConsent {
  if (consent) return { kind: 'asked', items: consent.items };
  if (answer.kind !== 'tokens') return { kind: 'none' };

  return { kind: client.metadata.first_party === true ? 'first-party' : 'given' };
}

function protocolRefusal({ error, description }: ProtocolRefusal): ProtocolRefusal {
  return { error, ...(description !== undefined && { description }) };
}
