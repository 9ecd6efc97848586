import type { Config } from '../config/schema.ts';
import type { Secrets } from '../config/secrets.ts';
import type { KeyUse } from '../domain/key-use.ts';
import type { Sealing } from '../storage/sealing.ts';
import type { KeyUses } from './key-uses.ts';
import type { Resealing } from './resealing.ts';

/**
 * The keys that stand in the configuration: what signs cookies and what encrypts in the database. They are changed there,
 * on every node; here it is said what each is still good for.
 */
export interface InstallationKeys {
  /** In the order of the configuration: the first is in use, the others are former ones. */
  list(): Promise<{ cookies: InstallationKey[]; encryption: InstallationKey[] }>;
  /** Of each, from when on its uses are counted. */
  begin(): Promise<void>;
  /** Of one that has signed a cookie or been found to. */
  noteCookie(at: number): void;
}

export interface InstallationKey {
  /** Says which one it is, and nothing of it. */
  name: string;
  current: boolean;
  /** Absent: no node has written anything down yet. */
  use?: KeyUse;
  /** Made of the encryption key, because the configuration names none. */
  derived: boolean;
  /**
   * Of a former cookie key: milliseconds from which on no browser that is signed in has a cookie of it, should it not be
   * seen again until then. Absent: not known yet, or it has to stay.
   */
  removableFrom?: number;
  /** Of a former encryption key: how much still rests under it, by the last look. Absent: nobody has looked yet. */
  left?: number;
  /** Of the same: what of the configuration is derived from it, so that it has to stay until that is set. */
  derives: string[];
}

export interface InstallationKeysDeps {
  config: Pick<Config, 'session'> & { secrets: Pick<Config['secrets'], 'cookie_keys' | 'hash_key' | 'pairwise_salt'> };
  secrets: Pick<Secrets, 'cookieKeys' | 'encryptionKeys'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  keyUses: KeyUses;
  resealing: Pick<Resealing, 'found'>;
}

/** A browser that is remembered for the second factor, in seconds (credentials/remembered-browsers.ts). */
const remembered = 30 * 86_400;

export function createInstallationKeys(deps: InstallationKeysDeps): InstallationKeys {
  const { config, secrets, sealing, keyUses, resealing } = deps;
  const cookies = secrets.cookieKeys.map((key) => sealing.keyedHash('key name', `cookie ${key}`).slice(0, 12));
  const encryption = secrets.encryptionKeys.map(({ id }) => id);
  const derived = config.secrets.cookie_keys.length === 0;
  const {
    cookie_keys: [cookieKey],
    hash_key,
    pairwise_salt,
  } = config.secrets;
  // What is made of the oldest encryption key (config/secrets.ts).
  const unset = Object.entries({ cookie_keys: cookieKey, hash_key, pairwise_salt }).flatMap(([name, value]) =>
    value === undefined ? [`secrets.${name}`] : [],
  );
  const longest = Math.max(config.session.absolute, remembered) * 1000;

  return {
    async list() {
      const [ofCookies, ofEncryption, resealed] = await Promise.all([
        keyUses.of('cookie', cookies),
        keyUses.of('encryption', encryption),
        resealing.found(),
      ]);

      return {
        cookies: cookies.map((name, at) => ({
          ...rowOf(name, at, ofCookies.get(name)),
          derived,
          derives: [],
          ...removable(at, ofCookies.get(name), longest),
        })),
        encryption: encryption.map((name, at) => {
          const row = { ...rowOf(name, at, ofEncryption.get(name)), derived: false };
          if (at === 0) return { ...row, derives: [] };

          // Secrets that are not set are made of the oldest of all.
          const derives = at === encryption.length - 1 ? unset : [];
          const left = resealed && (resealed.left[name] ?? 0);
          const isFree = resealed?.needed.includes(name) === false && derives.length === 0;

          return {
            ...row,
            derives,
            ...(left !== undefined && { left }),
            ...(isFree && { removableFrom: resealed?.doneAt ?? resealed.lookedAt }),
          };
        }),
      };
    },

    async begin() {
      await keyUses.begin('cookie', cookies);
      await keyUses.begin('encryption', encryption);
    },

    noteCookie(at) {
      const name = cookies[at];
      if (name !== undefined) keyUses.note('cookie', name);
    },
  };
}

function rowOf(name: string, at: number, use: KeyUse | undefined) {
  return { name, current: at === 0, ...(use && { use }) };
}

function removable(at: number, use: KeyUse | undefined, longest: number): Pick<InstallationKey, 'removableFrom'> {
  if (at === 0 || !use) return {};

  return { removableFrom: (use.lastAt ?? use.since) + longest };
}
