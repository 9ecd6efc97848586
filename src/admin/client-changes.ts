import { z } from 'zod';

import type { ClientAdministration } from '../operations/client-administration.ts';
import type { Result } from '../operations/problems.ts';
import { action, backTo, page, show, to, view, type MessageKey, type Outcome, type Route } from '../web/route.ts';
import { besideFields, clientForm, fieldsOf, metadataFrom } from './client-form.ts';
import { clientPath, clientsPath } from './client-places.ts';
import { kindOf, kindReasons, kindWords, nameOf } from './client-words.ts';
import { gone } from './client.ts';
import { apisFor, clientFormView, nameLength, shownMade, type NewClientDeps } from './new-client.ts';
import { doing } from './page.ts';

export interface ClientChangesDeps {
  clientAdministration: Pick<ClientAdministration, 'find' | 'update' | 'disable' | 'enable' | 'delete'>;
  config: NewClientDeps['config'];
}

/** What will happen to an app, before it does. */
export interface ClientDoingView {
  name: string;
  what: MessageKey;
  lead: MessageKey;
  submit: MessageKey;
  isDangerous: boolean;
  path: string;
  back: string;
}

export const clientDoingView = view<ClientDoingView>('admin/client-doing', 'shell', 'clients.doing');

const switches = {
  disable: { what: 'clients.disable', lead: 'clients.disableLead', isDangerous: true, done: 'clients.disabledDone' },
  enable: { what: 'clients.enable', lead: 'clients.enableLead', isDangerous: false, done: 'clients.enabledDone' },
  delete: { what: 'clients.delete', lead: 'clients.deleteLead', isDangerous: true, done: 'clients.deletedDone' },
} as const;

/** Why nothing was done, on top of the app's own page. */
export function notDone(id: string, result: Result<unknown> & { ok: false }): Outcome {
  return backTo(clientPath(id), result.problems[0]?.key ?? 'notice.notDone');
}

/** What it is registered with, whether it works, and its end. */
export function clientChangeRoutes({ clientAdministration: clients, config }: ClientChangesDeps): Route[] {
  return [
    page(
      `${clientsPath}/:id/edit`,
      clientFormView,
      async ({ params: { id }, say, visitor: { locale } }): Promise<Outcome> => {
        const found = await clients.find(id);
        if (!found) return gone;
        if (found.isOurs) return backTo(clientPath(id), 'problem.clientOurs');

        const { client } = found;
        const kind = kindOf(client);

        return show(
          clientFormView,
          {
            path: clientPath(id, 'edit'),
            back: clientPath(id),
            title: kindWords[kind],
            why: kindReasons[kind],
            fields: fieldsOf(kind, { apis: apisFor(kind, config), say, locale }, client.metadata),
            nameLength,
            version: client.version,
            submit: 'clients.save',
          },
          { titleValues: { client: nameOf(client) } },
        );
      },
      doing,
    ),

    action(
      `${clientsPath}/:id/edit`,
      clientForm,
      async ({ account, params: { id }, say, visitor }, input, wrong) => {
        const found = await clients.find(id);
        if (!found) return gone;

        const { metadata: stored } = found.client;
        const kind = kindOf(found.client);
        const metadata = metadataFrom(input, { kind, apis: apisFor(kind, config), stored });
        const by = { actor: account.id, from: visitor };
        const changed = await clients.update(id, metadata, by, { version: Number(input.version) });

        if (changed === undefined) return gone;
        // What was typed stays; the form has the new version, so that saving it again is a choice.
        if (changed === 'changed') return wrong({ form: 'clients.changedMeanwhile' }, 409);
        if (!changed.ok) return wrong(besideFields(changed.problems, say));
        if (changed.value.secret !== undefined) {
          return shownMade(changed.value, { kind, issuer: config.issuer, lead: 'clients.secretLead' });
        }

        return to(clientPath(id), 'clients.saved');
      },
      doing,
    ),

    ...(['disable', 'enable', 'delete'] as const).flatMap((verb) => {
      const { done, ...words } = switches[verb];

      return [
        page(
          `${clientsPath}/:id/${verb}`,
          clientDoingView,
          async ({ params, say }): Promise<Outcome> => {
            const { id } = params as { id: string };
            const found = await clients.find(id);
            if (!found) return gone;
            if (found.isOurs) return backTo(clientPath(id), 'problem.clientOurs');

            const name = nameOf(found.client);
            return show(
              clientDoingView,
              { name, ...words, submit: words.what, path: clientPath(id, verb), back: clientPath(id) },
              { titleValues: { what: say(words.what), client: name } },
            );
          },
          doing,
        ),

        action(
          `${clientsPath}/:id/${verb}`,
          z.object({}),
          async ({ account, params, visitor }) => {
            const { id } = params as { id: string };
            const result = await clients[verb](id, { actor: account.id, from: visitor });
            if (result === undefined) return gone;
            if (!result.ok) return notDone(id, result);

            return to(verb === 'delete' ? clientsPath : clientPath(id), done);
          },
          doing,
        ),
      ];
    }),
  ];
}
