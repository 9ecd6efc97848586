import { once } from 'node:events';

import packageDocument from '../../package.json' with { type: 'json' };
import { loadConfig } from '../config/load.ts';
import { printProblems } from '../config/problems.ts';
import type { Config } from '../config/schema.ts';
import { systemClock } from '../domain/clock.ts';
import { Failure } from '../domain/errors.ts';
import type { Services } from '../services.ts';
import { isRefusal } from '../storage/refusals.ts';
import {
  exitCodes,
  overview,
  parseCommand,
  Usage,
  type Command,
  type ExitCode,
  type Io,
  type Parsed,
} from './command.ts';
import { commands } from './commands.ts';
import { completionOf } from './completion.ts';
import { isNew } from './new-machine.ts';
import { operationCommands } from './operations.ts';
import { ConfigurationRefused, withSecrets } from './refused.ts';
import { startCommand } from './start.ts';

/** From the words that were typed to the exit code. What a command needs is opened when it asks for it. */
const written: readonly Command[] = [startCommand, ...commands, completionOf(() => allOf([]))];
const { version } = packageDocument;
const mostInput = 1024 * 1024;
const isHelp = (word: string) => word === '--help' || word === '-h' || word === 'help';

export async function runCommandLine(args: readonly string[], io: Io = processIo): Promise<ExitCode> {
  try {
    const [first = '--help', second = '--help'] = args;

    if (first === '--version') {
      io.out(`${version}\n`);
      return exitCodes.ok;
    }

    const everyCommand = await allOf(args);
    if (isHelp(first)) {
      io.out(args.length > 1 ? overview(everyCommand, args.slice(1).join(' ')) : summed(everyCommand));
      return exitCodes.ok;
    }

    if (isHelp(second) && everyCommand.some(({ words }) => words.startsWith(`${first} `))) {
      io.out(overview(everyCommand, first));
      return exitCodes.ok;
    }

    return await run(parseCommand(everyCommand, args), io);
  } catch (error) {
    return explain(error, io);
  }
}

/** Where an operation has a command of its own, that is what runs here; a server is asked for the operation. */
async function allOf(args: readonly string[]): Promise<readonly Command[]> {
  const isElsewhere = args.some((word) => word === '--url' || word.startsWith('--url='));
  const isWritten = written.some(({ words }) => words.split(' ').every((word, at) => args[at] === word));
  // A server starts without what only operations need.
  if (isWritten && !isElsewhere) return written;

  const made = await operationCommands();
  const [first, second] = isElsewhere ? [made, written] : [written, made];
  const taken = new Set(first.map(({ words }) => words));

  return [...first, ...second.filter(({ words }) => !taken.has(words))];
}

/** Those that are written by hand, and how many more there are of each area. */
function summed(every: readonly Command[]): string {
  const made = every.filter((command) => !written.includes(command));
  const areas = [...Map.groupBy(made, ({ words }) => words.split(' ', 1)[0] ?? '')];

  return `${overview(every.filter((command) => written.includes(command)))}
Every operation of the admin API, on the storage here or with --url on a server (gatehouse help AREA says which):
  ${areas.map(([area, some]) => `${area} (${some.length})`).join(', ')}
`;
}

async function run({ command, values, positionals }: Parsed, io: Io): Promise<ExitCode> {
  if (values['help'] === true) {
    io.out(`gatehouse ${command.words} ${command.usage}\n\n${command.summary}\n${command.details ?? ''}`);
    return exitCodes.ok;
  }

  let opened: Promise<Services> | undefined;
  const config = (): Config => readConfig(io, { path: values['config'] });
  const configAt = (path: string): Config => readConfig(io, { path, beside: true });

  if (command.onExisting && values['url'] === undefined && isNew(config())) {
    io.err(
      `There is no data in ${config().data}: start the server once, or name the right folder with GATEHOUSE_DATA.\n`,
    );
    return exitCodes.failed;
  }

  try {
    return await command.run({
      values,
      positionals,
      io,
      config,
      configAt,
      services: () => (opened ??= open(config(), io)),
    });
  } finally {
    // One that could not be opened was told by the command's own failure.
    const [services] = await Promise.allSettled([opened]);
    if (services.status === 'fulfilled') await services.value?.[Symbol.asyncDispose]();
  }
}

function readConfig(io: Io, { path, beside = false }: { path: unknown; beside?: boolean }): Config {
  const loaded = loadConfig({ env: io.env, beside, ...(typeof path === 'string' ? { path } : {}) });

  if (loaded.problems) throw new ConfigurationRefused(loaded.problems);

  return loaded.config;
}

async function open(config: Config, io: Io): Promise<Services> {
  const { openServices } = await import('../services.ts');

  return withSecrets(config, (secrets) =>
    openServices({
      config,
      secrets,
      clock: systemClock,
      server: false,
      onError: (error) => io.err(`${error instanceof Error ? error.message : String(error)}\n`),
    }),
  );
}

/** One or more sentences for the operator, never a stack for what an operator can mend. */
function explain(error: unknown, io: Io): ExitCode {
  if (error instanceof ConfigurationRefused) {
    io.err(`Gatehouse can't use this configuration:\n${printProblems(error.problems)}`);
    return exitCodes.config;
  }

  if (error instanceof Usage) {
    io.err(`${error.message}\n`);
    return exitCodes.usage;
  }

  if (isRefusal(error)) {
    io.err(`${error.message}\n`);
    return error.exitCode;
  }

  if (isNoAddress(error)) {
    io.err(`The address ${error.hostname} can't be found: set GATEHOUSE_HOST to one of this machine's.\n`);
    return exitCodes.config;
  }

  if (isTaken(error)) {
    io.err(
      `The port ${error.port} is taken: stop what listens there, or choose another with GATEHOUSE_PORT (the sample app's: GATEHOUSE_DEMO_PORT).\n`,
    );
    return exitCodes.later;
  }

  if (error instanceof Failure) {
    io.err(`${error.message}\n`);
    return error.status === 503 ? exitCodes.unavailable : exitCodes.failed;
  }

  io.err(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitCodes.failed;
}

function isTaken(error: unknown): error is Error & { port: number } {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

function isNoAddress(error: unknown): error is Error & { hostname: string } {
  return error instanceof Error && 'hostname' in error && 'syscall' in error && error.syscall === 'getaddrinfo';
}

const processIo: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  async drained() {
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
  },
  env: process.env,
  async input() {
    let text = '';

    for await (const chunk of process.stdin.setEncoding('utf8')) {
      text += String(chunk);
      if (text.length > mostInput) throw new Usage('Standard input is larger than 1 MB.');
    }

    return text;
  },
};
