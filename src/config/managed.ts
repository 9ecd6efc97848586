// Lays what administrators have set while it runs over what the operator has given: the same forms, defaults and checks,
// and what the file or a variable says goes before. It must not know where what was set is kept.

import type { LogoType } from '../domain/branding-files.ts';
import {
  isFileSetting,
  isSecretSetting,
  settingNames,
  settingSections,
  type SettingName,
  type SettingSection,
  type SettingValues,
} from '../domain/managed-settings.ts';
import { checkConfig } from './checks.ts';
import { writtenAs, type About } from './forms.ts';
import { put } from './given.ts';
import { givenOf } from './load.ts';
import type { Problem } from './problems.ts';
import { type Config, resolveSettings, settings } from './schema.ts';
import { aboutAt } from './walk.ts';

export interface Managed {
  /** As the configuration file writes them, the secrets among them; what stands in files is below. */
  values: SettingValues;
  logo?: { type: LogoType; bytes: Buffer };
  css?: string;
}

/** What is known of one setting, for whoever changes it. */
export interface SettingFacts {
  name: SettingName;
  section: SettingSection;
  form: About['form'];
  /** Where it is fixed: a file and its line, or a variable. */
  fixed?: string;
  /** As it is written; absent where it depends on something else, or is off. */
  fallback?: string;
  /** Of a choice. */
  choices?: readonly string[];
  /** Of a number or a length of time, as they are written. */
  bounds?: { min: string; max: string };
}

/** One that is wrong: by itself, or beside the others. */
export interface SettingFault {
  path: string;
  alone: boolean;
  about?: Problem;
}

export type Overlaid = { config: Config; faults?: never } | { faults: SettingFault[]; config?: never };

export function factsOfSettings(config: Config): SettingFacts[] {
  return (Object.keys(settingSections) as SettingSection[]).flatMap((section) =>
    settingSections[section].map((name) => ({ ...factsOf(name, config), section })),
  );
}

function factsOf(name: SettingName, config: Config): Omit<SettingFacts, 'section'> {
  const about = aboutAt(name.split('.'));
  if (!about) throw new TypeError(`${name} is no setting`);

  const fixed = fixedBy(name, config);
  const choices = /^one of (.+)$/.exec(about.expects)?.[1]?.split(', ');
  const [, min, max] = / from (\S+) to (\S+)$/.exec(about.expects) ?? [];
  const { fallback } = about;

  return {
    name,
    form: isFileSetting(name) ? 'text' : about.form,
    ...(fixed !== undefined && { fixed }),
    ...(['string', 'number', 'boolean'].includes(typeof fallback) && { fallback: `${fallback as string | number}` }),
    ...(choices && { choices }),
    ...(min !== undefined && max !== undefined && { bounds: { min, max } }),
  };
}

/** The file's line or the variable that a setting is fixed by; undefined: administrators set it. */
export function fixedBy(name: SettingName, config: Config): string | undefined {
  const given = givenOf(config);

  // Of a configuration that was not loaded it is not known what was meant as a default.
  return given === undefined ? 'the configuration' : given.sources.get(name);
}

/** What is fixed here, with its values: nodes of one installation should have the same. */
export function fixedSettings(config: Config): string {
  const fixed = settingNames.filter((name) => fixedBy(name, config) !== undefined);

  return JSON.stringify(fixed.map((name) => [name, valueAt(name, config)]));
}

function valueAt(name: SettingName, config: Config): unknown {
  return name.split('.').reduce<unknown>((of, key) => (of as Record<string, unknown> | undefined)?.[key], config);
}

/** Whether there is a value, also of a secret. */
export function hasValue(name: SettingName, config: Config): boolean {
  return valueAt(name, config) !== undefined;
}

/** The value in force, as it would be written; of a secret, only whether there is one. */
export function writtenValue(name: SettingName, config: Config): SettingValues[SettingName] {
  if (name === 'branding.css' && config.uploaded.css !== undefined) return config.uploaded.css;

  const value = valueAt(name, config);
  if (value === undefined || isSecretSetting(name)) return undefined;

  const about = aboutAt(name.split('.'));

  return (about ? writtenAs(value, about) : value) as SettingValues[SettingName];
}

/** The configuration with what was set, or everything that is wrong with that. `config` is as it was loaded. */
export function withManaged(config: Config, { values, logo, css }: Managed): Overlaid {
  const given = givenOf(config);
  if (!given) return { config };

  const tree = structuredClone(given.tree);
  const names = settingNames.filter((name) => values[name] !== undefined && fixedBy(name, config) === undefined);
  for (const name of names.filter((one) => !isFileSetting(one))) put(tree, name.split('.'), values[name]);

  const parsed = settings.safeParse(tree);
  if (!parsed.success) {
    const paths = parsed.error.issues.map(({ path }) => path.filter((key) => typeof key === 'string').join('.'));

    return { faults: [...new Set(paths)].map((path) => ({ path, alone: true })) };
  }

  const resolved = resolveSettings(parsed.data, {
    ...(logo && fixedBy('branding.logo', config) === undefined && { logo }),
    ...(css !== undefined && fixedBy('branding.css', config) === undefined && { css }),
  });
  const faults = [...checkConfig(resolved), ...notHere(values, config)].map((about) => ({
    path: about.path,
    alone: false,
    about,
  }));

  return faults.length > 0 ? { faults } : { config: resolved };
}

/** What the operator alone decides. */
function notHere(values: SettingValues, config: Config): Problem[] {
  const path = 'messages.smtp.security';
  if (values[path] !== 'none' || fixedBy(path, config) !== undefined) return [];

  const message = `${path} can be none in the configuration file alone: mail would travel in the clear.`;
  return [{ path, message, mend: 'Write starttls or tls.' }];
}
