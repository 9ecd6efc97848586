import type { NavigationItem, Route } from '../web/route.ts';

/** One page of the console: where it stands in the navigation, and its routes over the few functions that it needs. */
export interface ConsolePage<Deps> {
  place: NavigationItem;
  routes(deps: Deps): Route[];
}
