import type { ParseArgsOptionsConfig } from 'node:util';

import { asked, type Operation, type Request } from './api-operations.ts';
import { openPrinter, type Format } from './api-print.ts';
import type { Answer, Ask } from './api-server.ts';
import { exitCodes, Usage, type Call, type ExitCode, type Io } from './command.ts';

/** What every operation takes on the command line, wherever it runs. */
export const callOptions = {
  body: { type: 'string' },
  json: { type: 'boolean' },
  ndjson: { type: 'boolean' },
  all: { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig;

export function optionsOf({ parameters, fields }: Operation): ParseArgsOptionsConfig {
  return Object.fromEntries(
    [...parameters, ...fields].map(({ option, type }) => [
      option,
      { type: type === 'boolean' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
}

/** Asks once, or for every page, and prints what comes. `operations`: the others, of which one may read a version. */
export async function callOperation(
  operation: Operation,
  { values, ask, io, operations }: { values: Call['values']; ask: Ask; io: Io; operations: readonly Operation[] },
): Promise<ExitCode> {
  const format: Format = values['ndjson'] === true ? 'ndjson' : values['json'] === true ? 'json' : 'table';
  const body = values['body'] === '-' ? await io.input() : values['body'];
  const whole = values['all'] === true;
  const printer = openPrinter(io, { format, columns: operation.columns, whole });
  const told = teller(io);

  const versioned = await withVersion(operation, { ...values, body }, { ask, operations });
  if ('status' in versioned) return refuse(io, versioned);

  let request: Request = versioned;
  for (;;) {
    const answer = await ask(request);
    if (answer.status >= 400) return refuse(io, answer);
    if (answer.stream) return streamTo(io, answer.stream);

    printer.page(answer.body);
    await io.drained();

    const next = (answer.body as { next?: unknown } | undefined)?.next;
    if (typeof next !== 'string' || !whole) {
      printer.end();
      if (format !== 'table') return exitCodes.ok;
      if (typeof next === 'string') io.err(`There is more: --after ${next}, or --all.\n`);
      else if (answer.tag !== undefined) io.err(`Its version, for --if-match: ${answer.tag}\n`);

      return exitCodes.ok;
    }

    told(answer.body);
    request = { ...request, query: { ...request.query, after: next } };
  }
}

/**
 * What replaces something has to name what was read of it. What does something to it (locks it, disables it) names the
 * version that it has now, unless told otherwise: nothing is overwritten by it that could have been seen.
 */
async function withVersion(
  operation: Operation,
  given: Readonly<Record<string, unknown>>,
  { ask, operations }: { ask: Ask; operations: readonly Operation[] },
): Promise<Request | Answer> {
  const needs = operation.parameters.some(({ option }) => option === 'if-match') && given['if-match'] === undefined;
  const read = operations.find(
    ({ method, path }) => method === 'GET' && path.endsWith('}') && operation.path.startsWith(`${path}/`),
  );
  if (!needs) return asked(operation, given);
  if (!read) throw new Usage('--if-match is needed: the version that was read, as the command to get it says it.');

  const request = asked(operation, { ...given, 'if-match': '' });
  const found = await ask(asked(read, given));
  if (found.status >= 400 || found.tag === undefined) return found;

  return { ...request, headers: { ...request.headers, 'If-Match': found.tag } };
}

async function streamTo(io: Io, stream: AsyncIterable<string>): Promise<ExitCode> {
  for await (const part of stream) {
    io.out(part);
    await io.drained();
  }

  return exitCodes.ok;
}

/** Milliseconds between two lines of how far it has come. */
const interval = 1000;

function teller(io: Io): (page: unknown) => void {
  let said = performance.now();
  let rows = 0;

  return (page) => {
    rows += Object.values(page as object).find(Array.isArray)?.length ?? 0;
    const now = performance.now();
    if (now - said < interval) return;

    said = now;
    io.err(`${rows.toLocaleString('en')} so far\n`);
  };
}

function refuse(io: Io, { status, body }: Answer): ExitCode {
  const { detail, errors = [] } = (body ?? {}) as { detail?: string; errors?: { field: string; detail: string }[] };
  const beside = errors.filter(({ field }) => field !== '').map(({ field, detail: why }) => `${field}: ${why}\n`);

  io.err(beside.length > 0 ? beside.join('') : `${detail ?? `The answer was ${status}.`}\n`);

  switch (status) {
    case 400:
    case 422:
      return exitCodes.invalid;
    case 401:
    case 403:
      return exitCodes.forbidden;
    case 429:
      return exitCodes.later;
    default:
      return status === 503 ? exitCodes.unavailable : exitCodes.failed;
  }
}

export function helpOf({ parameters, fields }: Operation): string {
  const about = ({ option, type, required, about: words }: ReturnType<typeof all>[number]) =>
    `  --${option}${type === 'boolean' ? '' : ` ${type.toUpperCase()}`}${required ? '' : ' (optional)'}${words === '' ? '' : `  ${words}`}\n`;
  const all = () => [...parameters, ...fields];

  return all().map(about).join('');
}
