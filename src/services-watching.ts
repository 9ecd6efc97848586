import type { Tallies } from './events/tallies.ts';
import { createOverview, type Overview, type OverviewDeps } from './operations/overview.ts';

/** The part of `services.ts` about how the installation is doing: wiring, and nothing else. */
export interface WatchingServices {
  tallies: Tallies;
  overview: Overview;
}

export function openWatching(deps: OverviewDeps & { tallies: Tallies }): WatchingServices {
  return { tallies: deps.tallies, overview: createOverview(deps) };
}
