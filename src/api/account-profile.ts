import { z } from 'zod';

import { locales, type Account } from '../domain/account.ts';
import type { Activity, ActivityEvent } from '../events/activity.ts';
import { activityGroups } from '../events/groups.ts';
import type { Accounts } from '../operations/accounts.ts';
import { endpoint, next, paging, refusedFor, time, timeOf, type DescribedEndpoint } from './endpoint.ts';

export interface ProfileDeps {
  accounts: Pick<Accounts, 'updateProfile'>;
  activity: Pick<Activity, 'list'>;
}

const profile = z.strictObject({
  /** The subject (`sub`). */
  id: z.string(),
  email: z.string(),
  emailVerified: z.boolean(),
  displayName: z.string(),
  firstName: z.string(),
  lastName: z.string(),
  task: z.string(),
  /** E.164 */
  phone: z.strictObject({ number: z.string(), verified: z.boolean() }).optional(),
  language: z.enum(locales),
  createdAt: time,
  updatedAt: time,
});

/** How long each may be is a rule of `operations/`. */
const change = z.strictObject({
  displayName: z.string().optional(),
  firstName: z.string().optional(),
  lastName: z.string().optional(),
  task: z.string().optional(),
  language: z.enum(locales).optional(),
});

export const event = z.strictObject({
  id: z.string(),
  kind: z.string(),
  at: time,
  by: z.enum(['self', 'key', 'app', 'administrator', 'operator', 'service', 'anybody']),
  /** Of the API key or the app. */
  byId: z.string().optional(),
  clientId: z.string().optional(),
  ip: z.string().optional(),
  userAgent: z.string().optional(),
  /** A device without a browser that was answered, where it stands. */
  device: z.strictObject({ ip: z.string(), userAgent: z.string() }).optional(),
  details: z.record(z.string(), z.json()),
});

export function profileEndpoints({ accounts, activity }: ProfileDeps): DescribedEndpoint[] {
  return [
    endpoint({
      name: 'profile.get',
      method: 'GET',
      path: '/profile',
      scope: 'profile:read',
      summary: 'What is known about the account holder',
      answer: profile,
      run: async ({ account }) => shownProfile(account),
    }),

    endpoint({
      name: 'profile.update',
      method: 'PATCH',
      path: '/profile',
      scope: 'profile:write',
      summary: 'Changes the fields given and no others',
      body: change,
      answer: profile,
      async run({ account, actor, from }, { body: { language: locale, ...names } }) {
        const given = { ...names, ...(locale !== undefined && { locale }) };
        const updated = await accounts.updateProfile(account.id, given, { actor, from });
        if (updated === undefined) return undefined;

        return updated.ok ? shownProfile(updated.value) : refusedFor(422, updated.problems);
      },
    }),

    endpoint({
      name: 'activity.list',
      method: 'GET',
      path: '/activity',
      scope: 'activity:read',
      summary: 'What happened to the account, the newest first',
      query: z.strictObject({ ...paging, group: z.enum(activityGroups).optional() }),
      answer: z.strictObject({ events: z.array(event), next }),
      async run({ account }, { query }) {
        const { events, ...more } = await activity.list(account, query);

        return { events: events.map(shownEvent), ...more };
      },
    }),
  ];
}

function shownProfile(account: Account): z.input<typeof profile> {
  const { id, email, emailVerified, displayName, firstName, lastName, task, phone, locale } = account;

  return {
    id,
    email,
    emailVerified,
    displayName,
    firstName,
    lastName,
    task,
    ...(phone && { phone }),
    language: locale,
    createdAt: timeOf(account.createdAt),
    updatedAt: timeOf(account.updatedAt),
  };
}

export function shownEvent({ id, kind, at, by, byId, clientId, from, details }: ActivityEvent): z.input<typeof event> {
  return {
    id,
    kind,
    at: timeOf(at),
    by,
    ...(byId !== undefined && { byId }),
    ...(clientId !== undefined && { clientId }),
    ...(from && { ip: from.ip, userAgent: from.userAgent, ...(from.device && { device: from.device }) }),
    details,
  };
}
