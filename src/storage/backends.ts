import { z } from 'zod';
import type { Clock } from '../domain/clock.ts';
import type { Ephemera } from './ephemera.ts';
import type { Records } from './records.ts';

/**
 * The list of what data can be kept in. The configuration takes each backend's options from here, the composition root
 * opens by kind, and the contract suites run through all of it: a new backend is one folder and one entry. A driver is
 * loaded only when its backend is opened. It knows no setting besides a backend's own.
 */
export interface Backend<Options = unknown> {
  kind: string;
  /** A strict object, every field described: it becomes part of the configuration beside `kind`. */
  options: z.ZodObject & z.ZodType<Options>;
  /** It keeps its files in the data folder, which has one server at a time; else any number of nodes share it. */
  inFolder?: true;
  /** Opens, making what is missing and migrating what is old. Throws SchemaTooNew, AlreadyRunning or Unavailable. */
  openRecords?(options: Options, place: Place): Promise<Records>;
  openEphemera?(options: Options, place: Place): Promise<Ephemera>;
}

export interface Place {
  clock: Clock;
  /** The data folder, for backends that keep files. */
  data: string;
  /** Whether this process serves: a backend that can have one server only then refuses a second. */
  server: boolean;
}

const sqlite: Backend<object> = {
  kind: 'sqlite',
  options: z.strictObject({}),
  inFolder: true,
  openRecords: async (_options, place) => (await import('./sqlite/records.ts')).openSqliteRecords(place),
  openEphemera: async (_options, place) => (await import('./sqlite/ephemera.ts')).openSqliteEphemera(place),
};

const backends: readonly Backend[] = [sqlite];

export const recordsBackends = backends.filter(keepsRecords);
export const ephemeraBackends = backends.filter(keepsEphemera);

function keepsRecords(backend: Backend): backend is Backend & Required<Pick<Backend, 'openRecords'>> {
  return backend.openRecords !== undefined;
}

function keepsEphemera(backend: Backend): backend is Backend & Required<Pick<Backend, 'openEphemera'>> {
  return backend.openEphemera !== undefined;
}
