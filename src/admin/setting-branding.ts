import { z } from 'zod';

import { accentSheet } from '../domain/accent.ts';
import { NotFound } from '../domain/errors.ts';
import type { SettingChanges } from '../domain/managed-settings.ts';
import type { SettingPreviews } from '../operations/setting-previews.ts';
import type { Settings } from '../operations/settings.ts';
import { action, backTo, page, show, to, view, type Route } from '../web/route.ts';
import { doing } from './page.ts';
import { besideFields, changesFrom, formOf, partsOf, type SectionParts } from './setting-fields.ts';

export interface BrandingDeps {
  settings: Pick<Settings, 'read' | 'update' | 'tried'>;
  previews: SettingPreviews;
}

export interface SettingsBrandingView extends SectionParts {
  path: string;
  /** A logo was handed in here. */
  hasLogo: boolean;
  /** None is fixed. */
  mayHaveLogo: boolean;
}

export const settingsBrandingView = view<SettingsBrandingView>('admin/settings-branding', 'shell', 'settings.branding');

export const looks = [
  { scheme: 'light', label: 'settings.previewLight' },
  { scheme: 'dark', label: 'settings.previewDark' },
] as const;

export interface SettingsPreviewView {
  looks: typeof looks;
  path: string;
  version: number;
}

export const settingsPreviewView = view<SettingsPreviewView>('admin/settings-preview', 'shell', 'settings.preview');

/** Pages as people would see them. */
export interface SettingsLookView {
  brand: string;
  /** A `data:` address. */
  logo?: string;
  email: string;
  minimumLength: number;
}

export const settingsLookView = view<SettingsLookView>('admin/settings-look', 'door', 'settings.preview');

const path = '/admin/settings/branding';

const form = formOf('branding').extend({
  /** In base64. */
  'branding.logo': z.string().optional(),
  removeLogo: z.literal('on').optional(),
  answer: z.enum(['keep', 'preview']),
});

/** Name, logo, colours, links and a stylesheet, and how they would look before they are kept. */
export function brandingRoutes({ settings, previews }: BrandingDeps): Route[] {
  const seen = z.object({
    version: z
      .string()
      .regex(/^\d{1,9}$/, 'problem.invalid')
      .transform(Number),
  });

  async function previewed(accountId: string, id: string): Promise<SettingChanges> {
    const changes = await previews.find(accountId, id);
    if (!changes) throw new NotFound('no such preview');

    return changes;
  }

  return [
    page(
      path,
      settingsBrandingView,
      async ({ say }): Promise<SettingsBrandingView> => {
        const report = await settings.read();
        const logo = report.settings.find(({ name }) => name === 'branding.logo');

        return {
          path,
          ...partsOf(report, 'branding', say),
          hasLogo: logo?.source === 'kept',
          mayHaveLogo: logo?.source !== 'fixed',
        };
      },
      doing,
    ),

    action(
      path,
      form,
      async ({ account, visitor }, { version, removeLogo, answer, ...input }, wrong) => {
        const report = await settings.read();
        const logo = removeLogo ? null : input['branding.logo'];
        const changes = {
          ...changesFrom(input as Record<string, string | undefined>, 'branding', report.settings),
          ...(logo !== undefined && logo !== '' && { 'branding.logo': logo }),
        };

        if (answer === 'preview') {
          const tried = await settings.tried(changes);
          if (!tried.ok) return wrong(besideFields(tried.problems));

          return to(`${path}/preview/${await previews.keep(account.id, changes)}`);
        }

        const done = await settings.update(changes, { actor: account.id, from: visitor }, { version });
        if (done === 'changed') return wrong({ form: 'settings.changedMeanwhile' }, 409);

        return done.ok ? to(path, 'settings.saved') : wrong(besideFields(done.problems));
      },
      { ...doing, files: true },
    ),

    page(
      `${path}/preview/:id`,
      settingsPreviewView,
      async ({ account, params: { id } }) => {
        if (!(await previews.find(account.id, id))) return backTo(path, 'settings.previewGone');
        const { version } = await settings.read();

        return show(
          settingsPreviewView,
          { looks, path: `${path}/preview/${encodeURIComponent(id)}`, version },
          { frames: true },
        );
      },
      doing,
    ),

    action(
      `${path}/preview/:id`,
      seen,
      async ({ account, visitor, params: { id } }, { version }) => {
        const changes = await previews.find(account.id, id);
        if (!changes) return backTo(path, 'settings.previewGone');

        const done = await settings.update(changes, { actor: account.id, from: visitor }, { version });
        if (done === 'changed') return backTo(path, 'settings.changedMeanwhile');
        if (!done.ok) return backTo(path, done.problems[0]?.key ?? 'notice.notDone');

        return to('/admin/settings', 'settings.saved');
      },
      doing,
    ),

    ...looks.map(({ scheme }) =>
      page(
        `${path}/preview/:id/${scheme}`,
        settingsLookView,
        async ({ account, params }) => {
          const { id } = params as { id: string };
          const tried = await settings.tried(await previewed(account.id, id));
          if (!tried.ok) throw new NotFound('it would not be kept');

          const { branding, uploaded, passwords } = tried.value;
          const { logo, css = '' } = uploaded;

          return show(
            settingsLookView,
            {
              brand: branding.name,
              ...(logo && { logo: `data:${logo.type};base64,${logo.bytes.toString('base64')}` }),
              email: account.email,
              minimumLength: passwords.minimum_length,
            },
            { look: { scheme, css: `${accentSheet(branding.accent) ?? ''}\n${css}` } },
          );
        },
        doing,
      ),
    ),
  ];
}
