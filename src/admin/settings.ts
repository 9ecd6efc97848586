import { hasRole } from '../domain/account.ts';
import { sectionNames, type SettingSection } from '../domain/managed-settings.ts';
import type { Settings } from '../operations/settings.ts';
import { action, page, to, view, type MessageKey, type Route } from '../web/route.ts';
import { doing, seeing, type AdminPage } from './page.ts';
import { brandingRoutes, type BrandingDeps } from './setting-branding.ts';
import {
  besideFields,
  changesFrom,
  formOf,
  partsOf,
  rowOf,
  type SectionParts,
  type SettingRow,
} from './setting-fields.ts';
import { testMailRoutes, type TestMailPageDeps } from './setting-test.ts';

export interface SettingsPageDeps extends BrandingDeps, TestMailPageDeps {
  settings: Settings;
}

export interface SettingsView {
  sections: {
    name: SettingSection;
    label: MessageKey;
    rows: SettingRow[];
    /** Whether anything is left to change. */ isOpen: boolean;
  }[];
  /** Milliseconds. */
  changedAt?: number;
  /** Whether whoever looks may change something. */
  mayDo: boolean;
}

export const settingsView = view<SettingsView>('admin/settings', 'shell', 'settings.title');

export interface SettingsSectionView extends SectionParts {
  title: MessageKey;
  path: string;
}

export const settingsSectionView = view<SettingsSectionView>('admin/settings-section', 'shell', 'settings.title');

const path = '/admin/settings';

/** What an administrator sets while it runs, in sections that are each saved by themselves. */
export const settings: AdminPage<SettingsPageDeps> = {
  place: { path, label: 'settings.title', icon: 'server' },

  routes: (deps): Route[] => [
    page(
      path,
      settingsView,
      async ({ account, say }): Promise<SettingsView> => {
        const report = await deps.settings.read();

        return {
          sections: sectionNames.map((name) => {
            const inside = report.settings.filter(({ section }) => section === name);

            return {
              name,
              label: `settings.${name}`,
              rows: inside.map((one) => rowOf(one, say)),
              isOpen: inside.some(({ source }) => source !== 'fixed'),
            };
          }),
          ...(report.changed && { changedAt: report.changed.at }),
          mayDo: hasRole(account, 'admin'),
        };
      },
      seeing,
    ),
    ...testMailRoutes(deps),
    ...brandingRoutes(deps),
    ...sectionNames.filter((name) => name !== 'branding').flatMap((name) => sectionRoutes(name, deps)),
  ],
};

function sectionRoutes(section: SettingSection, deps: SettingsPageDeps): Route[] {
  const place = `${path}/${section}` as const;

  return [
    page(
      place,
      settingsSectionView,
      async ({ say }): Promise<SettingsSectionView> => ({
        title: `settings.${section}`,
        path: place,
        ...partsOf(await deps.settings.read(), section, say),
      }),
      doing,
    ),

    action(
      place,
      formOf(section),
      async ({ account, visitor }, { version, ...input }, wrong) => {
        const report = await deps.settings.read();
        const changes = changesFrom(input, section, report.settings);
        const done = await deps.settings.update(changes, { actor: account.id, from: visitor }, { version });
        if (done === 'changed') return wrong({ form: 'settings.changedMeanwhile' }, 409);

        return done.ok ? to(path, 'settings.saved') : wrong(besideFields(done.problems));
      },
      doing,
    ),
  ];
}
