import { errors } from 'oidc-provider';

import type { Grant } from '../../domain/grant.ts';
import type { UnitOfWork } from '../request.ts';
import { withIssued } from './keeper.ts';

/**
 * How long after its redemption a code that comes again is taken for the same request twice (a double submit, fifty in
 * parallel), which fails and hurts nobody. Later it is a replay: the grant is revoked (RFC 6749 section 4.1.2, S7).
 */
const raceWindow = 5_000;

/** How long a grant remembers its redeemed codes. */
const remembered = 600_000;

/**
 * In seconds, when a code was redeemed so long ago that it comes as a replay; undefined: it was not, or just now. The
 * library revokes what it is told was consumed, and asks `redeem` about the rest.
 */
export function replayed(unit: UnitOfWork, grant: Grant, { hash, now }: { hash: string; now: number }) {
  const redeemed = grant.consumed.find((code) => code.hash === hash);
  if (!redeemed || now - redeemed.at <= raceWindow) return undefined;

  unit.notes.reused = { kind: 'code.replayed', accountId: grant.accountId };

  return Math.floor(redeemed.at / 1000);
}

/**
 * A code's payload may be lost; that it was redeemed may not, so that is recorded in the grant's own document, on
 * condition that it is not there yet: one of many in parallel succeeds (S8). It decides about all that this request
 * writes: that goes with it, and nothing is answered before it is known. Throws the library's `invalid_grant`.
 */
export function redeem(
  unit: UnitOfWork,
  grant: Grant | undefined,
  { hash, at, also = {} }: { hash: string; at: number; also?: Partial<Grant> },
): void {
  if (!grant) throw gone();

  const change = (old: Grant) => withIssued({ ...redeemed(old, hash, at), ...also }, unit);
  change(grant);

  unit.write(
    { in: 'grants', update: grant.id, change, decides: true },
    {
      sent: (row) => {
        if (!row) throw gone();
      },
    },
  );
}

function gone(): Error {
  return new errors.InvalidGrant('grant not found');
}

function redeemed(old: Grant, hash: string, at: number): Grant {
  if (old.consumed.some((code) => code.hash === hash)) {
    throw new errors.InvalidGrant('the code was redeemed already');
  }

  const recent = old.consumed.filter((code) => at - code.at < remembered);

  return { ...old, consumed: [...recent, { hash, at }], lastUsedAt: at };
}
