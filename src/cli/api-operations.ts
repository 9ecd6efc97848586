import { Unavailable } from '../domain/errors.ts';
import { Usage } from './command.ts';

/** One thing that a server can be asked for, as its OpenAPI document has it. */
export interface Operation {
  /** `admin.clients.list` */
  name: string;
  id: string;
  method: string;
  path: string;
  summary: string;
  parameters: readonly Option[];
  /** Of the body. */
  fields: readonly Option[];
}

interface Option {
  /** As it is typed, without the dashes. */
  option: string;
  name: string;
  place: 'path' | 'query' | 'header' | 'body';
  type: string;
  required: boolean;
  about: string;
}

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  description?: string;
  properties?: Record<string, Schema>;
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
}

interface Document {
  paths: Record<string, Record<string, Described>>;
  components: Record<string, Record<string, unknown>>;
}

/** Throws Unavailable where there is no such server. */
export async function operationsOf(url: URL): Promise<Operation[]> {
  const answer = await fetch(new URL('/api/openapi.json', url), { redirect: 'error' }).catch(() => undefined);
  if (!answer?.ok) throw new Unavailable(`${url.origin} has no description of its API, or does not answer.`);

  const document = (await answer.json()) as Document;
  const meant = <T extends { $ref?: string }>(one: T): T => {
    const [kind = '', name = ''] = one.$ref?.split('/').slice(-2) ?? [];

    return one.$ref === undefined ? one : (document.components[kind]?.[name] as T);
  };

  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      id: described.operationId,
      name: described['x-name'] ?? described.operationId,
      method: method.toUpperCase(),
      path,
      summary: described.summary,
      parameters: (described.parameters ?? []).map(meant).map(({ in: place, name, required, description, schema }) => ({
        option: optionOf(name),
        name,
        place,
        type: typeOf(meant(schema)),
        required: required ?? false,
        about: description ?? '',
      })),
      fields: fieldsOf(described, meant),
    })),
  );
}

function fieldsOf({ requestBody }: Described, meant: (schema: Schema) => Schema): Option[] {
  const schema = requestBody && meant(requestBody.content['application/json'].schema);

  return Object.entries(schema?.properties ?? {}).map(([name, property]) => ({
    option: optionOf(name),
    name,
    place: 'body',
    type: typeOf(meant(property)),
    required: schema?.required?.includes(name) ?? false,
    about: property.description ?? '',
  }));
}

/** What it may be called: `admin.clients.list`, `clients.list`, `adminClientsList`. */
export function namedOf({ id, name }: Operation): string[] {
  return [name, name.split('.').slice(1).join('.'), id];
}

interface Request {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body?: string;
}

/** The request that was typed; `given`: each option's value, and `body`: the whole of it as JSON. Throws Usage. */
export function asked(operation: Operation, given: Readonly<Record<string, unknown>>): Request {
  const { method, path, parameters, fields } = operation;
  const textOf = ({ option, place, required }: Option) => {
    const value = given[option];
    if (typeof value === 'string') return value;
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
  const ids = at('path');
  const typed = fields.flatMap((one) => {
    const value = textOf(one);

    return value === undefined ? [] : [[one.name, valueOf(one, value)] as const];
  });
  const whole = typeof given['body'] === 'string' ? jsonOf('body', given['body']) : {};
  const body = fields.length > 0 ? JSON.stringify({ ...(whole as object), ...Object.fromEntries(typed) }) : undefined;

  return {
    method,
    path: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? '')),
    query: at('query'),
    headers: at('header'),
    ...(body !== undefined && { body }),
  };
}

/** A text stands as it is; whatever else is JSON. */
function valueOf({ type, option }: Option, text: string): unknown {
  return type === 'string' ? text : jsonOf(option, text);
}

function jsonOf(option: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Usage(`--${option} must be JSON.`);
  }
}

/** `displayName`: `display-name` */
function optionOf(name: string): string {
  return name
    .replaceAll(/([a-z])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();
}

function typeOf({ type, enum: choices }: Schema): string {
  if (choices?.every((one) => typeof one === 'string')) return 'string';

  return typeof type === 'string' ? type : 'json';
}
