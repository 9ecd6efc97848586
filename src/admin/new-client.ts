import type { ResourceWords } from '../domain/consent-items.ts';
import { adminApiOf } from '../domain/admin-api.ts';
import { Conflict, NotFound } from '../domain/errors.ts';
import { newId, sha256 } from '../domain/ids.ts';
import type { ClientAdministration } from '../operations/client-administration.ts';
import { clientKinds, type ClientKind, type Registered } from '../operations/clients.ts';
import { action, backTo, page, show, view, type MessageKey, type Route } from '../web/route.ts';
import { besideFields, clientForm, fieldsOf, metadataFrom, type ClientFields } from './client-form.ts';
import { clientPath, clientsPath, newClientPath as path } from './client-places.ts';
import { pasteFor, type Paste } from './client-paste.ts';
import { kindReasons, kindWords, nameOf } from './client-words.ts';
import { doing } from './page.ts';

export interface NewClientDeps {
  clientAdministration: Pick<ClientAdministration, 'create'>;
  config: { issuer: string; resources: readonly ResourceWords[]; apis: readonly ResourceWords[] };
}

export interface ClientKindsView {
  kinds: { path: string; name: MessageKey; why: MessageKey }[];
}

export const clientKindsView = view<ClientKindsView>('admin/client-kinds', 'shell', 'clients.new');

export interface ClientFormView {
  /** Where it is sent, and where "Cancel" leads. */
  path: string;
  back: string;
  title: MessageKey;
  why: MessageKey;
  fields: ClientFields;
  nameLength: number;
  /** Of a new one: names this form, so that sent twice it makes one app. */
  once?: string;
  /** Of a registered one: what is changed. */
  version?: number;
  submit: MessageKey;
}

export const clientFormView = view<ClientFormView>('admin/client-form', 'shell', 'clients.formTitle');

export interface MadeClientView extends Paste {
  path: string;
  /** What has happened. */
  lead: MessageKey;
}

/** What to paste into the app; the secret in it is shown this once (S44). */
export const madeClientView = view<MadeClientView>('admin/made-client', 'shell', 'clients.madeTitle');

export const nameLength = 60;

/** First what kind of app it is, then what that kind needs, then what to paste into it. */
export function newClientRoutes({ clientAdministration: clients, config }: NewClientDeps): Route[] {
  return [
    page(
      path,
      clientKindsView,
      () => ({
        kinds: clientKinds.map((kind) => ({ path: `${path}/${kind}`, name: kindWords[kind], why: kindReasons[kind] })),
      }),
      doing,
    ),

    page(
      `${path}/:kind`,
      clientFormView,
      ({ params, say, visitor: { locale } }) => {
        const kind = kindIn(params.kind);
        const fields = fieldsOf(kind, { apis: apisFor(kind, config), say, locale });

        return show(
          clientFormView,
          {
            path: `${path}/${kind}`,
            back: clientsPath,
            title: kindWords[kind],
            why: kindReasons[kind],
            fields,
            nameLength,
            once: newId(),
            submit: 'clients.register',
          },
          { titleValues: { client: say(kindWords[kind]) } },
        );
      },
      doing,
    ),

    action(
      `${path}/:kind`,
      clientForm,
      async ({ account, params, say, visitor }, input, wrong) => {
        const kind = kindIn(params.kind);
        const once = typeof input['once'] === 'string' ? input['once'] : newId();
        const id = sha256(`${account.id} ${once}`).slice(0, 22);
        const metadata = metadataFrom(input, { kind, apis: apisFor(kind, config) });

        try {
          const by = { actor: account.id, from: visitor };
          const made = await clients.create(metadata, by, { kind, id });
          if (!made.ok) return wrong(besideFields(made.problems, say));

          return shownMade(made.value, { kind, issuer: config.issuer, lead: 'clients.madeLead' });
        } catch (error) {
          if (error instanceof Conflict) return backTo(clientPath(id), 'clients.madeAlready');
          throw error;
        }
      },
      doing,
    ),
  ];
}

export function shownMade(
  { client, secret }: Registered,
  { kind, issuer, lead }: { kind: ClientKind; issuer: string; lead: MessageKey },
) {
  return show(
    madeClientView,
    { ...pasteFor(client, { kind, issuer, secret }), path: clientPath(client.id), lead },
    { titleValues: { client: nameOf(client) } },
  );
}

/** Those of others; a machine may also run this installation, where it is let. */
export function apisFor(kind: ClientKind, { issuer, resources, apis }: NewClientDeps['config']): ResourceWords[] {
  const own = apis.filter(({ identifier }) => identifier === adminApiOf(issuer));

  return kind === 'machine' ? [...resources, ...own] : [...resources];
}

function kindIn(text: string): ClientKind {
  const kind = clientKinds.find((one) => one === text);
  if (kind === undefined) throw new NotFound('no kind of app');

  return kind;
}
