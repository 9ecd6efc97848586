import { z } from 'zod';

import type { ClientHoldings, ClientReceipt } from '../domain/client-receipt.ts';
import type { ClientDetails, ClientRow } from '../operations/client-administration.ts';
import type { Holdings } from '../operations/client-holdings.ts';
import { clientMetadata } from './client-metadata.ts';
import { time, timeOf } from './endpoint.ts';

/** How an app, its secrets and what it holds are answered. Never what proves a secret. */
const holdings = {
  people: z.int(),
  sessions: z.int(),
  grants: z.int(),
  refreshTokens: z.int(),
  /** Until then a JWT access token that nobody can call back may still be out. */
  accessTokensUntil: time.optional(),
};

/** `whole`: whether people and sessions are all that there are. */
export const impact = z.strictObject({ ...holdings, whole: z.boolean() });

export const row = {
  id: z.string(),
  metadata: clientMetadata,
  disabled: z.boolean(),
  /** One of the installation's own, which can't be changed. */
  ours: z.boolean(),
  createdAt: time,
  updatedAt: time,
  /** About ten minutes exact. */
  lastUsedAt: time.optional(),
  holds: impact,
};

const secret = z.strictObject({
  id: z.string(),
  createdAt: time,
  lastUsedAt: time.optional(),
  endsAt: time.optional(),
  newest: z.boolean(),
  safeToRemove: z.boolean(),
});

export const client = z.strictObject({ ...row, secrets: z.array(secret) });

/** The secret is told here and never again. */
export const registered = z.strictObject({ id: z.string(), secret: z.string().optional() });

export const receipt = z.strictObject({
  id: z.string(),
  clientId: z.string(),
  name: z.string(),
  actor: z.string(),
  at: time,
  ...holdings,
  /** Back-channel notices that were left for it. */
  notices: z.int(),
});

export const progress = z.strictObject({ queued: z.int(), delivered: z.int(), failed: z.int(), dropped: z.int() });

export function shownSecret({ client: { id }, secret: told }: { client: { id: string }; secret?: string }) {
  return { id, ...(told !== undefined && { secret: told }) };
}

export function shownRow({
  client: { id, metadata, disabled, createdAt, updatedAt },
  isOurs,
  use,
  holdings: held,
}: ClientRow) {
  return {
    id,
    metadata,
    disabled,
    ours: isOurs,
    createdAt: timeOf(createdAt),
    updatedAt: timeOf(updatedAt),
    ...(use && { lastUsedAt: timeOf(use.lastUsedAt) }),
    holds: shownImpact(held),
  };
}

export function shownClient(details: ClientDetails): z.input<typeof client> {
  return {
    ...shownRow(details),
    secrets: details.secrets.map(({ id, createdAt, lastUsedAt, endsAt, isNewest, isSafeToRemove }) => ({
      id,
      createdAt: timeOf(createdAt),
      ...(lastUsedAt !== undefined && { lastUsedAt: timeOf(lastUsedAt) }),
      ...(endsAt !== undefined && { endsAt: timeOf(endsAt) }),
      newest: isNewest,
      safeToRemove: isSafeToRemove,
    })),
  };
}

function shownHoldings({ people, sessions, grants, refreshTokens, accessTokensUntil: until }: ClientHoldings) {
  return { people, sessions, grants, refreshTokens, ...(until !== undefined && { accessTokensUntil: timeOf(until) }) };
}

export function shownImpact({ isWhole, ...held }: Holdings): z.input<typeof impact> {
  return { ...shownHoldings(held), whole: isWhole };
}

export function shownReceipt({
  id,
  clientId,
  name,
  actor,
  at,
  notices,
  ...held
}: ClientReceipt): z.input<typeof receipt> {
  return { id, clientId, name, actor, at: timeOf(at), notices, ...shownHoldings(held) };
}
