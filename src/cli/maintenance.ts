import { exitCodes, type Command } from './command.ts';

/** `maintenance on`, `off` and `status`. */
const operator = { actor: 'command-line' };
const nothing = { options: {}, positionals: { least: 0, most: 0 }, onExisting: true } as const;

export const maintenanceOn: Command = {
  words: 'maintenance on',
  summary: 'closes the installation: within 5 s every node answers 503 and writes nothing',
  usage: '',
  ...nothing,
  async run({ io, services }) {
    const { maintenance } = await services();
    const turned = await maintenance.turnOn(operator);
    io.err(turned ? 'In maintenance: every node answers 503 within 5 seconds.\n' : 'It is in maintenance already.\n');

    return exitCodes.ok;
  },
};

export const maintenanceOff: Command = {
  words: 'maintenance off',
  summary: 'opens it again',
  usage: '',
  ...nothing,
  async run({ io, services }) {
    const { maintenance } = await services();
    const turned = await maintenance.turnOff(operator);
    io.err(turned ? 'Open again: every node answers within 5 seconds.\n' : 'It is not in maintenance.\n');

    return exitCodes.ok;
  },
};

export const maintenanceStatus: Command = {
  words: 'maintenance status',
  summary: 'says whether it is closed',
  usage: '',
  ...nothing,
  async run({ io, services }) {
    const { maintenance } = await services();
    const since = await maintenance.since();
    io.out(since === undefined ? 'open\n' : `in maintenance since ${new Date(since).toISOString()}\n`);

    return exitCodes.ok;
  },
};
