import { createAccountSearch, type AccountSearch } from './operations/account-search.ts';
import { createFactorReset, type FactorResetDeps } from './operations/factor-reset.ts';
import { createInvitations, type Invitations, type InvitationsDeps } from './operations/invitations.ts';
import { createLocking, type Locking, type LockingDeps } from './operations/locking.ts';
import { createLookingAfter, type LookingAfter, type LookingAfterDeps } from './operations/looking-after.ts';
import { createRoles, type Roles, type RolesDeps } from './operations/roles.ts';
import type { Records } from './storage/records.ts';

/** The part of `services.ts` about what administrators do for account holders: wiring, and nothing else. */
export interface AdministrationServices {
  accountSearch: AccountSearch;
  locking: Locking;
  invitations: Invitations;
  roles: Roles;
  lookingAfter: LookingAfter;
}

export type AdministrationServicesDeps = InvitationsDeps &
  LockingDeps &
  RolesDeps &
  FactorResetDeps &
  Omit<LookingAfterDeps, 'locking' | 'factorReset' | 'invitations'> & { records: Records };

export function openAdministration(deps: AdministrationServicesDeps): AdministrationServices {
  const locking = createLocking(deps);
  const invitations = createInvitations(deps);
  const inside = { ...deps, locking, invitations, factorReset: createFactorReset(deps) };

  return {
    accountSearch: createAccountSearch(deps),
    locking,
    invitations,
    roles: createRoles(deps),
    lookingAfter: createLookingAfter(inside),
  };
}
