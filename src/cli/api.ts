import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

import { nearest } from '../domain/nearest.ts';
import { callOperation, callOptions, helpOf, optionsOf } from './api-call.ts';
import { namedOf, operationsOf, type Operation } from './api-operations.ts';
import { openPrinter } from './api-print.ts';
import { askingServer, keyFrom, serverAt } from './api-server.ts';
import { exitCodes, Usage, type Call, type Command, type ExitCode, type Io } from './command.ts';

const own = {
  ...callOptions,
  url: { type: 'string' },
  'key-file': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig;

/**
 * Everything that the APIs can do, on a server wherever it is: what there is, and what each takes, is read from the server's
 * own description, so that another version of it is no matter.
 */
export const apiCommand: Command = {
  words: 'api',
  summary: 'asks a server’s API, of whatever version: everything that the consoles do',
  usage: '[OPERATION [--FIELD VALUE …] [--body JSON|-]] --url ISSUER [--all] [--json|--ndjson]',
  details: `
  OPERATION     clients.list, profile.update, … ; without it, what there is
  --FIELD       a parameter or a field of the body; a list or an object as JSON
  --body        the whole body as JSON; - reads standard input
  --url         the server (or GATEHOUSE_URL)
  --key-file    where the key is (or GATEHOUSE_API_KEY: the key itself)
  --all         every page of a list
  --json        the answer as one JSON document; without it, a table
  --ndjson      each row of a list as a line of JSON
  --help        with an operation: what it takes

  A key is never an option: everybody on the machine could read it there.

  GATEHOUSE_API_KEY=gthk_… gatehouse api clients.list --url https://id.example.com
`,
  options: {},
  positionals: { least: 0, most: Infinity },
  parsesItself: true,

  async run({ positionals, io }: Call) {
    const [first = '', ...rest] = positionals;
    const name = first.startsWith('-') ? undefined : first || undefined;
    const words = name === undefined ? positionals : rest;
    const { url: given } = parseArgs({ args: [...words], options: own, allowPositionals: true, strict: false }).values;
    const url = serverAt(typeof given === 'string' ? given : io.env['GATEHOUSE_URL']);
    const operations = await operationsOf(url);

    if (name === undefined) {
      parse(words, own);
      const printer = openPrinter(io, { format: 'table' });
      printer.page({ operations: operations.map(({ id, method, path, summary }) => ({ id, method, path, summary })) });

      return exitCodes.ok;
    }

    return run(found(operations, name), { words, url, io, operations });
  },
};

async function run(
  operation: Operation,
  { words, url, io, operations }: { words: readonly string[]; url: URL; io: Io; operations: readonly Operation[] },
): Promise<ExitCode> {
  const values = parse(words, { ...optionsOf(operation), ...own });
  if (values['help'] === true) {
    const { id, summary, method, path } = operation;
    const options = helpOf(operation);
    io.out(`${id}: ${summary}\n${method} ${path}\n${options === '' ? '' : `\n${options}`}`);

    return exitCodes.ok;
  }

  const ask = askingServer(url, await keyFrom(io, values['key-file']));

  return callOperation(operation, { values, ask, io, operations });
}

/** Throws Usage. */
function parse(words: readonly string[], options: ParseArgsOptionsConfig): ReturnType<typeof parseArgs>['values'] {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: false, strict: true }).values;
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : String(error));
  }
}

/** Throws Usage where no operation, or more than one, is meant. */
function found(operations: readonly Operation[], name: string): Operation {
  const meant = operations.filter((operation) => namedOf(operation).includes(name));
  const [first, second] = meant;
  if (first && !second) return first;

  if (second) throw new Usage(`Which of them: ${meant.map((one) => namedOf(one)[0]).join(', ')}?`);

  const close = nearest(name, operations.flatMap(namedOf));
  throw new Usage(
    `There is no operation "${name}". ${close === undefined ? 'gatehouse api --url … says which there are.' : `Did you mean "${close}"?`}`,
  );
}
