import { lastStepAt } from '../credentials/totp.ts';
import type { Factors } from '../domain/factors.ts';
import type { CollectionName, Row } from '../storage/records.ts';
import { epochSetting } from '../storage/epoch.ts';
import { isCopied, shapeOf, type AnyRow } from './move-rows.ts';

/**
 * What comes back of a backup. Whatever was ended, used or withdrawn since it was made is in it as it was before, and
 * nothing says so: what lets somebody in, or lets an app act for somebody, without proving anything anew stays away
 * whole (SECURITY.md, 3.1, trap 3).
 */
type Fate<Name extends CollectionName> =
  | 'comes'
  /** It may have been ended, used or withdrawn since. */
  | 'stays-away'
  /** The row as it comes; undefined: it stays away. `at` in milliseconds. */
  | ((row: Row<Name>, at: number) => Row<Name> | undefined);

const fates: { readonly [Name in CollectionName]: Fate<Name> } = {
  accounts: 'comes',
  closedAccounts: 'comes',
  formerAddresses: 'comes',
  passwords: 'comes',
  clients: 'comes',
  clientUses: 'comes',
  clientReceipts: 'comes',
  // Access that was taken away since would be given again without a question: everybody is asked once more.
  consents: 'stays-away',
  grants: 'stays-away',
  deviceCodes: 'stays-away',
  refreshFamilies: 'stays-away',
  sessions: 'stays-away',
  // Knowing a device lets nobody in, and to forget it would write to everybody who signs in.
  knownDevices: 'comes',
  events: 'comes',
  auditSegments: 'comes',
  tallies: 'comes',
  signingKeys: 'comes',
  keyUses: 'comes',
  settings: (row) => (row.id === epochSetting ? undefined : row),
  attempts: 'comes',
  oneTimeSecrets: 'stays-away',
  codes: 'stays-away',
  factors: withoutUsedCodes,
  passkeys: 'comes',
  rememberedBrowsers: 'stays-away',
  used: 'comes',
  leases: 'stays-away',
  // What waited was most likely sent since, and the code or link in it is dead.
  messages: (row) => (row.state === 'queued' ? undefined : row),
  logoutNotices: 'comes',
  receipts: 'comes',
  apiKeys: 'stays-away',
  webhooks: 'comes',
  // One that comes twice has the same id.
  webhookDeliveries: 'comes',
};

/** A recovery code or an authenticator's code of the moment that was used since works never again. */
function withoutUsedCodes({ pending: _, ...row }: Factors, at: number): Factors {
  const step = lastStepAt(at);

  return {
    ...row,
    authenticators: row.authenticators.map((one) => ({ ...one, lastStep: Math.max(one.lastStep, step) })),
    ...(row.recovery && { recovery: { ...row.recovery, hashes: [] } }),
    version: row.version + 1,
    forgottenAt: at,
  };
}

/** Undefined: it stays away, or has expired. `at`: when it is restored, in milliseconds. */
export function restored(name: CollectionName, row: AnyRow, at: number): AnyRow | undefined {
  if (!isCopied(name, row)) return undefined;
  if ((shapeOf(name).expiresAt?.(row) ?? Infinity) <= at) return undefined;

  const fate = fates[name] as Fate<CollectionName>;
  if (typeof fate === 'string') return fate === 'comes' ? row : undefined;

  return (fate as (row: AnyRow, at: number) => AnyRow | undefined)(row, at);
}
