import { printConfig } from '../config/document.ts';
import { exitCodes, type Command } from './command.ts';
import { isNew } from './new-machine.ts';

export const configCommand: Command = {
  words: 'config',
  summary: 'prints the settings in force, secrets masked, and which of them administrators have set or a file fixes',
  usage: '',
  options: {},
  positionals: { least: 0, most: 0 },
  async run({ io, config, services }) {
    const given = config();
    if (isNew(given)) {
      io.out(printConfig(given));

      return exitCodes.ok;
    }

    let report;
    try {
      const opened = await services();
      report = await opened.settings.read();
      io.out(printConfig(opened.config));
    } catch (error) {
      // What the file says can be shown all the same.
      io.out(printConfig(given));
      io.err(`What administrators have set is not in it: ${error instanceof Error ? error.message : String(error)}\n`);

      return exitCodes.ok;
    }

    const lines = report.settings.flatMap(({ name, source, fixed }) => {
      if (source === 'default') return [];

      return [
        `# ${name}: ${source === 'fixed' ? `fixed by ${fixed}` : `set by administrators (version ${report.version})`}\n`,
      ];
    });
    io.out(lines.join(''));

    return exitCodes.ok;
  },
};
