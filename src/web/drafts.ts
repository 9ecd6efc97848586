import { newSecret, sha256 } from '../domain/ids.ts';
import type { Ephemera } from '../storage/ephemera.ts';
import type { Sealing } from '../storage/sealing.ts';
import type { Fields } from './forms.ts';
import { withoutSecrets } from './forms.ts';

/**
 * What was typed before somebody had to sign in again, so that it stands there afterwards. Sealed, for ten minutes,
 * for the same page in the same browser; passwords are never kept.
 */
export interface Drafts {
  /** Answers the id to carry in the address to come back to. */
  keep(fields: Fields, place: Place): Promise<string>;
  find(id: string, place: Place): Promise<Fields | undefined>;
}

interface Place {
  path: string;
  deviceId: string;
}

/** Seconds. */
const life = 600;

export function createDrafts(ephemera: Ephemera, sealing: Sealing): Drafts {
  const context = (key: string): string => `draft:${key}`;

  return {
    async keep(fields, place) {
      const id = newSecret();
      const key = sha256(id);
      const text = JSON.stringify({ ...place, fields: withoutSecrets(fields) });

      await ephemera.put('draft', key, sealing.seal(text, context(key)), { ttl: life });

      return id;
    },

    async find(id, place) {
      const key = sha256(id);
      const sealed = await ephemera.get('draft', key);

      if (typeof sealed !== 'string') return undefined;

      const kept = open(sealing, sealed, context(key));

      return kept?.path === place.path && kept.deviceId === place.deviceId ? kept.fields : undefined;
    },
  };
}

/** Undefined when the key that sealed it is gone: what was typed is lost then, and nothing else. */
function open(sealing: Sealing, sealed: string, context: string): (Place & { fields: Fields }) | undefined {
  try {
    return JSON.parse(sealing.open(sealed, context)) as Place & { fields: Fields };
  } catch {
    return undefined;
  }
}
