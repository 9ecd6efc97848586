import { systemClock } from '../domain/clock.ts';
import type { BackedUp } from '../operations/backup.ts';
import { openNewFile, type NewFile } from './backup-file.ts';
import { exitCodes, Usage, type Call, type Command } from './command.ts';
import { fail, printJson } from './print.ts';
import { count, teller } from './progress.ts';
import { withSecrets } from './refused.ts';

/** `backup`: all of a store in a file, while servers go on. */
export const backupCommand: Command = {
  words: 'backup',
  summary: 'writes every record into a file, beside running servers',
  usage: 'FILE [--force] [--json]',
  details: `
  FILE     the file to be made, which only its owner can read; - is standard output
  --force  in the place of one that is there
  --json   prints the result as JSON

  All that was acknowledged before the start is in it. Secrets are in it as they are kept, sealed or hashed; the
  encryption key is not, and without that key nobody can restore it: keep the two apart.

  gatehouse backup /backups/gatehouse-$(date +%F).backup
`,
  options: { force: { type: 'boolean' }, json: { type: 'boolean' } },
  positionals: { least: 1, most: 1 },
  onExisting: true,
  async run(call) {
    const { io, values, positionals } = call;
    const [name = ''] = positionals;
    const json = values['json'] === true;
    if (name === '-' && json) throw new Usage('--json prints on standard output: name a file for the backup.');

    await using file = name === '-' ? standardOutput() : await openNewFile(name, { force: values['force'] === true });
    const began = performance.now();
    let made: BackedUp;

    try {
      made = await make(call, file);
    } catch (error) {
      if (isOfFile(error)) return fail(io, `${name} can't be written: ${error.message}. There is no backup.`);
      throw error;
    }

    const { rows, collections, oneMoment, sha256 } = made;
    const seconds = (performance.now() - began) / 1000;

    if (json) printJson(io, { rows, oneMoment, sha256, seconds: Math.round(seconds * 10) / 10, collections });
    if (!oneMoment)
      io.err('This MongoDB has no snapshots (5.0 and later have): what was written meanwhile may be in it in part.\n');
    io.err(`${count(rows)} rows in ${Math.ceil(seconds)} s. The encryption key is not in it: keep that apart.\n`);

    return exitCodes.ok;
  },
};

async function make({ io, config }: Call, { stream, keep }: NewFile): Promise<BackedUp> {
  const { makeBackup } = await import('../backing-up.ts');
  const settings = config();

  return withSecrets(settings, (secrets) =>
    makeBackup({ config: settings, secrets }, { clock: systemClock, told: teller(io), file: stream, kept: keep }),
  );
}

/** It is somebody else's who reads it whether they have all of it. Throws Usage where that is a person. */
function standardOutput(): NewFile {
  if (process.stdout.isTTY)
    throw new Usage('A backup is nothing to look at: send standard output somewhere, or name a file.');

  return { stream: process.stdout, keep: async () => undefined, [Symbol.asyncDispose]: async () => undefined };
}

/** The disk is full, the pipe is closed: a refusal of the system. */
function isOfFile(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error && ['write', 'fsync', 'rename'].includes((error as NodeJS.ErrnoException).syscall ?? '')
  );
}
