import { z } from 'zod';

import { timeInWords } from '../domain/consent-words.ts';
import { Conflict } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { ClientAdministration } from '../operations/client-administration.ts';
import { action, backTo, page, show, to, view, type Outcome, type Route } from '../web/route.ts';
import { clientDoingView, notDone } from './client-changes.ts';
import { clientPath, clientsPath, secretPath } from './client-places.ts';
import { kindOf, nameOf } from './client-words.ts';
import { gone } from './client.ts';
import { shownMade, type NewClientDeps } from './new-client.ts';
import { doing } from './page.ts';

export interface ClientSecretsDeps {
  clientAdministration: Pick<ClientAdministration, 'find' | 'rotateSecret' | 'removeSecret'>;
  config: NewClientDeps['config'];
}

export interface NewSecretView {
  name: string;
  path: string;
  back: string;
  /** Names this form: sent twice it makes one secret. */
  once: string;
  /** Seconds, in words. */
  overlaps: { value: string; label: string }[];
}

export const newSecretView = view<NewSecretView>('admin/new-secret', 'shell', 'clients.rotateTitle');

const day = 86_400;
/** The first is chosen: long enough for an app that nobody is at hand for, and the page says when it can go sooner. */
const overlaps = [30 * day, 7 * day, day, 90 * day];

const form = z.object({
  once: z.string().min(1).max(100),
  overlap: z.enum(['0', ...overlaps.map(String)]),
});

/** A secret in the place of the old one, which goes on until the app has the new one everywhere; and the old one's end. */
export function clientSecretRoutes({ clientAdministration: clients, config }: ClientSecretsDeps): Route[] {
  return [
    page(
      `${clientsPath}/:id/secret`,
      newSecretView,
      async ({ params: { id }, say, visitor: { locale } }): Promise<Outcome> => {
        const found = await clients.find(id);
        if (!found) return gone;
        if (found.isOurs) return backTo(clientPath(id), 'problem.clientOurs');
        if (found.secrets.length === 0) return backTo(clientPath(id), 'problem.clientNoSecret');

        const name = nameOf(found.client);
        return show(
          newSecretView,
          {
            name,
            path: clientPath(id, 'secret'),
            once: newId(),
            back: clientPath(id),
            overlaps: [
              ...overlaps.map((seconds) => ({ value: String(seconds), label: timeInWords(seconds, locale) })),
              { value: '0', label: say('clients.overlapNone') },
            ],
          },
          { titleValues: { client: name } },
        );
      },
      doing,
    ),

    action(
      `${clientsPath}/:id/secret`,
      form,
      async ({ account, params: { id }, visitor }, { overlap, once }) => {
        const by = { actor: account.id, from: visitor };

        try {
          const rotated = await clients.rotateSecret(id, Number(overlap), by, { once });
          if (rotated === undefined) return gone;
          if (!rotated.ok) return notDone(id, rotated);

          const { issuer } = config;
          return shownMade(rotated.value, { kind: kindOf(rotated.value.client), issuer, lead: 'clients.secretLead' });
        } catch (error) {
          if (error instanceof Conflict) return backTo(clientPath(id), 'clients.secretMadeAlready');
          throw error;
        }
      },
      doing,
    ),

    page(
      `${clientsPath}/:id/secrets/:secretId`,
      clientDoingView,
      async ({ params: { id, secretId }, say }): Promise<Outcome> => {
        const found = await clients.find(id);
        const secret = found?.secrets.find((one) => one.id === secretId);
        if (!found) return gone;
        if (!secret) return backTo(clientPath(id), 'clients.secretGone');

        const name = nameOf(found.client);
        return show(
          clientDoingView,
          {
            name,
            what: 'clients.secretRemove',
            lead: secret.isSafeToRemove ? 'clients.secretRemoveSafe' : 'clients.secretRemoveLead',
            submit: 'clients.secretRemove',
            isDangerous: true,
            path: secretPath(id, secretId),
            back: clientPath(id),
          },
          { titleValues: { what: say('clients.secretRemove'), client: name } },
        );
      },
      doing,
    ),

    action(
      `${clientsPath}/:id/secrets/:secretId`,
      z.object({}),
      async ({ account, params: { id, secretId }, visitor }) => {
        const removed = await clients.removeSecret(id, secretId, { actor: account.id, from: visitor });
        if (removed === undefined) return backTo(clientPath(id), 'clients.secretGone');
        if (!removed.ok) return notDone(id, removed);

        return to(clientPath(id), 'clients.secretRemoved');
      },
      doing,
    ),
  ];
}
