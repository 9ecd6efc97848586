import { newSecret, sha256 } from '../domain/ids.ts';
import type { SettingChanges } from '../domain/managed-settings.ts';
import type { Ephemera } from '../storage/ephemera.ts';

/** What an administrator has typed and wants to see before it is kept: for a quarter of an hour, and for them alone. */
export interface SettingPreviews {
  /** Answers its name. It holds no secret. */
  keep(accountId: string, changes: SettingChanges): Promise<string>;
  find(accountId: string, name: string): Promise<SettingChanges | undefined>;
}

interface Kept {
  accountId: string;
  changes: string;
}

const kind = 'settings-preview';
/** Seconds. */
const life = 900;

export function createSettingPreviews(ephemera: Pick<Ephemera, 'put' | 'get'>): SettingPreviews {
  return {
    async keep(accountId, changes) {
      const name = newSecret();
      await ephemera.put(kind, sha256(name), { accountId, changes: JSON.stringify(changes) }, { ttl: life });

      return name;
    },

    async find(accountId, name) {
      const found = (await ephemera.get(kind, sha256(name))) as unknown as Kept | undefined;
      if (found?.accountId !== accountId) return undefined;

      return JSON.parse(found.changes) as SettingChanges;
    },
  };
}
