import type { NavigationItem, Route } from '../web/route.ts';

/** One page of the admin console: where it stands in the navigation, and its routes over the few functions that it needs. */
export interface AdminPage<Deps> {
  place: NavigationItem;
  routes(deps: Deps): Route[];
}

/** Who sees a page: administrators and auditors. */
export const seeing = { access: 'signed-in', role: 'auditor' } as const;

/** Who does something: an administrator, after a recent sign-in. */
export const doing = { access: 'recent', role: 'admin' } as const;
