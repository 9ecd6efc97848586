import type { JsonSchema } from './openapi-schemas.ts';

/** A field as people read it: `phone.number`, `text`, whether it must be there. */
export interface Field {
  name: string;
  type: string;
  required: boolean;
  about: string;
}

type Named = Readonly<Record<string, JsonSchema>>;

const deepest = 3;

/** The fields of an object, those within it below it. */
export function fieldsOf(schema: JsonSchema, named: Named, { above = '', depth = 0 } = {}): Field[] {
  const { properties = {}, required = [] } = meant(schema, named);

  return Object.entries(properties).flatMap(([key, value]) => {
    const field = meant(value as JsonSchema, named);
    const items = itemsOf(field);
    const name = `${above}${key}${items ? '[]' : ''}`;
    const about = (value as JsonSchema).description ?? field.description ?? '';
    const within = depth < deepest ? fieldsOf(items ?? field, named, { above: `${name}.`, depth: depth + 1 }) : [];

    return [{ name, type: typeOf(field, named), required: required.includes(key), about }, ...within];
  });
}

export function typeOf(given: JsonSchema, named: Named): string {
  const schema = meant(given, named);
  const choices = schema.anyOf ?? schema.oneOf;
  const items = itemsOf(schema);
  if (schema.enum) return schema.enum.map(String).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (choices) return [...new Set(choices.map((one) => typeOf(one as JsonSchema, named)))].join(' | ');
  if (items) return `list of ${typeOf(items, named)}`;
  if (schema.type === undefined) return 'any JSON';

  return [[schema.type].flat().join(' | '), schema.format].filter((part) => part !== undefined).join(', ');
}

function itemsOf({ items }: JsonSchema): JsonSchema | undefined {
  return typeof items === 'object' && !Array.isArray(items) ? (items as JsonSchema) : undefined;
}

function meant(schema: JsonSchema, named: Named): JsonSchema {
  const name = schema.$ref?.split('/').at(-1);

  return name === undefined ? schema : (named[name] ?? schema);
}
