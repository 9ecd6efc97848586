import type { SettingFacts, SettingFault } from '../config/managed.ts';
import { accentContrast, neededContrast } from '../domain/accent.ts';
import { cssFault, logoTypeOf, mostCssBytes, mostLogoBytes } from '../domain/branding-files.ts';
import type { SettingChanges, SettingName } from '../domain/managed-settings.ts';
import type { KeptFile } from './kept-settings.ts';
import { problem, type Problem } from './problems.ts';

/** What is wrong with a setting, in words that stand beside its field in the person's language. */
export function faultText(
  { path, alone, about }: SettingFault,
  facts: readonly SettingFacts[],
  changes: SettingChanges,
): Problem {
  const setting = facts.find(({ name }) => name === path);
  const field = fieldFor(path, setting, changes);

  if (alone && setting) return problem(path, ...wrongAlone(setting));
  if (path.startsWith('branding.accent.')) {
    const scheme = path.endsWith('dark') ? 'dark' : 'light';
    const ratio = accentContrast(String(changes[path as SettingName]), scheme);

    return problem(field, 'problem.contrast', { ratio: ratio.toFixed(2), needed: neededContrast.toFixed(1) });
  }

  if (path === 'messages.smtp.security') return problem(field, 'problem.settingPlain');
  if (path === 'registration.allowed') return problem(field, 'problem.settingNeedsMail');
  if (path.startsWith('messages.')) return problem(field, 'problem.settingTogether');

  const [, other] = /must not be (?:longer|more) than ([a-z_.]+)/.exec(about?.message ?? '') ?? [];

  return other === undefined ? problem(field, 'problem.invalid') : problem(field, 'problem.settingMore', { other });
}

/** Where it is fixed, what is wrong with it stands where it was changed: at the whole. */
function fieldFor(path: string, setting: SettingFacts | undefined, changes: object): string {
  if (setting === undefined) return '';

  return setting.fixed === undefined && (path in changes || Object.keys(changes).length === 0)
    ? path
    : firstOf(path, changes);
}

/** The other of two that don't go together. */
function firstOf(path: string, changes: object): string {
  const section = path.split('.').slice(0, -1).join('.');

  return Object.keys(changes).find((name) => name.startsWith(section)) ?? '';
}

function wrongAlone({ form, bounds, choices, name }: SettingFacts): [Problem['key'], Problem['values']?] {
  if (form === 'duration' && bounds) return ['problem.settingDuration', bounds];
  if (form === 'number' && bounds) return ['problem.settingNumber', bounds];
  if (choices) return ['problem.notOneOf', { choices: choices.join(', ') }];
  if (name.startsWith('branding.accent.')) return ['problem.colour'];
  if (name.startsWith('branding.links.')) return ['problem.settingLink'];

  return ['problem.invalid'];
}

type Read = { file: KeptFile } | { problem: Problem };

/** Of what a file holds in base64. */
export function readLogo(base64: string): Read {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length > mostLogoBytes) return { problem: problem('branding.logo', 'problem.logoSize') };

  const type = /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? logoTypeOf(bytes) : undefined;

  return type === undefined
    ? { problem: problem('branding.logo', 'problem.logoKind') }
    : { file: { type, data: base64 } };
}

export function cssProblem(css: string): Read {
  const fault = cssFault(css);
  if (fault === undefined) return { file: { type: 'text/css', data: css } };

  return {
    problem:
      fault === 'tooLong'
        ? problem('branding.css', 'problem.tooLong', { max: mostCssBytes })
        : problem('branding.css', 'problem.cssFetches'),
  };
}
