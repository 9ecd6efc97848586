import { Unavailable } from '../domain/errors.ts';
import { Usage } from './command.ts';

/** One thing that an installation can be asked for, as an OpenAPI document has it. */
export interface Operation {
  /** `admin.clients.list` */
  name: string;
  id: string;
  method: string;
  /** `/api/admin/v1/clients/{id}` */
  path: string;
  summary: string;
  parameters: readonly Option[];
  /** Of the body. */
  fields: readonly Option[];
  /** Of a list: the fields of a row that fit into a cell, in their order; `metadata.client_name` is within another. */
  columns: readonly string[];
}

export interface Option {
  /** As it is typed, without the dashes. */
  option: string;
  name: string;
  place: 'path' | 'query' | 'header' | 'body';
  type: string;
  /** Whether a text that is no JSON stands as it is. */
  takesText: boolean;
  required: boolean;
  about: string;
}

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  anyOf?: Schema[];
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  required?: string[];
}

interface Parameter {
  $ref?: string;
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  description?: string;
  schema: Schema;
}

interface Described {
  operationId: string;
  'x-name'?: string;
  summary: string;
  tags: string[];
  parameters?: Parameter[];
  requestBody?: { content: { 'application/json': { schema: Schema } } };
  responses: Record<string, { content?: { 'application/json'?: { schema: Schema } } }>;
}

interface Document {
  paths: Record<string, Record<string, Described>>;
  components: Record<string, Record<string, unknown>>;
}

type Meant = <T extends { $ref?: string }>(one: T) => T;

/** What a server says that it can be asked for. Throws Unavailable where there is no such server. */
export async function operationsOf(url: URL): Promise<Operation[]> {
  const answer = await fetch(new URL('/api/openapi.json', url), { redirect: 'error' }).catch(() => undefined);
  if (!answer?.ok) throw new Unavailable(`${url.origin} has no description of its API, or does not answer.`);

  return operationsIn(await answer.json());
}

export function operationsIn(described: unknown): Operation[] {
  const document = described as Document;
  const meant: Meant = (one) => {
    const [kind = '', name = ''] = one.$ref?.split('/').slice(-2) ?? [];

    return one.$ref === undefined ? one : (document.components[kind]?.[name] as typeof one);
  };

  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      id: operation.operationId,
      name: operation['x-name'] ?? operation.operationId,
      method: method.toUpperCase(),
      path,
      summary: operation.summary,
      parameters: (operation.parameters ?? []).map(meant).map(({ in: place, name, required, description, schema }) => ({
        option: optionOf(name),
        name,
        place,
        ...kindOf(meant(schema)),
        required: required ?? false,
        about: description ?? '',
      })),
      fields: fieldsOf(operation, meant),
      columns: columnsOf(operation, meant),
    })),
  );
}

function fieldsOf({ requestBody }: Described, meant: Meant): Option[] {
  const schema = requestBody && meant(requestBody.content['application/json'].schema);

  return Object.entries(schema?.properties ?? {}).map(([name, property]) => ({
    option: optionOf(name),
    name,
    place: 'body',
    ...kindOf(meant(property)),
    required: schema?.required?.includes(name) ?? false,
    about: property.description ?? '',
  }));
}

function columnsOf({ responses }: Described, meant: Meant): string[] {
  const done = (responses['200'] ?? responses['201'])?.content?.['application/json']?.schema;
  const properties = Object.values((done && meant(done).properties) ?? {}).map(meant);
  const rows = properties.flatMap(({ items }) => (items === undefined ? [] : [meant(items)]));
  const [row] = rows;

  return Object.entries((rows.length === 1 && row?.properties) || {}).flatMap(([name, property]) => {
    const { type, properties: inner = {}, required = [] } = meant(property);
    if (type === 'array') return [];
    if (type !== 'object') return [name];

    // Of what stands within it, what is always there: `metadata.client_name`.
    const always = Object.entries(inner).filter(([own]) => required.includes(own));

    return always.flatMap(([own, { type: kind }]) =>
      kind === 'string' || kind === 'integer' ? [`${name}.${own}`] : [],
    );
  });
}

/** What it may be called: `admin.clients.list`, `clients.list`, `adminClientsList`. */
export function namedOf({ id, name }: Operation): string[] {
  return [name, name.split('.').slice(1).join('.'), id];
}

/** What stands in the place of an id in the path comes before what is asked of it. */
export function pathParametersOf({ path, parameters }: Operation): Option[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

  return names.flatMap((name) => parameters.filter((one) => one.place === 'path' && one.name === name));
}

export interface Request {
  method: string;
  /** With the names of its parameters. */
  template: string;
  params: Record<string, string>;
  query: Record<string, string>;
  headers: Record<string, string>;
  body?: unknown;
}

/** The request that was typed; `given`: each option's value, and `body`: the whole of it as JSON. Throws Usage. */
export function asked(operation: Operation, given: Readonly<Record<string, unknown>>): Request {
  const { method, path, parameters, fields } = operation;
  const textOf = ({ option, place, required }: Option) => {
    const value = given[option];
    if (typeof value === 'string') return value;
    if (value === true) return 'true';
    if (required && place !== 'body') throw new Usage(`--${option} is needed.`);

    return undefined;
  };
  const at = (place: Option['place']) =>
    Object.fromEntries(
      parameters.flatMap((one) => {
        const value = one.place === place ? textOf(one) : undefined;

        return value === undefined ? [] : [[one.name, value]];
      }),
    );
  const headers = at('header');
  const typed = fields.flatMap((one) => {
    const value = textOf(one);

    return value === undefined ? [] : [[one.name, valueOf(one, value)] as const];
  });
  const whole = typeof given['body'] === 'string' ? jsonOf('body', given['body']) : {};

  return {
    method,
    template: path,
    params: at('path'),
    query: at('query'),
    headers: { ...headers, ...(headers['If-Match'] !== undefined && { 'If-Match': quoted(headers['If-Match']) }) },
    ...(fields.length > 0 && { body: { ...(whole as object), ...Object.fromEntries(typed) } }),
  };
}

/** A text stands as it is; whatever else is JSON. */
function valueOf({ type, takesText, option }: Option, text: string): unknown {
  if (type === 'string') return text;

  try {
    return JSON.parse(text);
  } catch {
    if (takesText) return text;
    throw new Usage(`--${option} must be JSON.`);
  }
}

function jsonOf(option: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Usage(`--${option} must be JSON.`);
  }
}

/** An ETag as it is shown, or what is within its quotes. */
function quoted(tag: string): string {
  return tag.startsWith('"') ? tag : `"${tag}"`;
}

/** Options of the commands themselves. */
export const ours = ['url', 'key-file', 'body', 'json', 'ndjson', 'all', 'config', 'help'] as const;

/** `displayName`: `display-name`; `url`, which is one of our own options: `set-url`. */
function optionOf(name: string): string {
  const option = name
    .replaceAll(/([a-z])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();

  return ours.some((own) => own === option) ? `set-${option}` : option;
}

function kindOf({ type, enum: choices, anyOf = [] }: Schema): Pick<Option, 'type' | 'takesText'> {
  if (choices?.every((one) => typeof one === 'string')) return { type: 'string', takesText: true };

  const types = [type ?? [], ...anyOf.map((one) => one.type ?? [])].flat();

  return { type: typeof type === 'string' ? type : 'json', takesText: types.includes('string') };
}
