import { Unavailable } from '../domain/errors.ts';

/** The data was written by a newer release. Nothing was touched; only that release, or a later one, can open it. */
export class SchemaTooNew extends Unavailable {
  /** EX_CONFIG of sysexits.h: starting again changes nothing. */
  readonly exitCode = 78;

  constructor(place: string, versions: { found: number; known: number }) {
    super(
      `${place} was written by a newer release (schema ${versions.found}, this one knows ${versions.known}): ` +
        'run that release or a later one.',
    );
  }
}

/** The folder already has a server: on SQLite there is one at a time. */
export class AlreadyRunning extends Unavailable {
  /** EX_TEMPFAIL of sysexits.h: it works once the other one has stopped. */
  readonly exitCode = 75;

  constructor(folder: string) {
    super(`Another server is using ${folder}: stop it first, or give this one a data folder of its own.`);
  }
}

/** It was sealed under a key that is not among ours: another installation's data, or a key that was lost. */
export class KeyMissing extends Error {
  /** EX_CONFIG of sysexits.h: starting again changes nothing. */
  readonly exitCode = 78;

  constructor(id: string) {
    super(
      `What is secret in this database was sealed under the key ${id}, which is not configured: put back the key file, ` +
        'or set secrets.encryption_key (for an earlier one: secrets.former_encryption_keys).',
    );
  }
}

/** Another node of the installation runs with other secrets: neither would accept what the other has given out. */
export class SecretsDiffer extends Error {
  /** EX_CONFIG of sysexits.h. */
  readonly exitCode = 78;

  /** `until`: when a node that was killed is no longer taken to be running, in milliseconds. */
  constructor(setting: string, until: number) {
    super(
      `Another node is running with a different ${setting}: give all nodes the same. To change it, put a new cookie ` +
        'key behind the old one on every node and then in front of it; for the others, stop every node first. A node ' +
        `that was killed counts as running until ${new Date(until).toISOString()}.`,
    );
  }
}
