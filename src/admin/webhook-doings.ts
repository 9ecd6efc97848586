import { z } from 'zod';

import { timeInWords } from '../domain/consent-words.ts';
import { Conflict } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { By, Result } from '../operations/problems.ts';
import type { Webhooks } from '../operations/webhooks.ts';
import { action, backTo, page, show, to, view, type MessageKey, type Outcome, type Route } from '../web/route.ts';
import { clientDoingView } from './client-changes.ts';
import { doing } from './page.ts';
import { gone, shownMade } from './webhook-form.ts';
import { deliveryPath, webhookPath, webhooksPath } from './webhook-places.ts';
import { nameOf } from './webhook-rows.ts';

export interface WebhookDoingsDeps {
  webhooks: Pick<Webhooks, 'find' | 'setEnabled' | 'delete' | 'test' | 'redeliver' | 'rotateSecret'>;
}

export interface WebhookSecretView {
  name: string;
  path: string;
  back: string;
  /** Names this form: sent twice it makes one secret. */
  once: string;
  /** Seconds, in words. */
  overlaps: { value: string; label: string }[];
}

export const webhookSecretView = view<WebhookSecretView>('admin/webhook-secret', 'shell', 'webhooks.rotateTitle');

const day = 86_400;
/** The first is chosen. */
const overlaps = [7 * day, day, 30 * day];

const secretForm = z.object({
  once: z.string().min(1).max(100),
  overlap: z.enum(['0', ...overlaps.map(String)]),
});

const words = {
  disable: { what: 'webhooks.disable', lead: 'webhooks.disableLead', isDangerous: true, done: 'webhooks.disabledDone' },
  enable: { what: 'webhooks.enable', lead: 'webhooks.enableLead', isDangerous: false, done: 'webhooks.enabledDone' },
  delete: { what: 'webhooks.delete', lead: 'webhooks.deleteLead', isDangerous: true, done: 'webhooks.deletedDone' },
  test: { what: 'webhooks.test', lead: 'webhooks.testLead', isDangerous: false, done: 'webhooks.testedDone' },
} as const;

export const redeliverWords = {
  what: 'webhooks.redeliver',
  lead: 'webhooks.redeliverLead',
  isDangerous: false,
} as const;

/** Everything that is done to a webhook, each on a page that says what will happen. */
export function webhookDoingRoutes({ webhooks }: WebhookDoingsDeps): Route[] {
  const run: Record<keyof typeof words, (id: string, by: By) => Promise<unknown>> = {
    disable: (id, by) => webhooks.setEnabled(id, false, by),
    enable: (id, by) => webhooks.setEnabled(id, true, by),
    delete: (id, by) => webhooks.delete(id, by),
    test: (id, by) => webhooks.test(id, by),
  };

  return [
    ...(['disable', 'enable', 'delete', 'test'] as const).flatMap((verb) => {
      const { done, ...about } = words[verb];

      return [
        page(
          `${webhooksPath}/:id/${verb}`,
          clientDoingView,
          async ({ params, say }): Promise<Outcome> => {
            const { id } = params as { id: string };
            const found = await webhooks.find(id);
            if (!found) return gone;

            const name = nameOf(found.webhook);
            return show(
              clientDoingView,
              { name, ...about, submit: about.what, path: webhookPath(id, verb), back: webhookPath(id) },
              { titleValues: { what: say(about.what), client: name } },
            );
          },
          doing,
        ),

        action(
          `${webhooksPath}/:id/${verb}`,
          z.object({}),
          async ({ account, params, visitor }) => {
            const { id } = params as { id: string };
            const result = (await run[verb](id, { actor: account.id, from: visitor })) as Done;
            if (!result) return gone;
            if (isRefused(result)) return notDone(id, result);

            return to(verb === 'delete' ? webhooksPath : webhookPath(id), done);
          },
          doing,
        ),
      ];
    }),

    page(
      `${webhooksPath}/:id/deliveries/:eventId`,
      clientDoingView,
      async ({ params: { id, eventId }, say }): Promise<Outcome> => {
        const found = await webhooks.find(id);
        if (!found) return gone;

        const name = nameOf(found.webhook);
        return show(
          clientDoingView,
          {
            name,
            ...redeliverWords,
            submit: redeliverWords.what,
            path: deliveryPath(id, eventId),
            back: webhookPath(id),
          },
          { titleValues: { what: say(redeliverWords.what), client: name } },
        );
      },
      doing,
    ),

    action(
      `${webhooksPath}/:id/deliveries/:eventId`,
      z.object({}),
      async ({ account, params: { id, eventId }, visitor }) => {
        const result = await webhooks.redeliver(id, eventId, { actor: account.id, from: visitor });
        if (result === undefined) return backTo(webhookPath(id), 'webhooks.deliveryGone');
        if (!result.ok) return notDone(id, result);

        return to(webhookPath(id), 'webhooks.redeliveredDone');
      },
      doing,
    ),

    page(
      `${webhooksPath}/:id/secret`,
      webhookSecretView,
      async ({ params: { id }, say, visitor: { locale } }): Promise<Outcome> => {
        const found = await webhooks.find(id);
        if (!found) return gone;

        const name = nameOf(found.webhook);
        return show(
          webhookSecretView,
          {
            name,
            path: webhookPath(id, 'secret'),
            back: webhookPath(id),
            once: newId(),
            overlaps: [
              ...overlaps.map((seconds) => ({ value: String(seconds), label: timeInWords(seconds, locale) })),
              { value: '0', label: say('clients.overlapNone') },
            ],
          },
          { titleValues: { webhook: name } },
        );
      },
      doing,
    ),

    action(
      `${webhooksPath}/:id/secret`,
      secretForm,
      async ({ account, params: { id }, visitor }, { overlap, once }) => {
        try {
          const by = { actor: account.id, from: visitor };
          const rotated = await webhooks.rotateSecret(id, Number(overlap), by, { once });
          if (rotated === undefined) return gone;
          if (!rotated.ok) return notDone(id, rotated);

          return shownMade(rotated.value, 'webhooks.secretLead');
        } catch (error) {
          if (error instanceof Conflict) return backTo(webhookPath(id), 'webhooks.secretMadeAlready');
          throw error;
        }
      },
      doing,
    ),
  ];
}

type Done = Result<unknown> | object | boolean | undefined;

function isRefused(done: NonNullable<Done>): done is Result<unknown> & { ok: false } {
  return typeof done === 'object' && 'ok' in done && !done.ok;
}

/** Why nothing was done, on top of the webhook's own page. */
function notDone(id: string, { problems }: Result<unknown> & { ok: false }): Outcome {
  const why: MessageKey = problems[0]?.key ?? 'notice.notDone';

  return backTo(webhookPath(id), why);
}
