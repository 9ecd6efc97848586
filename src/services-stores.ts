import type { Config } from './config/schema.ts';
import { ephemeraBackends, recordsBackends, type Place } from './storage/backends.ts';
import type { Ephemera } from './storage/ephemera.ts';
import { epochOf, inEpoch } from './storage/epoch.ts';
import type { Records } from './storage/records.ts';

/** The part of `services.ts` about which stores the configuration means. */
export interface Stores {
  records: Records;
  ephemera: Ephemera;
}

/** Both, or neither. */
export async function openStores(config: Config, place: Place): Promise<Stores> {
  await using opening = new AsyncDisposableStack();
  const records = opening.use(await openRecords(config, place));
  const ephemera = opening.use(await openEphemera(config, place));
  const stores = { records, ephemera: inEpoch(ephemera, await epochOf(records)) };

  opening.move();

  return stores;
}

/** Throws what the backend does: SchemaTooNew, AlreadyRunning or Unavailable. */
export function openRecords(config: Pick<Config, 'storage'>, place: Place): Promise<Records> {
  const { kind: _, ...options } = config.storage.records;

  return recordsBackendOf(config).openRecords(options, place);
}

export function recordsBackendOf({ storage }: Pick<Config, 'storage'>): (typeof recordsBackends)[number] {
  const { kind } = storage.records;
  const backend = recordsBackends.find((candidate) => candidate.kind === kind);

  if (!backend) {
    throw new TypeError(`no backend keeps records as ${kind}`);
  }

  return backend;
}

/** Where records are, in words: its kind and where it is, without the user and password of an address. */
export function labelOf(config: Pick<Config, 'storage' | 'data'>): string {
  const { kind, ...options } = config.storage.records;
  if (recordsBackendOf(config).inFolder) return `${kind} in ${config.data}`;

  const addresses = Object.values(options).filter((value) => typeof value === 'string' && value.includes('://'));
  const shown = addresses.map((address) => String(address).replace(/^(\w[\w+.-]*:\/\/)(?:.*@)?([^?]*).*$/s, '$1$2'));

  return [kind, ...shown].join(' at ');
}

function openEphemera(config: Config, place: Place): Promise<Ephemera> {
  const { kind, ...options } = config.storage.ephemera;
  const backend = ephemeraBackends.find((candidate) => candidate.kind === kind);

  if (!backend) {
    throw new TypeError(`no backend keeps ephemera as ${kind}`);
  }

  return backend.openEphemera(options, place);
}
