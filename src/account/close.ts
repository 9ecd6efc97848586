import { z } from 'zod';

import type { Ended } from '../domain/receipt.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { Closed, Closing } from '../operations/closing.ts';
import type { DataExport } from '../operations/data-export.ts';
import { action, page, show, view, type Route } from '../web/route.ts';
import type { ConsolePage } from './page.ts';

export interface CloseDeps {
  interactions: Pick<Interactions, 'signOut'>;
  closing: Pick<Closing, 'grace' | 'ahead' | 'close'>;
  dataExport: DataExport;
}

export interface CloseView {
  /** Days for which it can be kept after all, or hours where they make no whole days; absent: it goes at once. */
  grace?: { count: number; unit: 'days' | 'hours' };
  /** Somebody else has to be able to administer first. */
  isLastAdministrator: boolean;
  /** Apps by name: so many at most, and how many more there are. */
  told: Names;
  lose: Names;
}

interface Names {
  names: string[];
  more: number;
}

export const closeView = view<CloseView>('account/close', 'shell', 'closing.title');

export interface ClosedView {
  email: string;
  /** Milliseconds: until then it can be kept. */
  until?: number;
  mailedTo?: string;
  browsers: number;
  lost: Names;
  told: Names;
  /** API keys that were deleted with it, by name. */
  keys: Names;
  /** An app's access token that nobody can call back lives until then (milliseconds). */
  tokens: { name: string; until: number }[];
}

export const closedView = view<ClosedView>('account/closed', 'door', 'closing.doneTitle');

const path = '/account/close';
const mostNames = 20;

const agreement = z.object({ agree: z.string('closing.agreeMissing') });

/** Leaving: a copy of what is kept, then the end of it. Both ask for a fresh proof of the strongest factor (S96). */
export const close: ConsolePage<CloseDeps> = {
  place: { path, label: 'closing.title', icon: 'trash' },

  routes: ({ interactions, closing, dataExport }): Route[] => [
    page(
      path,
      closeView,
      async ({ account }): Promise<CloseView> => {
        const { isLastAdministrator, told, lose } = await closing.ahead(account);

        return { isLastAdministrator, told: shortened(told), lose: shortened(lose), ...graceOf(closing) };
      },
      { access: 'recent' },
    ),

    action(
      path,
      agreement,
      async ({ account, visitor, exchange }, _input, wrong) => {
        const closed = await closing.close(account, { actor: account.id, from: visitor });
        if (closed === 'last-administrator') return wrong({ form: 'closing.lastAdministrator' });

        await interactions.signOut(exchange);

        return show(closedView, { email: account.email, ...doneWith(closed) });
      },
      { access: 'recent', signedOut: 'closing.elsewhereClosed' },
    ),

    action(
      `${path}/data`,
      z.object({}),
      async ({ account, visitor }) => ({
        kind: 'download',
        name: 'account.json',
        type: 'json',
        text: await dataExport.begin(account, { actor: account.id, from: visitor }),
      }),
      { access: 'recent' },
    ),
  ],
};

function graceOf({ grace }: Pick<Closing, 'grace'>): Pick<CloseView, 'grace'> {
  if (grace === 0) return {};
  const hours = Math.round(grace / 3600);

  return { grace: hours % 24 === 0 ? { count: hours / 24, unit: 'days' } : { count: hours, unit: 'hours' } };
}

function doneWith({ ended, lost, until, mailedTo }: Closed): Omit<ClosedView, 'email'> {
  return {
    browsers: ended.sessions.length,
    lost: shortened(lost),
    told: shortened(namesOfTold(ended)),
    keys: shortened((ended.keys ?? []).map(({ name }) => name)),
    tokens: ended.applications.flatMap(({ name, accessTokensUntil: end }) =>
      end === undefined ? [] : [{ name, until: end }],
    ),
    ...(until !== undefined && { until }),
    ...(mailedTo !== undefined && { mailedTo }),
  };
}

function namesOfTold({ applications, notices }: Ended): string[] {
  const told = new Set(notices.map(({ clientId }) => clientId));

  return applications.flatMap(({ clientId, name }) => (told.has(clientId) ? [name] : []));
}

function shortened(names: readonly string[]): Names {
  const all = [...new Set(names)].toSorted((a, b) => a.localeCompare(b));

  return { names: all.slice(0, mostNames), more: Math.max(0, all.length - mostNames) };
}
