import { z } from 'zod';

/** As OpenAPI 3.1 has it: JSON Schema 2020-12. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * What an endpoint takes and answers, as JSON Schema. A schema with an `id` (zod's `meta`) is written once, and referred to
 * from wherever it stands: whoever generates a client gets a type of that name.
 */
export interface Schemas {
  of(schema: z.ZodType, io: 'input' | 'output'): JsonSchema;
  /** Each under its name. */
  readonly named: Readonly<Record<string, JsonSchema>>;
}

const definitions = '#/$defs/';

export function createSchemas(): Schemas {
  const named: Record<string, JsonSchema> = {};

  return {
    named,

    of(schema, io) {
      const options = { io, unrepresentable: 'any', override: plain } as const;
      const { $schema: _, $defs = {}, ...whole } = z.toJSONSchema(schema, options) as JsonSchema;

      for (const [name, one] of Object.entries($defs)) {
        if (!isUnnamed(name)) named[name] ??= referring(one) as JsonSchema;
      }

      return referring(whole) as JsonSchema;
    },
  };
}

/** What zod says beyond what anybody needs to be told. */
function plain({ jsonSchema: schema }: { jsonSchema: JsonSchema }): void {
  // How a date is written is what `format` says.
  if (schema.format === 'date-time') delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  delete schema.propertyNames;
  delete schema['id'];
}

/** The same, with references to where OpenAPI keeps what they name. */
function referring(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(referring);
  if (typeof part !== 'object' || part === null) return part;

  const { $ref } = part as JsonSchema;
  if (typeof $ref === 'string' && $ref.startsWith(definitions)) {
    const name = $ref.slice(definitions.length);

    return isUnnamed(name) ? {} : { $ref: `#/components/schemas/${name}` };
  }

  return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, referring(one)]));
}

/** What contains itself and has no name: that is JSON of any kind (`z.json()`). */
function isUnnamed(name: string): boolean {
  return name.startsWith('__');
}
