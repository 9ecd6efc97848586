import { z } from 'zod';

import type { RehearsedTokens } from '../domain/rehearsal.ts';
import { askedWhy } from '../operations/why-request.ts';
import type { Explained, ExplainedStep, Refusal, Why } from '../operations/why.ts';
import { problem } from '../operations/problems.ts';
import { adminEndpoint, refusedFor, time, timeOf, type DescribedEndpoint } from './endpoint.ts';

export interface WhyApiDeps {
  why: Why;
}

const factorReason = z.enum(['client', 'request', 'role', 'own']);
const method = z.enum(['passkey', 'authenticator', 'text', 'email', 'recovery-code']);
const reasons = z.array(z.string());
const seconds = z.int();
const claims = z.record(z.string(), z.json());

const refusal = z.strictObject({
  by: z.enum(['client', 'account', 'protocol']),
  /** What stands against it; of the protocol its error code (RFC 6749 section 4.1.2.1). */
  why: z.string(),
  description: z.string().optional(),
  /** Of the protocol: who hears of it. */
  told: z.enum(['app', 'person', 'token']).optional(),
  until: time.optional(),
});

const step = z.strictObject({
  step: z.enum(['choose-account', 'sign-in', 'second-factor', 'set-up', 'verify-email', 'keep-account', 'consent']),
  /** The protocol's reasons for asking. */
  reasons: reasons.optional(),
  ways: z.array(z.enum(['password', 'passkey'])).optional(),
  why: factorReason.optional(),
  methods: z.array(method).optional(),
  /** In how many browsers, which are remembered, it would not be asked for. */
  remembered: z.int().optional(),
  optional: z.boolean().optional(),
});

const consent = z.strictObject({
  kind: z.enum(['none', 'given', 'first-party', 'asked']),
  items: z.array(z.strictObject({ id: z.string(), required: z.boolean(), allowed: z.boolean() })).optional(),
});

const tokens = z.strictObject({
  access: z
    .strictObject({
      lasts: seconds,
      format: z.enum(['opaque', 'jwt']),
      audience: z.string().optional(),
      scopes: z.array(z.string()),
    })
    .optional(),
  /** It lasts `idle` seconds unused, and `absolute` seconds at most. */
  refresh: z.strictObject({ idle: seconds, absolute: seconds }).optional(),
  id: z.strictObject({ lasts: seconds, algorithm: z.string(), claims }).optional(),
  userinfo: claims.optional(),
});

const explained = z.strictObject({
  account: z.strictObject({ id: z.string(), email: z.string(), name: z.string() }),
  client: z.strictObject({ id: z.string(), name: z.string() }),
  request: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  refusals: z.array(refusal),
  steps: z.array(step),
  consent,
  tokens: tokens.optional(),
});

export function whyEndpoints({ why }: WhyApiDeps): DescribedEndpoint[] {
  return [
    adminEndpoint({
      name: 'why.explain',
      method: 'GET',
      path: '/why',
      scope: 'accounts:read',
      summary:
        'What would happen if this person came with the request of this app, without doing it (it takes clients:read, too)',
      query: askedWhy,
      longQuery: true,
      answer: explained,
      async run({ caller }, { query }) {
        if (!caller.scopes.includes('clients:read')) {
          return { refused: { status: 403, detail: 'It is about an app, too: that takes the scope clients:read.' } };
        }

        const found = await why.explain(query);
        if (!found) return refusedFor(400, [problem('account', 'problem.noAccountId')]);

        return found.ok ? shown(found.value) : refusedFor(400, found.problems);
      },
    }),
  ];
}

function shown({ account, client, request, refusals, steps, consent: asked, tokens: given }: Explained) {
  return {
    account: { id: account.id, email: account.email, name: account.displayName },
    client: { id: client.id, name: client.metadata.client_name },
    request,
    refusals: refusals.map(shownRefusal),
    steps: steps.map(shownStep),
    consent: {
      kind: asked.kind,
      ...(asked.kind === 'asked' && {
        items: asked.items.map(({ id, required, allowed }) => ({ id, required, allowed })),
      }),
    },
    ...(given && { tokens: shownTokens(given) }),
  };
}

function shownRefusal(refused: Refusal): z.input<typeof refusal> {
  if (refused.by === 'protocol') {
    const { by, told, error: why, description } = refused;

    return { by, told, why, ...(description !== undefined && { description }) };
  }
  if (refused.by === 'client') return refused;

  const { by, why, reason, until } = refused;

  return {
    by,
    why,
    ...(reason !== undefined && { description: reason }),
    ...(until !== undefined && { until: timeOf(until) }),
  };
}

function shownStep(one: ExplainedStep): z.input<typeof step> {
  return 'reasons' in one ? { ...one, reasons: [...one.reasons] } : one;
}

function shownTokens({ refused: _, ...given }: RehearsedTokens): z.input<typeof tokens> {
  return given as z.input<typeof tokens>;
}
