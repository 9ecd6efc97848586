import { z } from 'zod';

import { Conflict } from '../domain/errors.ts';
import { newId, sha256 } from '../domain/ids.ts';
import { everyKind, type Webhook } from '../domain/webhook.ts';
import { eventKinds } from '../events/catalogue.ts';
import { activityGroups, groupOfKind } from '../events/groups.ts';
import { byField } from '../operations/problems.ts';
import { longestDescription } from '../operations/webhook-input.ts';
import type { Webhooks } from '../operations/webhooks.ts';
import {
  action,
  backTo,
  page,
  show,
  to,
  view,
  type MessageKey,
  type Outcome,
  type Route,
  type Say,
} from '../web/route.ts';
import { doing } from './page.ts';
import { newWebhookPath, webhookPath, webhooksPath } from './webhook-places.ts';
import { nameOf } from './webhook-rows.ts';

export interface WebhookFormDeps {
  webhooks: Pick<Webhooks, 'find' | 'create' | 'update'>;
}

export interface WebhookFormView {
  /** Where it is sent, and where "Cancel" leads. */
  path: string;
  back: string;
  title: string;
  lead: MessageKey;
  address: string;
  description: string;
  descriptionLength: number;
  /** Every kind, whatever is ticked below. */
  every: boolean;
  groups: { caption: string; isOpen: boolean; boxes: { field: string; label: string; checked: boolean }[] }[];
  /** Of a new one: names this form, so that sent twice it makes one. */
  once?: string;
  /** Of one that is there: what is changed. */
  version?: number;
  submit: MessageKey;
}

export interface MadeWebhookView {
  name: string;
  /** What has happened. */
  lead: MessageKey;
  secret: string;
  path: string;
}

export const webhookFormView = view<WebhookFormView>('admin/webhook-form', 'shell', 'webhooks.formTitle');

/** The secret in it is shown this once (S44). */
export const madeWebhookView = view<MadeWebhookView>('admin/made-webhook', 'shell', 'webhooks.madeTitle');

/** In another tab, or before Back was pressed; or it never was. */
export const gone = backTo(webhooksPath, 'webhooks.gone');

const form = z.looseObject({
  url: z.string(),
  description: z.string(),
  once: z.string().max(100).optional(),
  version: z.string().max(20).optional(),
});

const groups = [...activityGroups, 'none'] as const;

const captions = {
  'sign-ins': 'webhooks.group.signIns',
  security: 'webhooks.group.security',
  applications: 'webhooks.group.applications',
  messages: 'webhooks.group.messages',
  none: 'webhooks.group.installation',
} as const satisfies Record<(typeof groups)[number], MessageKey>;

const fieldOf = (kind: string) => `kind-${kind}`;

/** Where it leads and what it is told of: of a new one, and of one that is there. */
export function webhookFormRoutes({ webhooks }: WebhookFormDeps): Route[] {
  return [
    page(
      newWebhookPath,
      webhookFormView,
      ({ say }) => {
        const title = say('webhooks.new');
        const about = { path: newWebhookPath, back: webhooksPath, title, once: newId() };

        return show(
          webhookFormView,
          { ...fieldsOf(say), ...about, lead: 'webhooks.newLead', submit: 'webhooks.create' },
          { titleValues: { webhook: title } },
        );
      },
      doing,
    ),

    action(
      newWebhookPath,
      form,
      async ({ account, visitor }, input, wrong) => {
        // Whoever sends a form again must not come upon somebody else's webhook.
        const id = sha256(`${account.id} ${input.once ?? newId()}`).slice(0, 22);

        try {
          const made = await webhooks.create(inputOf(input), { actor: account.id, from: visitor }, { id });
          if (!made.ok) return wrong(beside(made.problems));

          return shownMade(made.value, 'webhooks.madeLead');
        } catch (error) {
          if (error instanceof Conflict) return backTo(webhookPath(id), 'webhooks.madeAlready');
          throw error;
        }
      },
      doing,
    ),

    page(
      `${webhooksPath}/:id/edit`,
      webhookFormView,
      async ({ params: { id }, say }): Promise<Outcome> => {
        const found = await webhooks.find(id);
        if (!found) return gone;

        const { webhook } = found;
        const title = nameOf(webhook);
        const about = { path: webhookPath(id, 'edit'), back: webhookPath(id), title, version: webhook.version };

        return show(
          webhookFormView,
          { ...fieldsOf(say, webhook), ...about, lead: 'webhooks.editLead', submit: 'webhooks.save' },
          { titleValues: { webhook: title } },
        );
      },
      doing,
    ),

    action(
      `${webhooksPath}/:id/edit`,
      form,
      async ({ account, params: { id }, visitor }, input, wrong) => {
        const by = { actor: account.id, from: visitor };
        const changed = await webhooks.update(id, inputOf(input), by, { version: Number(input.version) });

        if (changed === undefined) return gone;
        // What was typed stays; the form has the new version, so that saving it again is a choice.
        if (changed === 'changed') return wrong({ form: 'webhooks.changedMeanwhile' }, 409);
        if (!changed.ok) return wrong(beside(changed.problems));

        return to(webhookPath(id), 'webhooks.saved');
      },
      doing,
    ),
  ];
}

export function shownMade({ webhook, secret }: { webhook: Webhook; secret: string }, lead: MessageKey): Outcome {
  const name = nameOf(webhook);

  return show(
    madeWebhookView,
    { name, lead, secret, path: webhookPath(webhook.id) },
    { titleValues: { webhook: name } },
  );
}

/** `stored` is what a webhook has. */
export function fieldsOf(say: Say, stored?: Webhook) {
  const checked = (kind: string) => stored?.kinds.includes(kind) ?? false;

  return {
    address: stored?.url ?? '',
    description: stored?.description ?? '',
    descriptionLength: longestDescription,
    every: checked(everyKind),
    groups: groups.map((group) => {
      const kinds = eventKinds.filter((kind) => groupOfKind[kind] === group);

      return {
        caption: say(captions[group]),
        isOpen: kinds.some(checked),
        boxes: kinds.map((kind) => ({ field: fieldOf(kind), label: kind, checked: checked(kind) })),
      };
    }),
  };
}

function inputOf({ url, description, ...boxes }: z.output<typeof form>) {
  const kinds = eventKinds.filter((kind) => boxes[fieldOf(kind)] !== undefined);

  return { url: url.trim(), description, kinds: boxes['every'] === undefined ? kinds : [everyKind] };
}

/** What is wrong with the kinds stands at the box for all of them. */
function beside(problems: Parameters<typeof byField>[0]) {
  const { kinds, ...rest } = byField(problems);

  return { ...rest, ...(kinds && { every: kinds }) };
}
