import { printConfig } from '../config/document.ts';
import { exitCodes, type Command } from './command.ts';

export const configCommand: Command = {
  words: 'config',
  summary: 'prints the settings in force, secrets masked',
  usage: '',
  options: {},
  positionals: { least: 0, most: 0 },
  run({ io, config }) {
    io.out(printConfig(config()));

    return Promise.resolve(exitCodes.ok);
  },
};
