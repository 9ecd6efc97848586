import { systemClock } from '../domain/clock.ts';
import type { Config } from '../config/schema.ts';
import type { Moved } from '../operations/move.ts';
import { exitCodes, needed, Usage, type Call, type Command, type ExitCode } from './command.ts';
import { printJson, table } from './print.ts';
import { count, teller } from './progress.ts';
import { withSecrets } from './refused.ts';

/** `move`: from the store of one configuration to the store of another. */
export const moveCommand: Command = {
  words: 'move',
  summary: 'copies every record to another store, which then takes the place of the first',
  usage: '--to FILE [--from FILE] [--json]  |  --undo [--from FILE]',
  details: `
  --to FILE    the configuration to come, naming a store with nothing in it
  --from FILE  the configuration of today; else --config, GATEHOUSE_CONFIG and variables as for a start
  --json       prints the result as JSON
  --undo       goes on with the first store after all, without what has changed in the other

  What a file given here says of data and storage wins over variables; everything else is as for a start. On SQLite,
  stop the server first. Where nodes share a store, they answer 503 from the beginning of the move on; stop them
  afterwards. A move that was ended by anything goes on when it is started again.

  gatehouse move --to gatehouse-mongo.yaml
`,
  options: {
    from: { type: 'string' },
    to: { type: 'string' },
    json: { type: 'boolean' },
    undo: { type: 'boolean' },
  },
  positionals: { least: 0, most: 0 },
  async run(call) {
    const from = typeof call.values['from'] === 'string' ? call.configAt(call.values['from']) : call.config();

    if (call.values['undo'] !== true) return moveTo(call, from, call.configAt(needed(call, 'to')));
    if (call.values['to'] !== undefined) throw new Usage('--undo takes no --to: it is about --from.');

    return undo(call, from);
  },
};

async function moveTo(call: Call, from: Config, to: Config): Promise<ExitCode> {
  const { moveBetween, checkThere } = await import('../moving.ts');
  checkThere(from);

  const began = performance.now();
  const moved = await withSecrets(from, (old) =>
    withSecrets(to, (secrets) =>
      moveBetween(
        { config: from, secrets: old },
        { config: to, secrets },
        {
          clock: systemClock,
          told: teller(call.io),
        },
      ),
    ),
  );

  print(call, moved, (performance.now() - began) / 1000);

  return exitCodes.ok;
}

async function undo({ io }: Call, from: Config): Promise<ExitCode> {
  const { undoMoveFrom, checkThere } = await import('../moving.ts');
  checkThere(from);

  const to = await withSecrets(from, (secrets) => undoMoveFrom({ config: from, secrets }, systemClock));
  io.err(
    `It goes on here. What changed in ${to} since is not here: stop every server there, and remove it, ` +
      'before people come back.\n',
  );

  return exitCodes.ok;
}

function print({ io, values }: Call, { rows, resumed, mended, collections }: Moved, seconds: number): void {
  if (values['json'] === true) {
    printJson(io, { rows, resumed, mended, seconds: Math.round(seconds * 10) / 10, collections });
  } else {
    const cells = Object.entries(collections).map(([name, one]) => [name, count(one.rows), one.sha256]);
    io.out(table([['COLLECTION', 'ROWS', 'SHA-256 ON BOTH SIDES'], ...cells]));
  }

  io.err(
    `Moved ${count(rows)} rows in ${Math.ceil(seconds)} s; both sides are the same. Start with the new configuration ` +
      'from now on. The old one refuses to start, and nothing in it was removed.\n',
  );
}
