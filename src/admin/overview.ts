import { page, view, type Route } from '../web/route.ts';
import { seeing, type AdminPage } from './page.ts';

export interface OverviewDeps {
  config: { issuer: string };
}

export interface OverviewView {
  issuer: string;
}

export const overviewView = view<OverviewView>('admin/overview', 'shell', 'admin.overview.title');

/** How the installation is doing. */
export const overview: AdminPage<OverviewDeps> = {
  place: { path: '/admin', label: 'admin.overview.title', icon: 'activity' },

  routes: ({ config: { issuer } }): Route[] => [page('/admin', overviewView, () => ({ issuer }), seeing)],
};
