import { isDeepStrictEqual } from 'node:util';

import { z } from 'zod';

import type { Json } from '../domain/json.ts';
import { everyKind, type Webhook } from '../domain/webhook.ts';
import { eventKinds } from '../events/catalogue.ts';
import type { Changes } from '../events/personal.ts';
import { read, type ProblemKey, type Result } from './problems.ts';
import { uri } from './uri-rules.ts';

/** What an administrator says of a webhook. */
export type WebhookInput = Pick<Webhook, 'url' | 'description' | 'kinds'>;

export const longestDescription = 200;

const kindMissing: ProblemKey = 'problem.webhookKinds';
const oneLine: ProblemKey = 'problem.webhookDescription';

/** Kinds stand in the order of the catalogue, each once; every kind beside others is every kind. */
export function readWebhook(input: unknown, { development }: { development: boolean }): Result<WebhookInput> {
  const schema = z.strictObject({
    url: uri({ development, redirect: true }),
    description: z
      .string()
      .trim()
      .max(longestDescription)
      .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), { message: oneLine }),
    kinds: z.array(z.enum([everyKind, ...eventKinds])).min(1, { message: kindMissing }),
  });
  const found = read(schema, input, Object.keys(schema.shape));
  if (!found.ok) return found;

  const { kinds, ...rest } = found.value;
  const all: readonly string[] = kinds;

  return {
    ok: true,
    value: { ...rest, kinds: all.includes(everyKind) ? [everyKind] : eventKinds.filter((kind) => all.includes(kind)) },
  };
}

/** For the record of events: of an address its origin alone, because the rest of it is often as good as a password. */
export function webhookChanges(old: WebhookInput, next: WebhookInput): Changes {
  const told = (of: WebhookInput, name: keyof WebhookInput): Json => (name === 'url' ? originOf(of) : of[name]);

  return Object.fromEntries(
    (['url', 'description', 'kinds'] as const)
      .filter((name) => !isDeepStrictEqual(old[name], next[name]))
      .map((name) => [name, { before: told(old, name), after: told(next, name) }]),
  );
}

export function originOf({ url }: Pick<Webhook, 'url'>): string {
  return new URL(url).origin;
}
