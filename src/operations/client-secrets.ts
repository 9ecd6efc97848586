import type { Client, ClientMetadata, ClientSecret, ClientUse } from '../domain/client.ts';
import type { Records } from '../storage/records.ts';

/** A secret without what proves it. Times in milliseconds. */
export interface SecretView {
  id: string;
  createdAt: number;
  /** About ten minutes exact; absent: never. */
  lastUsedAt?: number;
  /** From then on it works no more; absent: it goes on. */
  endsAt?: number;
  /** The newest, which the app is meant to use. */
  isNewest: boolean;
  /** Nobody has come with it for a while, though a newer one is there. */
  isSafeToRemove: boolean;
}

/**
 * For how long an older secret has to lie still before nobody is taken to need it: longer than a week, because what runs
 * seldom most often runs weekly. It counts from the making of the newer one at the earliest: before that, everybody used
 * the old one, and when they last did says nothing of who will come next. Milliseconds.
 */
export const unusedFor = 8 * 86_400_000;

/** How many may work at the same time: each is compared at every authentication. */
export const mostSecrets = 10;

/** The secrets that work, the newest first. */
export function secretsOf(client: Client, use: ClientUse | undefined, now: number): SecretView[] {
  const working = workingSecrets(client, now);
  const replacedAt = working[0]?.createdAt ?? now;

  return working.map(({ id, createdAt, expiresAt }, place) => {
    const lastUsedAt = use?.secrets[id];
    const stillSince = Math.max(lastUsedAt ?? 0, replacedAt);

    return {
      id,
      createdAt,
      ...(lastUsedAt !== undefined && { lastUsedAt }),
      ...(expiresAt !== undefined && { endsAt: expiresAt }),
      isNewest: place === 0,
      isSafeToRemove: place > 0 && now - stillSince >= unusedFor,
    };
  });
}

/** Of how many apps a secret is safe to remove; of those that have changed theirs lately a thousand are looked at. */
export async function appsWithUnusedSecrets(
  { clients, clientUses }: Pick<Records, 'clients' | 'clientUses'>,
  now: number,
): Promise<number> {
  const { rows } = await clients.list('rotating', 'all', { limit: 1000 });
  const uses = await Promise.all(rows.map(({ id }) => clientUses.get(id)));

  return rows.filter((client, at) => secretsOf(client, uses[at], now).some((secret) => secret.isSafeToRemove)).length;
}

export function workingSecrets({ secrets }: Client, now: number): ClientSecret[] {
  return secrets.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
}

/** The secrets that go on for the overlap, and none of them longer than it already had. */
export function outgoing(secrets: readonly ClientSecret[], now: number, overlap: number): ClientSecret[] {
  const end = now + overlap * 1000;

  return secrets
    .map((one) => ({ ...one, expiresAt: Math.min(one.expiresAt ?? end, end) }))
    .filter(({ expiresAt }) => expiresAt > now);
}

export function usesSecret({ token_endpoint_auth_method: method }: ClientMetadata): boolean {
  return method === 'client_secret_basic' || method === 'client_secret_post';
}
