import { networkOf } from '../domain/address.ts';
import { newSecret, sha256 } from '../domain/ids.ts';
import type { Ephemera } from '../storage/ephemera.ts';
import type { Sealing } from '../storage/sealing.ts';
import type { Fields } from './forms.ts';
import { withoutSecrets } from './forms.ts';

/**
 * What was typed before somebody had to sign in again, so that it stands there afterwards. Sealed, for ten minutes,
 * for the same page in the same browser, and for whom the form was shown to; passwords are never kept.
 */
export interface Drafts {
  /**
   * Answers the id to carry in the address to come back to. Undefined: it is more than a person types, or its network
   * has its share, so that strangers can't fill the store.
   */
  keep(fields: Fields, place: Place & { ip: string }): Promise<string | undefined>;
  /** `others`: it is there, and was typed on a form that was shown to another account. */
  find(id: string, place: Place): Promise<Fields | 'others' | undefined>;
}

interface Place {
  path: string;
  deviceId: string;
  /** Whom the form was shown to, as `Csrf` names them. */
  shownTo: string;
}

/** Seconds. */
const life = 600;
/** Of one draft, with the names of its fields. */
const mostBytes = 8_000;
/** Drafts of one network that are there at a time. */
const mostOfNetwork = 100;

export function createDrafts(ephemera: Ephemera, sealing: Sealing): Drafts {
  const context = (key: string): string => `draft:${key}`;

  return {
    async keep(fields, { ip, ...place }) {
      const typed = withoutSecrets(fields);
      if (Buffer.byteLength(JSON.stringify(typed)) > mostBytes) return undefined;
      if ((await ephemera.increment('limit', `drafts:${networkOf(ip)}`, life)) > mostOfNetwork) return undefined;

      const id = newSecret();
      const key = sha256(id);
      const text = JSON.stringify({ ...place, fields: typed });

      await ephemera.put('draft', key, sealing.seal(text, context(key)), { ttl: life });

      return id;
    },

    async find(id, place) {
      const key = sha256(id);
      const sealed = await ephemera.get('draft', key);

      if (typeof sealed !== 'string') return undefined;

      const kept = open(sealing, sealed, context(key));

      if (kept?.path !== place.path || kept.deviceId !== place.deviceId) return undefined;

      return kept.shownTo === place.shownTo ? kept.fields : 'others';
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
