import { z } from 'zod';

import { formatBytes, formatDuration, parseBytes, parseDuration } from './units.ts';

/**
 * The forms that a setting can have. Each one is a zod schema and what people are told about it: the loader, the
 * generated example and the masked print-out all read this one registry, so a setting is described once.
 */
export type About = {
  form: 'section' | 'backend' | 'text' | 'number' | 'switch' | 'choice' | 'duration' | 'size' | 'list' | 'table';
  description: string;
  /** What a right value looks like, as the end of 'must be …'. */
  expects: string;
  /** The same for one entry of a list. */
  each?: string;
  unit?: string;
  /** The default as it is written in the file; absent where the default depends on something else. */
  fallback?: unknown;
  /** What holds when the setting is left out and has no fixed default. */
  unset?: string;
  /** Masked wherever it is shown; also read from the file that `<name>_file` or `…_FILE` names. */
  secret?: boolean;
  example?: string;
  /** The right value that a wrong one probably means. */
  suggest?: (value: string) => string | undefined;
  /** The settings inside a section, or inside each entry of a list. */
  shape?: Shape;
  /** The kinds of storage that have it, where not all have. */
  kinds?: readonly string[];
  /** What one of those kinds says of it. */
  ofKind?: Readonly<Record<string, About>>;
};

type Shape = Record<string, z.ZodType>;

const known = new WeakMap<z.core.$ZodType, About>();

/** What people are told about a setting or a section; undefined for a schema that is not one. */
export function aboutSetting(schema: z.core.$ZodType): About | undefined {
  return known.get(schema);
}

type Words = Pick<About, 'description'> &
  Partial<Pick<About, 'unset' | 'secret' | 'example' | 'expects' | 'each' | 'suggest'>>;

function wordsOf(words: string | Words): Words {
  return typeof words === 'string' ? { description: words } : words;
}

/** Gives a schema its default, as it would be written in the file, and its description. */
function described<S extends z.ZodType>(schema: S, fallback: z.input<S>, facts: About): z.ZodPrefault<S> {
  const whole = z.prefault(schema, fallback as never);
  known.set(whole, { ...facts, fallback });
  return whole;
}

/** A setting that may be left out, and what holds then is said in words. */
function undecided<S extends z.ZodType>(schema: S, facts: About): z.ZodOptional<S> {
  const whole = z.optional(schema);
  known.set(whole, facts);
  return whole;
}

export function section<S extends z.core.$ZodLooseShape>(description: string, shape: S) {
  const whole = z.strictObject(shape).prefault({} as never);
  known.set(whole, {
    form: 'section',
    description,
    expects: 'a group of settings',
    shape: shape as Record<string, z.ZodType>,
  });
  return whole;
}

export function text(fallback: string, words: string | Words, rule: z.ZodType<string, string> = z.string().min(1)) {
  return described(rule, fallback, { form: 'text', expects: 'a text', ...wordsOf(words) });
}

export function optionalText(words: Words, rule: z.ZodType<string, string> = z.string().min(1)) {
  return undecided(rule, { form: 'text', expects: 'a text', ...words });
}

/** A text that must be given, inside an entry of a list. */
export function neededText(words: string | Words, rule: z.ZodType<string, string> = z.string().min(1)) {
  const whole = rule.clone() as typeof rule;
  known.set(whole, { form: 'text', expects: 'a text', unset: 'must be set', ...wordsOf(words) });
  return whole;
}

type Bounds = { min: number; max: number; unit?: string };

function numberFacts(bounds: Bounds, words: Words): About {
  const { unit } = bounds;
  return {
    form: 'number',
    expects: `a whole number from ${bounds.min} to ${bounds.max}`,
    ...(unit === undefined ? {} : { unit }),
    ...words,
  };
}

export function wholeNumber(fallback: number, bounds: Bounds, words: string | Words) {
  const schema = z.int().min(bounds.min).max(bounds.max);
  return described(schema, fallback, numberFacts(bounds, wordsOf(words)));
}

export function optionalNumber(bounds: Bounds, words: Words) {
  return undecided(z.int().min(bounds.min).max(bounds.max), numberFacts(bounds, words));
}

export function onOff(fallback: boolean, description: string) {
  return described(z.boolean(), fallback, { form: 'switch', expects: 'true or false', description });
}

export function optionalOnOff(words: Words) {
  return undecided(z.boolean(), { form: 'switch', expects: 'true or false', ...words });
}

export function choice<const T extends readonly [string, ...string[]]>(
  of: T,
  fallback: T[number],
  description: string,
) {
  const schema = z.enum(of) as unknown as z.ZodType<T[number], T[number]>;
  return described(schema, fallback as never, { form: 'choice', expects: `one of ${of.join(', ')}`, description });
}

function quantity(read: (value: unknown) => number | undefined, min: number, max: number) {
  return z.custom<string | number>().transform((value, context): number => {
    const amount = read(value);
    if (amount !== undefined && amount >= min && amount <= max) return amount;

    context.addIssue({ code: 'custom', input: value });
    return z.NEVER;
  });
}

function durationFacts(min: string, max: string, words: Words): About {
  return {
    form: 'duration',
    expects: `a duration from ${min} to ${max}`,
    ...words,
  };
}

/** A length of time: written '10m', resolved to seconds. The bounds are written the same way. */
export function duration(fallback: string, [min, max]: [string, string], words: string | Words) {
  const schema = quantity(parseDuration, parseDuration(min) ?? 0, parseDuration(max) ?? 0);
  return described(schema, fallback, durationFacts(min, max, wordsOf(words)));
}

export function optionalDuration([min, max]: [string, string], words: Words) {
  const schema = quantity(parseDuration, parseDuration(min) ?? 0, parseDuration(max) ?? 0);
  return undecided(schema, durationFacts(min, max, words));
}

/** A length of time, or `off`. */
export function durationOrOff(fallback: string, [min, max]: [string, string], words: string | Words) {
  const some = quantity(parseDuration, parseDuration(min) ?? 0, parseDuration(max) ?? 0);
  const schema = z.union([z.literal('off'), some]) as z.ZodType<number | 'off', string | number>;

  return described(schema, fallback, {
    ...durationFacts(min, max, wordsOf(words)),
    expects: `off, or a duration from ${min} to ${max}`,
  });
}

/** An amount of data: written '256kB', resolved to bytes. The bounds are in bytes. */
export function size(fallback: string, [min, max]: [number, number], description: string) {
  const expects = `a size from ${formatBytes(min)} to ${formatBytes(max)}`;
  return described(quantity(parseBytes, min, max), fallback, { form: 'size', expects, description });
}

/** A list; its entries are texts or, with `shape`, groups of settings. Empty unless set, or unless told otherwise. */
export function list<S extends z.ZodType>(
  entry: S,
  words: Words & { shape?: Shape },
  { max = 100, fallback = [] }: { max?: number; fallback?: readonly z.input<S>[] } = {},
) {
  const schema = z.array(entry).max(max);
  const facts = { form: 'list', expects: `a list of at most ${max} entries`, ...words } as const;
  return described(schema, fallback as never, facts);
}

/** Texts by name, such as one for each language. Empty unless set. */
export function table(key: z.ZodType<string, string>, entry: z.ZodType<string, string>, words: Words) {
  return described(z.record(key, entry), {}, { form: 'table', expects: 'a group of texts', ...words });
}

const formsByType: Readonly<Record<string, About['form']>> = {
  number: 'number',
  int: 'number',
  boolean: 'switch',
  enum: 'choice',
  array: 'list',
  record: 'table',
};

/** What a backend says of one of its options in zod's own metadata: a backend can't know this registry. */
function fromMeta(schema: z.ZodType): About {
  const meta = schema.meta() ?? {};
  const words = (key: string) => (typeof meta[key] === 'string' ? { [key]: meta[key] } : {});

  let inner = schema;
  let fallback: unknown;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    if (!(inner instanceof z.ZodOptional)) fallback = inner.def.defaultValue;
    inner = inner.unwrap() as z.ZodType;
  }

  return {
    form: formsByType[inner.def.type] ?? 'text',
    description: '',
    expects: inner instanceof z.ZodEnum ? `one of ${inner.options.join(', ')}` : 'a text',
    ...words('description'),
    ...words('expects'),
    ...words('each'),
    ...words('unit'),
    ...words('unset'),
    ...words('example'),
    ...(fallback === undefined ? {} : { fallback }),
    ...(meta['secret'] === true ? { secret: true } : {}),
  };
}

/** An option that two kinds have: one variable, read the same way. */
function bothOf(one: About, other: About): About {
  if (one.form !== other.form) throw new TypeError('two kinds of storage mean different things by one option');

  return {
    ...one,
    ...other,
    description: `${one.description} ${other.description}`,
    expects: one.expects === other.expects ? one.expects : `${one.expects}, or ${other.expects}`,
    ...(one.unset !== other.unset && { unset: `${unsetOf(one)}; ${unsetOf(other)}` }),
    secret: (one.secret ?? false) || (other.secret ?? false),
    kinds: [...(one.kinds ?? []), ...(other.kinds ?? [])],
    ofKind: { ...one.ofKind, ...other.ofKind },
  };
}

function unsetOf({ unset = 'none', kinds = [] }: About): string {
  return `${unset} (kind ${kinds.join(', ')})`;
}

type Kind = { readonly kind: string; readonly options: z.ZodObject };

/** One of several kinds of thing, each with settings of its own: `{kind: 'sqlite', …}`. */
export function backend(description: string, fallback: string, kinds: readonly Kind[]) {
  const names = kinds.map(({ kind }) => kind) as [string, ...string[]];
  const shape: Record<string, z.ZodType> = { kind: choice(names, fallback, 'Which kind of storage.') };

  for (const { kind, options } of kinds) {
    for (const [key, schema] of Object.entries(options.shape as Shape)) {
      const described = fromMeta(schema);
      const description = `Kind ${kind}: ${described.description}`;
      const facts = { ...described, description, kinds: [kind], ofKind: { [kind]: described } };
      const other = shape[key] && aboutSetting(shape[key]);

      // A place of its own for what is known here: kinds share options, and backends their schemas.
      shape[key] = z.unknown();
      known.set(shape[key], other?.kinds ? bothOf(other, facts) : facts);
    }
  }

  const options = kinds.map((each) => each.options.extend({ kind: z.literal(each.kind) }));
  const [first, ...others] = options as [(typeof options)[number], ...typeof options];
  const union = z.discriminatedUnion('kind', [first, ...others]);

  // The kind may be left out beside other options: the default is meant.
  const withKind = (value: unknown) =>
    typeof value === 'object' && value !== null && !('kind' in value) ? { kind: fallback, ...value } : value;
  const chosen = z.preprocess(withKind, union) as unknown as z.ZodType<{ kind: string; [option: string]: unknown }>;

  const whole = z.prefault(chosen, {} as never);
  known.set(whole, { form: 'backend', description, expects: 'a group of settings', shape });
  return whole;
}

/** Writes a resolved value as the file has it. */
export function writtenAs(value: unknown, facts: About): unknown {
  if (typeof value !== 'number') return value;
  if (facts.form === 'duration') return formatDuration(value);
  if (facts.form === 'size') return formatBytes(value);

  return value;
}
