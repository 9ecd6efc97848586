import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

import type { Config } from '../config/schema.ts';
import { nearest } from '../domain/nearest.ts';
import type { Services } from '../services.ts';

/**
 * The command line: one file a command. A command parses its own words, calls an operation and prints; it owns no rule
 * and opens no store itself. Results go to standard output, everything for people to standard error.
 */
export interface Io {
  out: (text: string) => void;
  err: (text: string) => void;
  /** Once what was given to `out` is on its way: whoever writes much waits for it, and holds no more than a part. */
  drained: () => Promise<void>;
  /** All of standard input; at most 1 MB. */
  input: () => Promise<string>;
  env: Readonly<Record<string, string | undefined>>;
}

export interface Call {
  values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  positionals: readonly string[];
  io: Io;
  /** Reads and checks the configuration; throws ConfigurationRefused with every problem. */
  config: () => Config;
  /** A second one, of another place: what its file says of `data` and `storage` wins over variables. Throws likewise. */
  configAt: (path: string) => Config;
  /** Opens storage and what stands on it, beside a running server. Closed when the command ends. */
  services: () => Promise<Services>;
}

export interface Command {
  /** `client create` */
  words: string;
  summary: string;
  /** What follows the words: `--email ADDRESS [--verified]`. */
  usage: string;
  options: ParseArgsOptionsConfig;
  /** Each option in words, and examples: what `--help` prints below the usage. */
  details?: string;
  /** How many words may follow that are not options. */
  positionals: { least: number; most: number };
  /** Its options are known only when it runs: it is given its words as they are. */
  parsesItself?: true;
  /** Works on what is there already: refused where there is no data yet, rather than making some. */
  onExisting?: true;
  run(call: Call): Promise<ExitCode>;
}

/**
 * sysexits.h: 64 a wrong call, 65 what was given breaks a rule, 69 storage or a server does not answer, 75 try again later,
 * 77 not with this key, 78 a configuration that can't be used.
 */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 64,
  invalid: 65,
  unavailable: 69,
  later: 75,
  forbidden: 77,
  config: 78,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A wrong call, told in one sentence; exit code 64. */
export class Usage extends Error {}

const everywhere = { config: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;

export type Parsed = { command: Command; values: Call['values']; positionals: string[] };

/** Finds the command by the longest words that fit and parses the rest. Throws Usage. */
export function parseCommand(commands: readonly Command[], args: readonly string[]): Parsed {
  const command = commands
    .filter(({ words }) => words.split(' ').every((word, index) => args[index] === word))
    .sort((a, b) => b.words.length - a.words.length)[0];

  if (!command) {
    const words = args
      .filter((word) => !word.startsWith('-'))
      .slice(0, 2)
      .join(' ');
    const known = commands.map((one) => one.words);
    const meant = nearest(words, known);

    throw new Usage(
      `There is no command "${words}". ${meant === undefined ? `There are: ${known.join(', ')}.` : `Did you mean "${meant}"?`}`,
    );
  }

  const parsed = parse(command, args.slice(command.words.split(' ').length));
  const { least, most } = command.positionals;

  if (!parsed.values['help'] && (parsed.positionals.length < least || parsed.positionals.length > most)) {
    throw new Usage(`Call it like this: gatehouse ${command.words} ${command.usage}`);
  }

  return { command, values: parsed.values, positionals: parsed.positionals };
}

function parse(command: Command, args: string[]) {
  if (command.parsesItself) {
    const [first, ...others] = args;
    const isHelp = others.length === 0 && (first === '--help' || first === '-h');

    return { values: { help: isHelp }, positionals: args };
  }

  try {
    return parseArgs({ args, options: { ...command.options, ...everywhere }, allowPositionals: true, strict: true });
  } catch (error) {
    throw new Usage(
      `${error instanceof Error ? error.message : String(error)}\nCall it like this: gatehouse ${command.words} ${command.usage}`,
    );
  }
}

/** The commands that begin with `group`, or all. */
export function overview(every: readonly Command[], group = ''): string {
  const commands = every.filter(({ words }) => group === '' || words.startsWith(`${group} `));
  const width = Math.max(...commands.map(({ words }) => words.length));
  const lines = commands.map(({ words, summary }) => `  gatehouse ${words.padEnd(width)}  ${summary}`);

  return `${lines.join('\n')}\n\nEach takes --config FILE (or GATEHOUSE_CONFIG) and --help.\n`;
}

/** The value of an option that must be there. Throws Usage. */
export function needed(call: Call, name: string): string {
  const value = call.values[name];

  if (typeof value !== 'string' || value === '') {
    throw new Usage(`--${name} is needed.`);
  }

  return value;
}
