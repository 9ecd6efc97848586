import { z } from 'zod';

import {
  isFileSetting,
  isSecretSetting,
  settingSections,
  type SettingChanges,
  type SettingName,
  type SettingSection,
  type SettingValue,
} from '../domain/managed-settings.ts';
import type { Problem } from '../operations/problems.ts';
import type { ReportedSetting, SettingsReport } from '../operations/settings.ts';
import type { MessageKey, Say } from '../web/route.ts';

/** How settings are shown and typed. */
export interface SettingRow {
  label: MessageKey;
  value: string;
  source: ReportedSetting['source'];
  /** Where it is fixed. */
  where?: string;
}

export interface SettingField {
  name: string;
  label: MessageKey;
  type: 'text' | 'password' | 'select' | 'textarea';
  value: string;
  hint?: string;
  options?: { value: string; label: string }[];
  inputmode?: 'numeric';
}

/** A stylesheet on one line would be no row. */
const longestShown = 80;

export function rowOf(setting: ReportedSetting, say: Say): SettingRow {
  const { name, source, fixed, isSet, value } = setting;
  const shown = isSecretSetting(name) || isFileSetting(name) ? undefined : value;

  return {
    label: `setting.${name}`,
    value: shown === undefined ? say(isSet ? 'settings.isSet' : 'settings.notSet') : inWords(shown, say),
    source,
    ...(fixed !== undefined && { where: fixed }),
  };
}

function inWords(value: SettingValue, say: Say): string {
  if (typeof value === 'boolean') return say(value ? 'settings.yes' : 'settings.no');
  if (Array.isArray(value)) return value.length === 0 ? say('settings.notSet') : value.join(', ');

  const choice = choices.find((one) => one === value);
  const text = choice === undefined ? String(value) : say(`settings.choice.${choice}`);

  return text.length > longestShown ? `${text.slice(0, longestShown - 1)}…` : text;
}

const choices = ['required', 'offered', 'off', 'sensitive', 'all', 'starttls', 'tls', 'none'] as const;

export function fieldOf(setting: ReportedSetting, say: Say): SettingField {
  const { name, form, source, value, fallback, bounds } = setting;
  const kept = source === 'kept' && value !== undefined ? typed(value) : '';
  const base = { name: fieldName(name), label: `setting.${name}` as const };
  const byDefault = fallback === undefined ? say('settings.notSet') : inWords(readDefault(form, fallback), say);

  if (isSecretSetting(name)) {
    return { ...base, type: 'password', value: '', hint: say('settings.secretHint') };
  }
  if (name === 'branding.css') return { ...base, type: 'textarea', value: kept, hint: say('settings.cssHint') };

  const options = form === 'switch' ? ['true', 'false'] : setting.choices?.filter((one) => one !== 'none');
  if (options) {
    const all = options.map((one) => ({ value: one, label: inWords(readDefault(form, one), say) }));

    return {
      ...base,
      type: 'select',
      value: kept,
      options: [{ value: '', label: say('settings.byDefault', { value: byDefault }) }, ...all],
    };
  }

  const between =
    form === 'list'
      ? say('settings.listHint')
      : bounds && say(form === 'duration' ? 'settings.durations' : 'settings.between', bounds);
  const hint = [say('settings.emptyDefault', { value: byDefault }), between].filter((part) => part !== undefined);

  return {
    ...base,
    type: 'text',
    value: kept,
    hint: hint.join(' '),
    ...(form === 'number' && { inputmode: 'numeric' }),
  };
}

function readDefault(form: ReportedSetting['form'], text: string): SettingValue {
  return form === 'switch' ? text === 'true' : text;
}

function typed(value: SettingValue): string {
  return Array.isArray(value) ? value.join(' ') : String(value);
}

/** As a form has it. What is called a password or token there is never shown again, and most settings of theirs are none. */
export function fieldName(name: SettingName): string {
  return isSecretSetting(name) ? name : name.replace('passwords', 'pw').replace('token', 'tk');
}

/** What was typed in a section's form, as it would be written. What is fixed has no field. */
export function changesFrom(
  input: Readonly<Record<string, string | undefined>>,
  section: SettingSection,
  settings: readonly ReportedSetting[],
): SettingChanges {
  const changes: SettingChanges = {};

  for (const name of settingSections[section]) {
    const text = input[fieldName(name)]?.trim();
    const setting = settings.find((one) => one.name === name);
    if (text === undefined || setting === undefined || name === 'branding.logo') continue;

    if (isSecretSetting(name)) {
      if (text !== '') changes[name] = text === '-' ? null : text;
    } else {
      changes[name] = text === '' ? null : readTyped(text, setting.form);
    }
  }

  return changes;
}

function readTyped(text: string, form: ReportedSetting['form']): SettingValue {
  if (form === 'number' && /^\d{1,15}$/.test(text)) return Number(text);
  if (form === 'switch') return text === 'true' || text === 'false' ? text === 'true' : text;
  if (form === 'list') return text.split(/[\s,]+/).filter((part) => part !== '');

  return text;
}

/** Beside the fields of the form. */
export function besideFields(problems: readonly Problem[]): Record<string, Omit<Problem, 'path'>> {
  return Object.fromEntries(
    problems.toReversed().map(({ path, ...text }) => [path === '' ? 'form' : fieldName(path as SettingName), text]),
  );
}

/** What a section's form sends. `version`: of the settings that it was shown with. */
export function formOf(section: SettingSection) {
  const fields = settingSections[section].map((name) => [fieldName(name), z.string().max(30_000).optional()]);

  return z.object({
    ...(Object.fromEntries(fields) as Record<string, z.ZodOptional<z.ZodString>>),
    version: z
      .string()
      .regex(/^\d{1,9}$/, 'problem.invalid')
      .transform(Number),
  });
}

export interface SectionParts {
  fields: SettingField[];
  fixed: SettingRow[];
  version: number;
}

export function partsOf({ version, settings: all }: SettingsReport, section: SettingSection, say: Say): SectionParts {
  const inside = all.filter((one) => one.section === section);

  return {
    fields: inside
      .filter(({ source, name }) => source !== 'fixed' && name !== 'branding.logo')
      .map((one) => fieldOf(one, say)),
    fixed: inside.filter(({ source }) => source === 'fixed').map((one) => rowOf(one, say)),
    version,
  };
}
