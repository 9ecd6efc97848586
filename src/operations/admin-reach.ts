import { accountApiOf } from '../domain/account-api.ts';
import { adminApiOf, adminScopes } from '../domain/admin-api.ts';
import { problem, type Problem } from './problems.ts';

/**
 * An app that may ask for the admin API for itself may do there whatever is its scopes: whoever makes one, or holds its
 * secret, has them all. So a key that may change apps and nothing else must not get hold of such an app: it would raise
 * itself (S53).
 */
export interface Reach {
  issuer: string;
  /** Those of the key or token that asks. Absent: an administrator at the console, or the command line. */
  scopes?: readonly string[] | undefined;
}

/** Whether every scope of the admin API is among them. */
export function hasEveryAdminScope(scopes: readonly string[] | undefined): boolean {
  return scopes === undefined || adminScopes.every((scope) => scopes.includes(scope));
}

/**
 * What stands against making, changing or enabling an app, or giving it a new secret. `metadata`: of the app as it is and as
 * it is to be, unchecked. What takes access away (disabling, revoking, deleting) is open to whoever may change apps.
 */
export function reachProblem(metadata: readonly unknown[], { issuer, scopes }: Reach): Problem | undefined {
  const reaches = metadata.some((one) => {
    const resources = resourcesOf(one);
    // Nobody is asked for consent by an app that is the operator's: it would be whoever signs in, at the account API.
    const isOwn = (one as { first_party?: unknown } | undefined)?.first_party === true;

    return resources.includes(adminApiOf(issuer)) || (isOwn && resources.includes(accountApiOf(issuer)));
  });

  return reaches && !hasEveryAdminScope(scopes) ? problem('resources', 'problem.adminReach') : undefined;
}

function resourcesOf(metadata: unknown): unknown[] {
  const { resources } = (metadata ?? {}) as { resources?: unknown };

  return Array.isArray(resources) ? resources : [];
}
