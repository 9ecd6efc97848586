import { z } from 'zod';

import { sectionNames, settingNames, type SettingName } from '../domain/managed-settings.ts';
import type { Settings, SettingsReport } from '../operations/settings.ts';
import type { TestMail } from '../operations/test-mail.ts';
import {
  adminEndpoint,
  changedMeanwhile,
  refusedFor,
  tagged,
  time,
  timeOf,
  type DescribedEndpoint,
} from './endpoint.ts';

export interface AdminSettingsDeps {
  settings: Pick<Settings, 'read' | 'update'>;
  testMail: TestMail;
}

/** Of a logo in base64. */
const longest = 140_000;

/** As the configuration file writes it: a length of time is "10m". */
const value = z.union([z.string().max(longest), z.int(), z.boolean(), z.array(z.string().max(100)).max(300)]);

const change = value.nullable().optional();
const changes = Object.fromEntries(settingNames.map((name) => [name, change])) as Record<SettingName, typeof change>;

const settingsAnswer = z.strictObject({
  /** 0: nothing was ever changed. */
  version: z.int(),
  changedAt: time.optional(),
  changedBy: z.string().optional(),
  settings: z.array(
    z.strictObject({
      name: z.enum(settingNames as [SettingName, ...SettingName[]]),
      section: z.enum(sectionNames),
      /** `fixed`: by the configuration file or a variable; it can't be changed here. */
      source: z.enum(['fixed', 'kept', 'default']),
      fixedBy: z.string().optional(),
      /** Never a secret; of a logo its hash. */
      value: value.optional(),
      isSet: z.boolean(),
      default: z.string().optional(),
    }),
  ),
});

/** What administrators change while it runs. */
export function settingsEndpoints({ settings, testMail }: AdminSettingsDeps): DescribedEndpoint[] {
  return [
    adminEndpoint({
      name: 'settings.get',
      method: 'GET',
      path: '/settings',
      scope: 'settings:read',
      summary: 'The settings in force, and where each comes from; no secret',
      answer: settingsAnswer,
      run: async () => shownSettings(await settings.read()),
    }),

    adminEndpoint({
      name: 'settings.update',
      method: 'PATCH',
      path: '/settings',
      scope: 'settings:write',
      summary: 'Changes settings, all that are named or none; null gives one back to its default',
      versioned: true,
      large: true,
      body: z.strictObject(changes),
      answer: settingsAnswer,
      async run({ match, by }, { body }) {
        const version = /^\d{1,9}$/.test(match) ? Number(match) : -1;
        const done = await settings.update(body, by, { version });
        if (done === 'changed') return changedMeanwhile;

        return done.ok ? shownSettings(done.value) : refusedFor(422, done.problems);
      },
    }),

    adminEndpoint({
      name: 'settings.test-mails.send',
      method: 'POST',
      path: '/settings/test-mails',
      scope: 'settings:write',
      summary: 'Sends a mail that says only that mail arrives, and answers what the mail server said',
      body: z.strictObject({ to: z.string().max(254).optional() }),
      answer: z.strictObject({
        sent: z.boolean(),
        /** No mail server is set up: development mode shows it at /dev/outbox. */
        outbox: z.boolean().optional(),
        error: z.string().optional(),
      }),
      async run({ by, caller: { account } }, { body: { to = account?.email ?? '' } }) {
        const done = await testMail.send(to, { account }, by);

        return done.ok ? done.value : refusedFor(422, done.problems);
      },
    }),
  ];
}

function shownSettings({ version, changed, settings }: SettingsReport) {
  return tagged(
    {
      version,
      ...(changed && { changedAt: timeOf(changed.at), changedBy: changed.by }),
      settings: settings.map(({ name, section, source, fixed, value: held, isSet, fallback }) => ({
        name,
        section,
        source,
        ...(fixed !== undefined && { fixedBy: fixed }),
        ...(held !== undefined && { value: held }),
        isSet,
        ...(fallback !== undefined && { default: fallback }),
      })),
    },
    version,
  );
}
