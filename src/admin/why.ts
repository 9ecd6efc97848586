import { z } from 'zod';

import { NotFound } from '../domain/errors.ts';
import type { AccountSearch } from '../operations/account-search.ts';
import type { ClientAdministration } from '../operations/client-administration.ts';
import { byField } from '../operations/problems.ts';
import { requestFields, signedInBefore, type RequestField } from '../operations/why-request.ts';
import type { Why } from '../operations/why.ts';
import { action, page, show, view, type Ask, type MessageKey, type Outcome, type Route } from '../web/route.ts';
import { personOf, type Person } from './account-words.ts';
import { seeing, type AdminPage } from './page.ts';
import { whyPath as path } from './why-places.ts';
import { shownWhy, type ShownWhy } from './why-words.ts';

export interface WhyDeps {
  why: Why;
  accountSearch: Pick<AccountSearch, 'exact' | 'search'>;
  clientAdministration: Pick<ClientAdministration, 'list'>;
}

export interface WhyView {
  /** As it was typed. */
  asked: { readonly [Name in Field]?: string | undefined };
  /** Of whom one is meant, where it is not clear who. */
  people: Person[];
  apps: { id: string; name: string }[];
  signedIn: { value: string; label: MessageKey }[];
  found?: ShownWhy;
}

export const whyView = view<WhyView>('admin/why', 'shell', 'why.title');

type Field = RequestField | 'person' | 'app' | 'request' | 'signed_in' | 'signed_in_ago';

const question = z.object({
  person: z.string().trim().max(320),
  app: z.string().trim().max(200),
  request: z.string().trim(),
  ...requestFields,
  signed_in: z.enum(signedInBefore).optional(),
  signed_in_ago: z.string().trim(),
  /** Which of several was meant. */
  account: z.string().max(200).optional(),
  client: z.string().max(200).optional(),
});

/** Of the people and the apps that may be meant. */
const most = 8;

/** What would happen if somebody came with the request of an app, and what would refuse it. */
export const why: AdminPage<WhyDeps> = {
  place: { path, label: 'why.title', icon: 'info' },

  routes: (deps): Route[] => [
    page(path, whyView, (ask) => linked(deps, ask), seeing),

    // A form that is answered at once: what is pasted may say more of somebody than an address should.
    action(
      path,
      question,
      async (ask, input, wrong): Promise<Outcome> => {
        const { person, app, account: thisPerson, client: thisApp, ...given } = input;
        const [people, apps] = await Promise.all([
          peopleFor(deps, thisPerson ?? person),
          app === '' && thisApp === undefined ? [] : appsFor(deps, thisApp ?? app),
        ]);
        if (people.length === 0) return wrong({ person: person === '' ? 'problem.required' : 'why.noPerson' });
        if (apps.length === 0 && app !== '') return wrong({ app: 'why.noApp' });
        if (apps.length === 0 && given.request === '') return wrong({ app: 'problem.required' });

        const asked = { ...given, person: people.length === 1 ? (people[0]?.email ?? '') : person, app };
        const [only] = people;
        if (people.length > 1 || apps.length > 1 || !only) {
          return show(whyView, {
            asked,
            people: people.length > 1 ? people : [],
            apps: apps.length > 1 ? apps : [],
            signedIn,
          });
        }

        const { signed_in_ago: ago, ...rest } = given;
        const found = await deps.why.explain({
          ...rest,
          ...(ago !== '' && { signed_in_ago: ago }),
          account: only.id,
          ...(apps[0] && { client: apps[0].id }),
        });
        if (!found) return wrong({ person: 'why.noPerson' });
        if (!found.ok) return wrong(byField(found.problems.map((one) => ({ ...one, path: fieldOf(one.path) }))));

        const { say, visitor } = ask;

        return show(whyView, {
          asked: { ...asked, app: apps[0]?.id ?? app },
          people: [],
          apps: [],
          signedIn,
          found: shownWhy(found.value, { say, locale: visitor.locale }),
        });
      },
      seeing,
    ),
  ],
};

const signedIn = signedInBefore.map((value) => ({ value, label: `why.signedIn.${value}` as const }));

/** From the page of an account or an app, with whom or what it is about. */
async function linked({ why: rules, accountSearch }: WhyDeps, { query, say, visitor }: Ask): Promise<WhyView> {
  const { account: id, client } = query;
  const account = id === undefined ? undefined : await accountSearch.exact(id);
  if (id !== undefined && !account) throw new NotFound('no such account');

  const asked = { person: account?.email ?? '', app: client ?? '' };
  const found = account && client !== undefined ? await rules.explain({ account: account.id, client }) : undefined;

  return {
    asked,
    people: [],
    apps: [],
    signedIn,
    ...(found?.ok === true && { found: shownWhy(found.value, { say, locale: visitor.locale }) }),
  };
}

/** The one whose address or id it is; else those whose address or name begins so. */
async function peopleFor({ accountSearch }: WhyDeps, text: string): Promise<Person[]> {
  if (text === '') return [];

  const { exact, parts } = await accountSearch.search(text, most);
  if (exact) return [personOf(exact)];

  const all = new Map(parts.flatMap(({ rows }) => rows).map((row) => [row.id, personOf(row)] as const));

  return [...all.values()].slice(0, most);
}

async function appsFor({ clientAdministration }: WhyDeps, text: string): Promise<{ id: string; name: string }[]> {
  const { rows } = await clientAdministration.list({ search: text });
  const all = rows.map(({ client: { id, metadata } }) => ({ id, name: metadata.client_name }));
  const exact = all.filter(({ id }) => id === text);

  return exact.length > 0 ? exact : all.slice(0, most);
}

function fieldOf(field: string): string {
  return field === 'client' ? 'app' : field === 'account' ? 'person' : field;
}
