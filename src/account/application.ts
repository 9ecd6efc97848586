import { z } from 'zod';

import { consoleClientId } from '../domain/client.ts';
import type { ClientFace } from '../domain/client-face.ts';
import type { ConsentItem } from '../domain/consent-items.ts';
import { itemInWords, timeInWords, type ItemInWords } from '../domain/consent-words.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { ApplicationDetails, Applications } from '../operations/applications.ts';
import {
  action,
  backTo,
  page,
  show,
  to,
  view,
  type Ask,
  type Outcome,
  type Route,
  type SignedIn,
} from '../web/route.ts';
import { applicationPath, applicationsPath, receiptPath } from './application-places.ts';

export interface ApplicationRoutesDeps {
  applications: Pick<Applications, 'ahead' | 'find' | 'narrow' | 'remove'>;
  interactions: Pick<Interactions, 'clientFace'>;
  /** Seconds that access lasts at most, while the person stays signed in and while they are away. */
  accessLasts: { signedIn: number; away: number };
}

/** The app's own, as it was registered. */
export interface Website {
  url: string;
  host: string;
}

/** Times in milliseconds. */
export interface ApplicationView extends Pick<ApplicationDetails, 'inUse' | 'grantedAt' | 'lastUsedAt'> {
  client: ClientFace;
  website?: Website;
  path: string;
  /** The account console: nothing is asked for, and everything can be done with it. */
  isConsole: boolean;
  /** Whether the person has said what it may use, and can take that back bit by bit. */
  isNarrowable: boolean;
  items: ItemInWords[];
  /** What was refused or taken back. */
  refused: ItemInWords[];
  isOffline: boolean;
  /** How long access lasts, in words. */
  lasts: { signedIn: string; away: string };
}

export const applicationView = view<ApplicationView>('account/application', 'shell', 'applications.of');

export interface RemovalView {
  client: ClientFace;
  path: string;
  isOffline: boolean;
}

/** What will happen, before it does. */
export const removalView = view<RemovalView>('account/application-removal', 'shell', 'applications.removeTitle');

const path = `${applicationsPath}/:clientId` as const;
const removePath = `${path}/remove` as const;
const signedIn = { access: 'signed-in' } as const;

/** Each box is a field of its own, `allow <id>`, beside a `shown <id>`: what was not on the page is not taken back. */
const boxes = z.looseObject({});
const shownBox = 'shown ';
const box = 'allow ';

type AskedOf = Ask<typeof path> & SignedIn;

/** After Back, or in a tab that was left open: what was removed is told as what never was, and nobody is at a dead end. */
const gone = backTo(applicationsPath, 'applications.gone');

/** One application: what it may use with the values that are shared now, taking some of it back, and all of it. */
export function applicationRoutes({ applications, interactions, accessLasts }: ApplicationRoutesDeps): Route[] {
  const ahead = (accountId: string) => [applications.ahead(accountId)];

  /** Undefined: it may do nothing here, or not any more; somebody else's application is none. */
  async function found({ account, params: { clientId }, say }: AskedOf) {
    const [face, application] = await Promise.all([
      interactions.clientFace(clientId),
      applications.find(account, clientId),
    ]);
    if (!face || !application) return undefined;

    const client = clientId === consoleClientId ? { ...face, name: say('applications.console') } : face;

    return { client, application, path: applicationPath(clientId) };
  }

  async function shownTo(ask: AskedOf): Promise<Outcome> {
    const one = await found(ask);
    if (!one) return gone;

    const { client, application, path: here } = one;
    const { inUse, grantedAt, lastUsedAt, items, refused } = application;
    const { locale } = ask.visitor;
    const inWords = (item: ConsentItem) => itemInWords(item, locale, accessLasts);

    return show(
      applicationView,
      {
        client,
        ...websiteOf(client),
        path: here,
        isConsole: client.id === consoleClientId,
        isNarrowable: !client.firstParty && grantedAt !== undefined,
        items: items.map(inWords),
        refused: refused.map(inWords),
        isOffline: isOffline(application),
        inUse,
        ...(grantedAt !== undefined && { grantedAt }),
        ...(lastUsedAt !== undefined && { lastUsedAt }),
        lasts: {
          signedIn: timeInWords(accessLasts.signedIn, locale),
          away: timeInWords(accessLasts.away, locale),
        },
      },
      { titleValues: { client: client.name } },
    );
  }

  return [
    page(path, applicationView, shownTo, { ...signedIn, ahead }),

    action(
      path,
      boxes,
      async (ask, input) => {
        const { account, params, visitor } = ask;
        const shown = Object.keys(input).filter((name) => name.startsWith(shownBox));
        const taken = shown.map((name) => name.slice(shownBox.length)).filter((id) => !(box + id in input));

        const by = { actor: account.id, from: visitor };
        const narrowed = await applications.narrow(account, { clientId: params.clientId, taken }, by);
        if (!narrowed) return gone;

        const here = applicationPath(params.clientId);
        if (!narrowed.ok) return backTo(here, narrowed.problems[0]?.key ?? 'notice.notDone');

        return to(here, taken.length === 0 ? 'applications.unchanged' : 'applications.narrowed');
      },
      signedIn,
    ),

    page(
      removePath,
      removalView,
      async (ask): Promise<Outcome> => {
        const one = await found(ask);
        if (!one) return gone;

        const { client, application, path: here } = one;
        if (client.firstParty) return backTo(here, 'problem.applicationOurs');

        return show(
          removalView,
          { client, path: here, isOffline: application.worksAway },
          { titleValues: { client: client.name } },
        );
      },
      { ...signedIn, ahead },
    ),

    action(
      removePath,
      z.object({}),
      async ({ account, params: { clientId }, visitor }) => {
        const removed = await applications.remove(account, clientId, { actor: account.id, from: visitor });
        if (!removed) return gone;
        if (!removed.ok) return backTo(applicationPath(clientId), removed.problems[0]?.key ?? 'notice.notDone');

        return to(receiptPath(removed.value.receipt));
      },
      signedIn,
    ),
  ];
}

export function websiteOf({ clientUri }: ClientFace): { website?: Website } {
  return clientUri === undefined ? {} : { website: { url: clientUri, host: new URL(clientUri).host } };
}

function isOffline({ items }: ApplicationDetails): boolean {
  return items.some(({ scope }) => scope === 'offline_access');
}
