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

/** The store answers, but we can't work with it: its password, what its user may do, its version. */
export class StoreUnfit extends Unavailable {
  /** EX_CONFIG of sysexits.h: starting again changes nothing. */
  readonly exitCode = 78;

  constructor(store: string, { reason, mend }: { reason: string; mend: string }) {
    super(`${store} can't be used: ${reason.replace(/\.$/, '')}. ${mend}`);
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
