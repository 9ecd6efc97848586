import type { Locale } from '../domain/account.ts';
import type { ClientFace } from '../domain/client-face.ts';
import { consoleClientId } from '../domain/client.ts';
import { itemTitle } from '../domain/consent-words.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { Application, Applications } from '../operations/applications.ts';
import type { Receipts } from '../operations/receipts.ts';
import { page, view, type MessageKey, type Ask, type SignedIn } from '../web/route.ts';
import { applicationRoutes, websiteOf, type ApplicationRoutesDeps, type Website } from './application.ts';
import { applicationPath, applicationsPath as path, receiptPath } from './application-places.ts';
import type { ConsolePage } from './page.ts';
import { endings } from './receipts.ts';

export interface ApplicationsDeps extends ApplicationRoutesDeps {
  applications: Applications;
  receipts: Pick<Receipts, 'latest'>;
  interactions: Pick<Interactions, 'clientFace'>;
}

/** What the page knows of one application. Times in milliseconds. */
export interface ShownApplication extends Pick<Application, 'inUse' | 'grantedAt' | 'lastUsedAt'> {
  path: string;
  name: string;
  logoUri?: string;
  website?: Website;
  /** Run by the operator. */
  isOurs: boolean;
  /** Whether it is working while the person is away. */
  isOffline: boolean;
  /** In words. */
  permissions: string;
}

export interface ApplicationsView {
  rows: ShownApplication[];
  /** In all, or as many as were found. */
  count: number;
  /** Absent: there are too few to search among. */
  search?: string;
  /** Whether an app of somebody else is among all of them. */
  hasOthers: boolean;
  /** Where the next ones are. */
  next?: string;
  /** What was ended lately; times in milliseconds. */
  ended: { path: string; what: MessageKey; at: number }[];
}

export const applicationsView = view<ApplicationsView>('account/applications', 'shell', 'applications.title');

/** From so many on they are hard to look through. */
const many = 10;

/** Characters of a name that is looked for; no name is longer. */
const longestSearch = 60;

export const applications: ConsolePage<ApplicationsDeps> = {
  place: { path, label: 'applications.title', icon: 'apps' },

  routes: (deps) => [
    page(path, applicationsView, (ask) => shownTo(deps, ask), {
      access: 'signed-in',
      ahead: (accountId) => [deps.applications.ahead(accountId), deps.receipts.latest(accountId)],
    }),

    ...applicationRoutes(deps),
  ],
};

async function shownTo(
  { applications: { list }, receipts, interactions }: ApplicationsDeps,
  ask: Ask & SignedIn,
): Promise<ApplicationsView> {
  const { account, query, visitor } = ask;
  const search = (query['search'] ?? '').trim().slice(0, longestSearch);
  const matches = search === '' ? undefined : nameMatches(interactions, search, ask);

  const [{ rows, count, next }, latest] = await Promise.all([
    list(account, { after: query['after'], matches, asking: consoleClientId }),
    receipts.latest(account.id),
  ]);
  const faces = await Promise.all(rows.map(({ clientId }) => interactions.clientFace(clientId)));
  // One that is not registered any more can do nothing.
  const shown = rows.flatMap((row, at) => (faces[at] ? [inWords(row, faces[at], ask)] : []));

  return {
    rows: shown,
    count,
    ...((count > many || search !== '') && { search }),
    hasOthers: search !== '' || query['after'] !== undefined || next !== undefined || shown.some((one) => !one.isOurs),
    ...(next !== undefined && { next: nextPath(next, search) }),
    ended: latest.map(({ id, at, reason }) => ({ path: receiptPath(id), what: endings[reason], at })),
  };

  function nextPath(after: string, searched: string): string {
    const parameters = new URLSearchParams({ ...(searched !== '' && { search: searched }), after });

    return `${path}?${parameters.toString()}`;
  }

  function inWords(row: Application, face: ClientFace, { say }: Ask): ShownApplication {
    const { inUse, worksAway, grantedAt, lastUsedAt } = row;

    return {
      path: applicationPath(row.clientId),
      ...nameOf(face, ask),
      ...(face.logoUri !== undefined && { logoUri: face.logoUri }),
      ...websiteOf(face),
      isOurs: face.firstParty,
      isOffline: worksAway,
      permissions: face.id === consoleClientId ? say('applications.everything') : permissionsOf(row, visitor.locale),
      inUse,
      ...(grantedAt !== undefined && { grantedAt }),
      ...(lastUsedAt !== undefined && { lastUsedAt }),
    };
  }
}

/** Who somebody is goes with everything else, and that it works while they are away is said apart. */
function permissionsOf({ items }: Application, locale: Locale): string {
  const further = items.filter(({ required, scope }) => !required && scope !== 'offline_access');
  const shown = further.length > 0 ? further : items.filter(({ required }) => required);

  return shown.map((item) => itemTitle(item, locale)).join(' · ');
}

export function nameOf(face: ClientFace, { say }: Pick<Ask, 'say'>): { name: string } {
  return { name: face.id === consoleClientId ? say('applications.console') : face.name };
}

function nameMatches(
  { clientFace }: Pick<Interactions, 'clientFace'>,
  search: string,
  ask: Ask,
): (clientId: string) => Promise<boolean> {
  const plain = (text: string) => text.normalize('NFKC').toLocaleLowerCase(ask.visitor.locale);
  const wanted = plain(search);

  return async (clientId) => {
    const face = await clientFace(clientId);

    return face !== undefined && plain(nameOf(face, ask).name).includes(wanted);
  };
}
