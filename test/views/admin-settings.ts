import {
  looks,
  settingsBrandingView,
  settingsLookView,
  settingsPreviewView,
} from '../../src/admin/setting-branding.ts';
import { fieldOf, partsOf, rowOf } from '../../src/admin/setting-fields.ts';
import { settingsSectionView, settingsView } from '../../src/admin/settings.ts';
import { settingsTestView } from '../../src/admin/setting-test.ts';
import { loadConfig } from '../../src/config/load.ts';
import { factsOfSettings, writtenValue } from '../../src/config/managed.ts';
import { sectionNames, type SettingName } from '../../src/domain/managed-settings.ts';
import type { ReportedSetting, SettingsReport } from '../../src/operations/settings.ts';
import { day, now, sample, type Sample } from './sample.ts';

const { config } = loadConfig({
  env: {
    GATEHOUSE_SESSION_IDLE: '3d',
    GATEHOUSE_MESSAGES_SMTP_HOST: 'mail.example.com',
    GATEHOUSE_MESSAGES_FROM: 'id@example.com',
  },
});
if (!config) throw new Error('the sample configuration is refused');
const given = config;

const kept = new Set<SettingName>([
  'passwords.minimum_length',
  'branding.name',
  'branding.logo',
  'messages.sms.countries',
]);

const report: SettingsReport = {
  version: 3,
  changed: { at: now - day, by: 'account' },
  settings: factsOfSettings(given).map((facts): ReportedSetting => {
    const value = writtenValue(facts.name, given);

    return {
      ...facts,
      ...(value !== undefined && { value }),
      source: facts.fixed !== undefined ? 'fixed' : kept.has(facts.name) ? 'kept' : 'default',
      isSet: value !== undefined,
    };
  }),
};

export const adminSettingsSamples: readonly Sample[] = [
  sample(
    settingsView,
    ({ say }) => ({
      sections: sectionNames.map((name) => {
        const rows = report.settings.filter(({ section }) => section === name);

        return { name, label: `settings.${name}` as const, rows: rows.map((one) => rowOf(one, say)), isOpen: true };
      }),
      changedAt: now - day,
      mayDo: true,
    }),
    { notice: 'settings.saved' },
  ),
  ...sectionNames
    .filter((name) => name !== 'branding')
    .map((name) =>
      sample(
        settingsSectionView,
        ({ say }) => ({
          title: `settings.${name}` as const,
          path: `/admin/settings/${name}`,
          ...partsOf(report, name, say),
          fields: report.settings
            .filter(({ section, source }) => section === name && source !== 'fixed')
            .map((one) => fieldOf(one, say)),
        }),
        { as: name, problems: { form: 'settings.changedMeanwhile' } },
      ),
    ),
  sample(settingsTestView, () => ({ email: 'ana@example.com' }), { problems: { to: 'problem.settingNoMail' } }),
  sample(settingsTestView, () => ({ email: 'ana@example.com' }), {
    as: 'sent',
    notice: 'settings.testSent',
    onlyWords: true,
  }),
  sample(settingsTestView, () => ({ email: 'ana@example.com' }), {
    as: 'in the outbox',
    notice: 'settings.testOutbox',
    onlyWords: true,
  }),
  sample(
    settingsBrandingView,
    ({ say }) => ({
      path: '/admin/settings/branding',
      ...partsOf(report, 'branding', say),
      hasLogo: true,
      mayHaveLogo: true,
    }),
    {
      problems: {
        'branding.logo': 'problem.logoKind',
        'branding.css': 'problem.cssFetches',
        'branding.accent.light': 'problem.colour',
      },
      notice: 'settings.previewGone',
    },
  ),
  sample(settingsPreviewView, () => ({ looks, path: '/admin/settings/branding/preview/x', version: 3 })),
  sample(settingsLookView, () => ({ brand: 'Northwind ID', email: 'ana@example.com', minimumLength: 15 })),
];
