import { isDeepStrictEqual } from 'node:util';

import type { Json } from '../domain/json.ts';
import {
  isFileSetting,
  isSecretSetting,
  settingNames,
  type ManagedSettings,
  type SettingName,
  type SettingValue,
  type SettingValues,
} from '../domain/managed-settings.ts';

/** For the record of events: of a secret only that it changed, of a file its hash. */
export function changesBetween(
  old: ManagedSettings | undefined,
  row: ManagedSettings,
  secrets: { before: SettingValues; after: SettingValues },
): Record<string, { before: Json; after: Json }> {
  const shown = (value: SettingValue | undefined, name: SettingName): Json => {
    if (value === undefined) return null;

    return isFileSetting(name) ? (String(value).split(':')[1] ?? null) : value;
  };
  const changes = settingNames.flatMap((name): [string, { before: Json; after: Json }][] => {
    if (isSecretSetting(name)) {
      const [before, after] = [secrets.before[name], secrets.after[name]];

      return before === after
        ? []
        : [[name, { before: before === undefined ? null : 'set', after: after === undefined ? null : 'set anew' }]];
    }

    const [before, after] = [shown(old?.values[name], name), shown(row.values[name], name)];

    return isDeepStrictEqual(before, after) ? [] : [[name, { before, after }]];
  });

  return Object.fromEntries(changes);
}
