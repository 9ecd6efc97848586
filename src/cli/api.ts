import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

import { nearest } from '../domain/nearest.ts';
import { asked, namedOf, operationsOf, type Operation } from './api-operations.ts';
import { printAnswer } from './api-print.ts';
import { exitCodes, Usage, type Call, type Command, type ExitCode, type Io } from './command.ts';

const ours = {
  url: { type: 'string' },
  body: { type: 'string' },
  json: { type: 'boolean' },
  all: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig;

/**
 * Everything that the APIs can do, on a server wherever it is: what there is, and what each takes, is read from the server's
 * own description, so that another version of it is no matter.
 */
export const apiCommand: Command = {
  words: 'api',
  summary: 'asks a server’s API: everything that the consoles do',
  usage: '[OPERATION [--FIELD VALUE …] [--body JSON|-]] --url ISSUER [--all] [--json]',
  details: `
  OPERATION     clients.list, profile.update, … ; without it, what there is
  --FIELD       a parameter or a field of the body; a list or an object as JSON
  --body        the whole body as JSON; - reads standard input
  --url         the server (or GATEHOUSE_URL)
  --all         every page of a list
  --json        the answer as it came; without it, a table
  --help        with an operation: what it takes

  The key is in GATEHOUSE_API_KEY: an option could be read by everybody on the machine.

  GATEHOUSE_API_KEY=gthk_… gatehouse api clients.list --url https://id.example.com
`,
  options: {},
  positionals: { least: 0, most: Infinity },
  parsesItself: true,

  async run({ positionals, io }: Call) {
    const [first = '', ...rest] = positionals;
    const name = first.startsWith('-') ? undefined : first || undefined;
    const words = name === undefined ? positionals : rest;
    const url = serverOf(words, io);
    const operations = await operationsOf(url);

    if (name === undefined) {
      parse(words, ours);
      printAnswer(io, {
        operations: operations.map(({ id, method, path, summary }) => ({ id, method, path, summary })),
      });

      return exitCodes.ok;
    }

    return run(found(operations, name), { words, url, io });
  },
};

async function run(
  operation: Operation,
  { words, url, io }: { words: readonly string[]; url: URL; io: Io },
): Promise<ExitCode> {
  const values = parse(words, { ...optionsOf(operation), ...ours });
  if (values['help'] === true) {
    io.out(helpOf(operation));
    return exitCodes.ok;
  }

  const { all, json, url: _, ...given } = values;
  const key = io.env['GATEHOUSE_API_KEY'];
  if (key === undefined || key === '')
    throw new Usage('GATEHOUSE_API_KEY is needed: a key that was made in the console.');

  const body = given['body'] === '-' ? await io.input() : given['body'];
  let request = asked(operation, { ...given, body });

  for (;;) {
    const answer = await send(request, { url, key });
    if (answer.status >= 400) return refuse(io, answer);

    if (typeof answer.body === 'string') io.out(answer.body);
    else printAnswer(io, answer.body, { json: json === true });

    const next = (answer.body as { next?: unknown } | undefined)?.next;
    if (typeof next !== 'string') {
      if (answer.tag !== null && json !== true) io.err(`Its version, for --if-match: ${answer.tag}\n`);
      return exitCodes.ok;
    }

    if (all !== true) {
      if (json !== true) io.err(`There is more: --after ${next}, or --all.\n`);
      return exitCodes.ok;
    }

    request = { ...request, query: { ...request.query, after: next } };
  }
}

/** Throws Usage. */
function parse(words: readonly string[], options: ParseArgsOptionsConfig): ReturnType<typeof parseArgs>['values'] {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: false, strict: true }).values;
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : String(error));
  }
}

function optionsOf({ parameters, fields }: Operation): ParseArgsOptionsConfig {
  return Object.fromEntries([...parameters, ...fields].map(({ option }) => [option, { type: 'string' as const }]));
}

function helpOf({ id, summary, method, path, parameters, fields }: Operation): string {
  const options = [...parameters, ...fields].map(
    ({ option, type, required, about }) =>
      `  --${option} ${type.toUpperCase()}${required ? '' : ' (optional)'}${about === '' ? '' : `  ${about}`}\n`,
  );

  return `${id}: ${summary}\n${method} ${path}\n${options.length > 0 ? `\n${options.join('')}` : ''}`;
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

/** Where a key goes to must be said before anything else is known. Throws Usage. */
function serverOf(words: readonly string[], io: Io): URL {
  const { values } = parseArgs({ args: [...words], options: ours, allowPositionals: true, strict: false });
  const given = typeof values['url'] === 'string' ? values['url'] : io.env['GATEHOUSE_URL'];
  if (given === undefined || given === '') throw new Usage('--url is needed (or GATEHOUSE_URL): where the server is.');
  if (!URL.canParse(given)) throw new Usage(`--url ${given} is no address.`);

  const url = new URL(given);
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isHere)) {
    throw new Usage('--url must be https: a key would be read on its way.');
  }

  return url;
}

interface Answer {
  status: number;
  body: unknown;
  tag: string | null;
}

async function send(
  { method, path, query, headers, body }: ReturnType<typeof asked>,
  { url, key }: { url: URL; key: string },
): Promise<Answer> {
  const address = new URL(path, url);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);

  const answer = await fetch(address, {
    method,
    // The key is for this server and for no other that it may name.
    redirect: 'error',
    headers: {
      authorization: `Bearer ${key}`,
      ...headers,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body }),
  }).catch((error: unknown) => ({ error }));
  if ('error' in answer) return { status: 503, body: { detail: `${url.origin} does not answer.` }, tag: null };

  const text = await answer.text();
  const isJson =
    /json/.test(answer.headers.get('content-type') ?? '') &&
    !/jsonl|ndjson/.test(answer.headers.get('content-type') ?? '');

  return {
    status: answer.status,
    body: text === '' ? undefined : isJson ? JSON.parse(text) : text,
    tag: answer.headers.get('etag'),
  };
}

function refuse(io: Io, { status, body }: Answer): ExitCode {
  const { detail, errors = [] } = (body ?? {}) as { detail?: string; errors?: { field: string; detail: string }[] };
  const beside = errors.filter(({ field }) => field !== '').map(({ field, detail: why }) => `${field}: ${why}\n`);

  io.err(beside.length > 0 ? beside.join('') : `${detail ?? `The server answered ${status}.`}\n`);
  if (status === 429) return exitCodes.later;

  return status === 503 ? exitCodes.unavailable : exitCodes.failed;
}
