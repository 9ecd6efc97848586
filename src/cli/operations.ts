import type { LocalAnswer } from '../app-local.ts';
import { callOperation, callOptions, helpOf, optionsOf } from './api-call.ts';
import { operationsIn, pathParametersOf, type Operation } from './api-operations.ts';
import { askingServer, keyFrom, serverAt, type Answer, type Ask } from './api-server.ts';
import { Usage, type Call, type Command } from './command.ts';

/**
 * Every operation of the admin API as a command: `clients.secrets.rotate` is `clients secrets rotate ID`. Without `--url`
 * it runs here, on the storage of the configuration; with it a server is asked. Both are made of the one list.
 */
export function operationCommands(): Promise<readonly Command[]> {
  return (made ??= make());
}

let made: Promise<readonly Command[]> | undefined;

async function make(): Promise<Command[]> {
  const { describeLocally } = await import('../app-local.ts');
  const operations = operationsIn(describeLocally());

  return operations.flatMap((operation) => {
    const words = wordsOf(operation);
    const short = shortOf(words);

    return [
      commandOf(operation, { words, operations }),
      ...(short === undefined ? [] : [commandOf(operation, { words: short, operations })]),
    ];
  });
}

/** Those of an account are typed most often. */
const areas = ['sessions', 'grants'];

function wordsOf({ name }: Operation): string {
  return name.split('.').slice(1).join(' ');
}

/** `accounts sessions list`: `sessions list` as well. */
function shortOf(words: string): string | undefined {
  const [area, things = ''] = words.split(' ');

  return area === 'accounts' && areas.includes(things) ? words.slice('accounts '.length) : undefined;
}

function commandOf(
  operation: Operation,
  { words, operations }: { words: string; operations: readonly Operation[] },
): Command {
  const places = pathParametersOf(operation);
  const names = places.map(({ option }) => option.toUpperCase().replaceAll('-', '_'));
  const { summary, parameters, fields } = operation;
  const isList = parameters.some(({ option }) => option === 'after');

  return {
    words,
    summary,
    usage: [
      ...names,
      ...[...parameters, ...fields].filter(({ place }) => place !== 'path').map(usageOf),
      ...(isList ? ['[--all]'] : []),
      '[--json]',
      '[--url ISSUER]',
    ].join(' '),
    details: detailsOf(operation, { isList }),
    options: { ...optionsOf(operation), ...callOptions, url: { type: 'string' }, 'key-file': { type: 'string' } },
    positionals: { least: 0, most: places.length },
    onExisting: true,

    async run(call) {
      const values = withPlaces(call, places);
      const ask = values['url'] === undefined ? askingHere(call) : await askingThere(call);

      return callOperation(operation, { values, ask, io: call.io, operations });
    },
  };
}

function usageOf({ option, type, required }: Operation['fields'][number]): string {
  const text = type === 'boolean' ? `--${option}` : `--${option} ${type.toUpperCase()}`;
  // A version is read where it is not given, or asked for in so many words.
  const isNeeded = required && option !== 'if-match';

  return isNeeded ? text : `[${text}]`;
}

function detailsOf(operation: Operation, { isList }: { isList: boolean }): string {
  const hasVersion = operation.parameters.some(({ option }) => option === 'if-match');
  const own = helpOf({ ...operation, parameters: operation.parameters.filter(({ place }) => place !== 'path') });

  return `
${own}${operation.fields.length > 0 ? '  --body JSON  the whole body; - reads standard input\n' : ''}${
    isList ? '  --all  every page\n  --ndjson  each row as a line of JSON\n' : ''
  }  --json  one JSON document; without it, a table or a line a field
  --url ISSUER  asks that server; without it, this runs on the storage here
  --key-file FILE  with --url: where the key is (or GATEHOUSE_API_KEY)
${hasVersion ? '\n  The version for --if-match is what the command to get it prints below its answer.\n' : ''}${
    operation.path.includes('{') ? '\n  An id that begins with a dash stands last, behind two of them: -- ID\n' : ''
  }`;
}

/** Ids stand in the order of the path, or by their names. Throws Usage. */
function withPlaces({ values, positionals }: Call, places: readonly { option: string }[]): Call['values'] {
  const left = places.filter(({ option }) => values[option] === undefined);
  if (left.length !== positionals.length) {
    const names = places.map(({ option }) => option.toUpperCase()).join(' ');
    throw new Usage(places.length === 0 ? 'Nothing is named here but by options.' : `Name it: ${names}.`);
  }

  return { ...values, ...Object.fromEntries(left.map(({ option }, at) => [option, positionals[at]])) };
}

async function askingThere({ values, io }: Call): Promise<Ask> {
  const url = serverAt(values['url']);

  return askingServer(url, await keyFrom(io, values['key-file']));
}

function askingHere(call: Call): Ask {
  return async ({ headers, ...request }) => {
    const { askLocally } = await import('../app-local.ts');
    const match = headers['If-Match']?.slice(1, -1);
    const idempotencyKey = headers['Idempotency-Key'];
    const done = await askLocally(await call.services(), {
      ...request,
      ...(match !== undefined && { match }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });

    return answerOf(done);
  };
}

/** As it would come over the network. */
function answerOf(done: LocalAnswer): Answer {
  if ('refused' in done) {
    const { status, ...body } = done.refused;

    return { status, body };
  }

  const { answer, stream, tag } = done;

  return {
    status: 200,
    ...(tag !== undefined && { tag: `"${tag}"` }),
    ...(answer && { body: JSON.parse(JSON.stringify(answer)) as unknown }),
    ...(stream && { stream: stream.text }),
  };
}
