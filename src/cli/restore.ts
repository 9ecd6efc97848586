import type { Config } from '../config/schema.ts';
import { systemClock } from '../domain/clock.ts';
import type { BackupRead } from '../operations/backup-lines.ts';
import type { Restored } from '../operations/restore.ts';
import { exitCodes, type Call, type Command, type ExitCode } from './command.ts';
import { printJson, table } from './print.ts';
import { count, teller } from './progress.ts';
import { withSecrets } from './refused.ts';

/** `restore`: what a backup holds, into an empty store of whatever kind. */
export const restoreCommand: Command = {
  words: 'restore',
  summary: 'puts a backup into an empty store, in which everybody signs in anew',
  usage: 'FILE [--check] [--json]',
  details: `
  FILE     what gatehouse backup made
  --check  only reads all of it, and says whether it could be restored with the secrets of this configuration
  --json   prints the result as JSON

  The store is that of the configuration, of the same kind or another, and has to be empty. The encryption key that was
  in use has to be there: in development mode copy the key file into the data folder. All of the file is proved before
  anything is written. What was ended by anything is begun again with the same file; until it is done, nothing starts.

  gatehouse restore /backups/gatehouse-2026-12-01.backup
`,
  options: { check: { type: 'boolean' }, json: { type: 'boolean' } },
  positionals: { least: 1, most: 1 },
  async run(call) {
    const [file = ''] = call.positionals;
    const config = call.config();

    return withSecrets(config, async (secrets) => {
      const { checkBackup, restoreBackup } = await import('../backing-up.ts');
      const began = performance.now();
      const told = teller(call.io);

      const checked = await checkBackup({ secrets }, { file, told });
      warn(call, config, checked);
      if (call.values['check'] === true) return printChecked(call, checked);

      const restored = await restoreBackup({ config, secrets }, { file, checked, clock: systemClock, told });

      return print(call, { checked, restored, seconds: (performance.now() - began) / 1000 });
    });
  },
};

function warn({ io }: Call, { issuer }: Config, { header }: BackupRead): void {
  if (header.issuer === issuer) return;

  io.err(`It is of ${header.issuer}, and the issuer here is ${issuer}: apps know the one of the backup.\n`);
}

function printChecked({ io, values }: Call, { header, rows, collections, sha256 }: BackupRead): ExitCode {
  const { madeAt, release, issuer, records, oneMoment, encryptionKey } = header;

  if (values['json'] === true) {
    printJson(io, { madeAt, release, issuer, records, oneMoment, encryptionKey, rows, sha256, collections });
  } else {
    const cells = Object.entries(collections).map(([name, one]) => [name, count(one)]);
    io.out(table([['COLLECTION', 'ROWS'], ...cells]));
  }

  io.err(`Made ${madeAt}: ${count(rows)} rows, whole and as they were written. Nothing was restored.\n`);

  return exitCodes.ok;
}

function print(
  { io, values }: Call,
  { checked, restored, seconds }: { checked: BackupRead; restored: Restored; seconds: number },
): ExitCode {
  const { madeAt } = checked.header;
  const { rows, of, ended, resumed } = restored;

  if (values['json'] === true) {
    printJson(io, { madeAt, rows, of, ended, resumed, seconds: Math.round(seconds * 10) / 10 });
  } else if (Object.keys(ended).length > 0) {
    io.out(table([['ENDED', 'ROWS'], ...Object.entries(ended).map(([name, one]) => [name, count(one)])]));
  }

  io.err(
    `Restored ${count(rows)} of ${count(of)} rows in ${Math.ceil(seconds)} s. Everybody signs in anew, apps ask for ` +
      'consent again, and API keys, recovery codes, links and invitations have to be made anew.\n' +
      `What was changed after ${madeAt} is as it was before, which a backup can't know: passwords and second factors, ` +
      'locks, roles and deleted accounts, client secrets, signing keys. Where one of them was changed because somebody ' +
      'had got hold of it, change it again before people come back (README: Backups).\n',
  );

  return exitCodes.ok;
}
