import type { AddedFactor, Factors, Passkey } from '../domain/factors.ts';
import type { Json } from '../domain/json.ts';
import { withoutIdleRecovery } from './factor-changes.ts';
import type { Happening } from './happenings.ts';

/**
 * Taking away what one change added to an account's factors, and nothing that was there before or was added once more
 * since: what the button behind the mail about it does (`wasnt-me.ts`).
 */

/** One that is there now, as people know it. */
export interface AddedShown {
  kind: AddedFactor['kind'];
  name?: string;
  at: number;
}

/** For the secret of a mail, which may come from an older version of this program: then it is about no factor. */
export function addedIn(data: Json | undefined): AddedFactor | undefined {
  return data === undefined ? undefined : (data as AddedFactor);
}

/** What is left, and what that tells of; undefined where nothing of it is there any more. */
export function withoutAdded(
  seen: Factors,
  added: AddedFactor,
): { left: Factors; happened: readonly Happening[] } | undefined {
  const isThere = isIn(seen, added);
  const hasCodes = seen.recovery?.madeAt === added.at;
  if (!isThere && !hasCodes) return undefined;

  const happened: Happening[] = [];
  if (isThere && added.kind !== 'recovery-codes') happened.push(removalOf(added.kind));
  if (hasCodes) happened.push({ kind: 'recovery_codes.removed' });

  const left = isThere ? without(seen, added) : seen;
  const { recovery: _, ...withoutCodes } = left;

  return { left: withoutIdleRecovery(hasCodes ? withoutCodes : left), happened };
}

function isIn(seen: Factors, added: AddedFactor): boolean {
  switch (added.kind) {
    case 'authenticator':
      return seen.authenticators.some(({ id }) => id === added.id);
    case 'passkey':
      return seen.passkeys.includes(added.id);
    case 'recovery-codes':
      return seen.recovery?.madeAt === added.at;
    default:
      return seen[added.kind]?.addedAt === added.at;
  }
}

function without(seen: Factors, added: AddedFactor): Factors {
  switch (added.kind) {
    case 'authenticator':
      return { ...seen, authenticators: seen.authenticators.filter(({ id }) => id !== added.id) };
    case 'passkey':
      return { ...seen, passkeys: seen.passkeys.filter((id) => id !== added.id) };
    case 'recovery-codes':
      return seen;
    default: {
      const { [added.kind]: _, ...left } = seen;

      return left;
    }
  }
}

function removalOf(kind: Exclude<AddedFactor['kind'], 'recovery-codes'>): Happening {
  return kind === 'passkey'
    ? { kind: 'passkey.removed' }
    : { kind: 'two_factor.method_removed', details: { method: kind } };
}

/** Of these factors what was added at `since` (milliseconds) or later, the newest first. */
export function factorsSince(factors: Factors, passkeys: readonly Passkey[], since: number): AddedFactor[] {
  const { authenticators, recovery } = factors;
  const own: AddedFactor[] = [
    ...passkeys
      .filter(({ id }) => factors.passkeys.includes(id))
      .map(({ id, createdAt }) => ({ kind: 'passkey' as const, id, at: createdAt })),
    ...authenticators.map(({ id, addedAt }) => ({ kind: 'authenticator' as const, id, at: addedAt })),
    ...(['text', 'email'] as const).flatMap((kind) => {
      const at = factors[kind]?.addedAt;

      return at === undefined ? [] : [{ kind, at }];
    }),
  ];
  // Those that came with a factor stand or fall with it.
  const isApart = recovery && !own.some(({ at }) => at === recovery.madeAt);
  const codes: AddedFactor[] = isApart ? [{ kind: 'recovery-codes', at: recovery.madeAt }] : [];

  return [...own, ...codes].filter(({ at }) => at >= since).toSorted((a, b) => b.at - a.at);
}

/** The same as people know them. */
export function addedSince(factors: Factors, passkeys: readonly Passkey[], since: number): AddedShown[] {
  return factorsSince(factors, passkeys, since).flatMap((added) => shownOf(factors, passkeys, added) ?? []);
}

/** As it is among these factors; undefined where it is not there any more. */
export function shownOf(factors: Factors, passkeys: readonly Passkey[], added: AddedFactor): AddedShown | undefined {
  if (!withoutAdded(factors, added)) return undefined;

  const { kind, at } = added;
  const { name = '' } =
    kind === 'passkey' || kind === 'authenticator'
      ? ([...passkeys, ...factors.authenticators].find(({ id }) => id === added.id) ?? {})
      : {};

  return { kind, at, ...(name !== '' && { name }) };
}
