import { hasRole, type Account } from '../domain/account.ts';
import { adminApiOf, adminApiPath, adminApiWords, isReading } from '../domain/admin-api.ts';
import type { SecondFactor } from '../operations/second-factor.ts';
import type { Caller, Unfit } from '../web/endpoint.ts';
import { clientEndpoints, type AdminClientsDeps } from './admin-clients.ts';
import { adminAccountEndpoints, type AdminAccountsDeps } from './admin-accounts.ts';
import { auditEndpoints, type AdminAuditDeps } from './admin-audit.ts';
import { keyEndpoints, type AdminKeysDeps } from './admin-keys.ts';
import { overviewEndpoints, type OverviewApiDeps } from './admin-overview.ts';
import { settingsEndpoints, type AdminSettingsDeps } from './admin-settings.ts';
import { selfEndpoints } from './admin-self.ts';
import { whyEndpoints, type WhyApiDeps } from './admin-why.ts';
import { webhookEndpoints, type AdminWebhooksDeps } from './admin-webhooks.ts';
import type { DescribedEndpoint } from './endpoint.ts';
import type { DescribedApi } from './openapi.ts';
import { callerWith, type PresentedDeps } from './presented.ts';

/**
 * The admin API: all that administrators see and do in their console, for programs. It is one list, of which the router,
 * the description and the command line's remote calls are made; what can be done is in `operations/`. Who asks is an
 * administrator or auditor, by a key or an app of theirs, or an app that an administrator lets ask for itself.
 */
export interface AdminApiDeps extends AdminEndpointsDeps, PresentedDeps {
  apiKeys: PresentedDeps['apiKeys'] & AdminAccountsDeps['apiKeys'];
  config: { issuer: string; branding: { name: string } };
  secondFactor: Pick<SecondFactor, 'strongest'>;
}

/** What the endpoints of each area need; an area is a file beside this one. */
export interface AdminEndpointsDeps
  extends
    OverviewApiDeps,
    AdminClientsDeps,
    AdminAccountsDeps,
    AdminAuditDeps,
    AdminKeysDeps,
    WhyApiDeps,
    AdminWebhooksDeps,
    AdminSettingsDeps {}

export function adminEndpoints(deps: AdminEndpointsDeps): DescribedEndpoint[] {
  return [
    ...selfEndpoints(),
    ...overviewEndpoints(deps),
    ...clientEndpoints(deps),
    ...adminAccountEndpoints(deps),
    ...auditEndpoints(deps),
    ...keyEndpoints(deps),
    ...settingsEndpoints(deps),
    ...whyEndpoints(deps),
    ...webhookEndpoints(deps),
  ];
}

export function adminApi(deps: AdminApiDeps): DescribedApi {
  const { issuer, branding } = deps.config;
  const audience = adminApiOf(issuer);

  return {
    path: adminApiPath,
    realm: 'admin',
    endpoints: adminEndpoints(deps),
    words: adminApiWords({ issuer, brand: branding.name }),
    about:
      'The installation, for administrators and auditors with a second factor, and for apps that may ask for themselves.',

    async authorize(presented, from) {
      const caller = await callerWith(presented, { ...deps, audience, from });
      if (!caller || 'mistyped' in caller || !caller.account) return caller;

      return withRole(caller, caller.account);
    },
  };

  /** As the account is by now: a role that was taken away, and a factor that was removed, open nothing any more. */
  async function withRole(caller: Caller, account: Account): Promise<Caller | Unfit> {
    if (!hasRole(account, 'auditor')) {
      return { unfit: 'Whose key or token this is has neither the role admin nor the role auditor.' };
    }

    if ((await deps.secondFactor.strongest(account)).strength < 3) {
      return {
        unfit: 'Whose key or token this is has no second factor that is stronger than e-mail: set one up first.',
      };
    }

    const role = hasRole(account, 'admin') ? 'admin' : 'auditor';

    return { ...caller, role, scopes: caller.scopes.filter((scope) => role === 'admin' || isReading(scope)) };
  }
}
