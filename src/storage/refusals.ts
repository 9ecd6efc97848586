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

/** The store does not answer, and without it there is nothing to start with. */
export class StoreAway extends Unavailable {
  /** EX_UNAVAILABLE of sysexits.h: it works once the store is there. */
  readonly exitCode = 69;

  constructor(store: string, { reason, mend }: { reason: string; mend: string }) {
    super(`${store}: ${reason.replace(/\.$/, '')}. ${mend}`);
  }
}

/** What was here lives elsewhere now: whoever went on here would go on from what others no longer see. */
export class StoreMoved extends Unavailable {
  /** EX_CONFIG of sysexits.h: starting again changes nothing. */
  readonly exitCode = 78;

  constructor({ to, at }: { to: string; at: number }) {
    super(
      `What was here was moved to ${to} at ${new Date(at).toISOString()}: start with the configuration that names it. To ` +
        'go on here instead, without what has changed there since: gatehouse move --undo',
    );
  }
}

/** It is being copied, from here or to here, and the copy is not finished. */
export class MoveUnfinished extends Unavailable {
  /** EX_TEMPFAIL of sysexits.h: it works once the move is done. */
  readonly exitCode = 75;

  constructor(way: { to: string } | { from: string }) {
    super(
      'to' in way
        ? `What is here is being moved to ${way.to}: run the same gatehouse move again to finish it, or go on here with ` +
            'gatehouse move --undo'
        : `What is here is a copy of ${way.from} that is not finished: run the same gatehouse move again to finish it.`,
    );
  }
}

/** Why a store is not copied to another. Nothing was changed, or it can go on where it ended. */
export class MoveRefused extends Error {
  /** 1: it will be refused again; 75: later it works; 78: the configuration has to change (sysexits.h). */
  readonly exitCode: 1 | 75 | 78;

  constructor(message: string, exitCode: 1 | 75 | 78 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What is here came out of a backup, and not all of it. */
export class RestoreUnfinished extends Unavailable {
  /** EX_TEMPFAIL of sysexits.h: it works once the restore is done. */
  readonly exitCode = 75;

  constructor(madeAt: string) {
    super(
      `What is here is a part of the backup of ${madeAt}: run the same gatehouse restore again to finish it, or name an ` +
        'empty place.',
    );
  }
}

/** Why no backup is made, or none restored. Nothing was changed, or it can be started again. */
export class BackupRefused extends Error {
  /** 1: it will be refused again; 75: later it works; 78: the configuration has to change (sysexits.h). */
  readonly exitCode: 1 | 75 | 78;

  constructor(message: string, exitCode: 1 | 75 | 78 = 1) {
    super(message);
    this.exitCode = exitCode;
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
      `Another node is running with a different ${setting}: give all nodes the same. ${waysToChange(setting)} A node ` +
        `that was killed counts as running until ${new Date(until).toISOString()}.`,
    );
  }
}

function waysToChange(setting: string): string {
  switch (setting) {
    case 'secrets.cookie_keys':
      return 'To change them, put a new cookie key behind the old one on every node and then in front of it.';
    case 'secrets.encryption_key':
      return 'To change it, put the new key into secrets.former_encryption_keys on every node first.';
    default:
      return 'To change it, stop every node first.';
  }
}

/** Each says what to do, and with which code of sysexits.h the program ends. */
export type Refusal =
  | SchemaTooNew
  | AlreadyRunning
  | StoreUnfit
  | StoreAway
  | StoreMoved
  | MoveUnfinished
  | MoveRefused
  | RestoreUnfinished
  | BackupRefused
  | KeyMissing
  | SecretsDiffer;

const refusals = [
  SchemaTooNew,
  AlreadyRunning,
  StoreUnfit,
  StoreAway,
  StoreMoved,
  MoveUnfinished,
  MoveRefused,
  RestoreUnfinished,
  BackupRefused,
  KeyMissing,
  SecretsDiffer,
];

export function isRefusal(error: unknown): error is Refusal {
  return refusals.some((refusal) => error instanceof refusal);
}
