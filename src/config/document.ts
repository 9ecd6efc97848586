// What the settings are, for people: the example file, made from the schema, and the configuration in force with its
// secrets masked. It must not load anything.

import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { stringify } from 'yaml';
import type { z } from 'zod';

import { type About, aboutSetting, writtenAs } from './forms.ts';
import { type Config, settings } from './schema.ts';
import { variableOf } from './walk.ts';

type Shape = Record<string, z.ZodType>;

const width = 118;
const needed = 'must be set';

/** Text broken at spaces into comment lines. */
function comment(text: string, indent = ''): string[] {
  const lines: string[] = [];
  let line = `${indent}#`;

  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${indent}#`;
    }
    line += ` ${word}`;
  }

  return [...lines, line];
}

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

/** How it is written, its unit and its default, in sentences. */
function factsOf({ expects, unit, unset, fallback }: About): string {
  const form = `${expects.charAt(0).toUpperCase()}${expects.slice(1)}${unit === undefined ? '' : ` (${unit})`}`;
  const isEmpty = typeof fallback === 'object' && Object.keys(fallback ?? {}).length === 0;
  const otherwise = unset ?? (fallback === undefined || isEmpty ? 'none' : flow(fallback));

  return `${form}. ${otherwise === needed ? 'Needed.' : `Default: ${otherwise}.`}`;
}

/** The first entry of a list of groups, with what each of its settings is. */
function entryLines(shape: Shape, indent: string): string[] {
  return Object.entries(shape).flatMap(([key, schema], index) => {
    const about = aboutSetting(schema);
    if (about === undefined) return [];

    const prose = comment(`${about.description} ${factsOf(about)}`, indent);
    const start = index === 0 ? `${indent.slice(2)}- ` : indent;
    if (about.shape) return [...prose, `${start}${key}:`, ...entryLines(about.shape, `${indent}    `)];

    return [...prose, `${start}${key}: ${about.example ?? flow(about.fallback)}`];
  });
}

function settingLines(
  key: string,
  about: About,
  { path, indent }: { path: readonly string[]; indent: string },
): string[] {
  const variable = variableOf(path);
  const variables = about.secret ? `${variable}, ${variable}_FILE` : variable;
  const prose = [...comment(about.description, indent), ...comment(`${factsOf(about)} ${variables}.`, indent)];

  if (about.shape) {
    const entry = entryLines(about.shape, '    ').map((line) => `${indent}# ${line}`);
    return [...prose, `${indent}# ${key}:`, ...entry];
  }

  // A secret is better named by its file.
  const example = about.example ?? (about.fallback === undefined ? '' : flow(about.fallback));
  const line = about.secret ? `${indent}# ${key}_file:` : `${indent}# ${key}: ${example}`;
  return [...prose, line.trimEnd()];
}

function sectionLines(shape: Shape, above: readonly string[], indent: string): string[] {
  return Object.entries(shape).flatMap(([key, schema]) => {
    const about = aboutSetting(schema);
    if (about === undefined) return [];

    const path = [...above, key];
    if (about.form !== 'section' && about.form !== 'backend')
      return ['', ...settingLines(key, about, { path, indent })];

    const inside = sectionLines(about.shape ?? {}, path, `${indent}  `);
    return ['', ...comment(about.description, indent), `${indent}${key}:`, ...inside.slice(1)];
  });
}

/** The text of config/example.yaml: every setting with its description, unit, default and variable. */
export function exampleFile(): string {
  const head = [
    'Every setting of Gatehouse, made from the schema by: node src/config/document.ts --write',
    'A setting is commented out and shows its default or, where it has none, an example. Copy what you change to a file of your own and name that with --config or GATEHOUSE_CONFIG; the variable named beside a setting wins over the file. Of a secret, …_FILE (here …_file) names a file that holds it.',
    'Durations are written 30s, 10m, 8h or 14d, sizes 256kB or 1MiB. Without any setting, Gatehouse is in development mode: http://localhost:3000, on this machine only, with a sample app.',
  ];

  return [...head.flatMap((line) => comment(line)), ...sectionLines(settings.shape, [], ''), ''].join('\n');
}

function maskedValue(value: unknown, about: About): unknown {
  if (about.secret) return Array.isArray(value) ? value.map(() => '(hidden)') : '(hidden)';
  if (Array.isArray(value) && about.shape) return value.map((entry) => masked(entry, about.shape ?? {}));
  if (about.shape) return masked(value, about.shape);

  return writtenAs(value, about);
}

function masked(values: unknown, shape: Shape): Record<string, unknown> {
  const tree: Record<string, unknown> = {};

  for (const [key, value] of Object.entries(values as Record<string, unknown>)) {
    const schema = Object.hasOwn(shape, key) ? shape[key] : undefined;
    const about = schema && aboutSetting(schema);
    // What the schema does not know is not shown: it can't be known whether it is secret.
    if (about && value !== undefined) tree[key] = maskedValue(value, about);
  }

  return tree;
}

/** The configuration in force as YAML, durations and sizes as they are written in the file, secrets masked. */
export function printConfig(config: Config): string {
  const inOrder = Object.fromEntries(Object.keys(settings.shape).map((key) => [key, config[key as keyof Config]]));
  return `# mode: ${config.mode}\n${stringify(masked(inOrder, settings.shape), { lineWidth: 0 })}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const target = new URL('../../config/example.yaml', import.meta.url);
  if (process.argv.includes('--write')) writeFileSync(target, exampleFile());
  else process.stdout.write(exampleFile());
}
