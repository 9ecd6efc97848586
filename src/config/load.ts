// Turns what was given (a file, variables, files of secrets) into a configuration, or into the whole list of what is
// wrong with it. It must not know what the program does with a setting; whoever calls it decides to exit (with 78,
// EX_CONFIG of sysexits.h).

import type { z } from 'zod';

import { checkConfig } from './checks.ts';
import { diskFiles, type Files } from './files.ts';
import type { About } from './forms.ts';
import { type Environment, gather, type Given } from './given.ts';
import { nearest } from '../domain/nearest.ts';
import { named, type Problem, shown } from './problems.ts';
import { type Config, resolveSettings, settings } from './schema.ts';
import { aboutAt, allSettings, shapeAt } from './walk.ts';
import type { Tree } from './yaml.ts';

const given = new WeakMap<Config, Given>();

/** What a configuration was made of; undefined for one that was not loaded here. */
export function givenOf(config: Config): Given | undefined {
  return given.get(config);
}

export type Loaded = { config: Config; problems?: never } | { problems: Problem[]; config?: never };

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => {
    const inside = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    return inside ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }, tree);
}

function unknownSetting(path: Path, source: string | undefined): Problem {
  const key = String(path.at(-1));
  const above = path.slice(0, -1);
  const beside = Object.keys(shapeAt(above));

  if (beside.includes(key)) return ofAnotherKind(path, source);

  const sibling = nearest(key, beside);
  const elsewhere = allSettings().map((setting) => named(setting.path));
  const last = new Map(elsewhere.map((name) => [name.split('.').at(-1) ?? '', name]));
  const meant = sibling === undefined ? nearest(named(path), elsewhere) : named([...above, sibling]);
  const moved = last.get(nearest(key, last.keys()) ?? '');
  const near = meant ?? moved;

  const mend = near === undefined ? `Remove it; known here: ${beside.join(', ')}.` : `The nearest is ${near}.`;
  return { path: named(path), message: `There is no setting ${named(path)}${source ? ` (${source})` : ''}.`, mend };
}

/** One that other kinds of storage have. */
function ofAnotherKind(path: Path, source: string | undefined): Problem {
  const kinds = aboutAt(path)?.kinds?.join(' or ') ?? 'another';
  const kind = named([...path.slice(0, -1), 'kind']);

  return {
    path: named(path),
    message: `${named(path)} is a setting of kind ${kinds}${source ? ` (${source})` : ''}.`,
    mend: `Set ${kind} to ${kinds}, or remove it.`,
  };
}

const writing: Partial<Record<About['form'], string>> = {
  duration: ', written like 30s, 10m, 8h or 14d',
  size: ', written like 256kB or 1MiB',
};

/** What is known of a setting: where kinds of storage share it, what the kind says that stands beside it. */
function aboutGiven(path: Path, tree: Tree): About | undefined {
  const about = aboutAt(path);
  const kind = valueAt(tree, [...path.slice(0, -1), 'kind']);

  return (typeof kind === 'string' ? about?.ofKind?.[kind] : undefined) ?? about;
}

function wrongValue(path: Path, tree: Tree, source: string | undefined): Problem {
  const name = named(path);
  const value = valueAt(tree, path);
  const about = aboutGiven(path, tree);
  const each = typeof path.at(-1) === 'number' ? about?.each : undefined;
  const expects = `${each ?? about?.expects ?? 'something else'}${(about && writing[about.form]) ?? ''}`;

  if (value === undefined) {
    return { path: name, message: `${name} is missing: it must be ${expects}.`, mend: 'Add it.' };
  }

  // What stands in the place of a group may be one of the secrets that belong into it.
  const hidden = about === undefined || about.secret || about.shape !== undefined;
  const where = source === undefined ? 'Correct it' : `Correct ${source}`;
  const suggestion = typeof value === 'string' ? about?.suggest?.(value) : undefined;
  const fallback = typeof about?.fallback === 'object' ? undefined : about?.fallback;
  const otherwise = fallback === undefined ? '' : `, or leave it out (${shown(fallback)} then holds)`;
  return {
    path: name,
    message: `${name} must be ${expects}${hidden ? '' : `, not ${shown(value)}`}.`,
    mend: suggestion === undefined ? `${where}${otherwise}.` : `${where}: write ${suggestion}.`,
  };
}

/** The places that an issue is about: one for each unknown key, else the one value. */
function placesOf(issue: Issue): Path[] {
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
}

function sourceOf(path: Path, sources: ReadonlyMap<string, string>): string | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const source = sources.get(named(path.slice(0, length)));
    if (source !== undefined) return source;
  }

  return undefined;
}

function problemsOf(issues: readonly Issue[], tree: Tree, sources: ReadonlyMap<string, string>): Problem[] {
  const problems = issues.flatMap((issue) =>
    placesOf(issue).map((path) => {
      const source = sourceOf(path, sources);
      if (issue.code === 'unrecognized_keys') return unknownSetting(path, source);
      return wrongValue(path, tree, source);
    }),
  );

  return problems.filter(({ path }, index) => problems.findIndex((other) => other.path === path) === index);
}

/** The tree without what is wrong in it, so that what is right can be checked in the same run. */
function withoutWrong(tree: Tree, issues: readonly Issue[]): Tree {
  const copy = structuredClone(tree);

  for (const path of issues.flatMap(placesOf)) {
    // Within a list the whole list goes: entries depend on each other.
    const inList = path.findIndex((key) => typeof key === 'number');
    const removed = inList === -1 ? path : path.slice(0, inList);
    const parent = valueAt(copy, removed.slice(0, -1));
    const key = removed.at(-1);
    if (typeof parent === 'object' && parent !== null && typeof key === 'string') delete (parent as Tree)[key];
  }

  return copy;
}

function isWithin(path: string, name: string): boolean {
  return path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[`);
}

/** What is wrong between settings; what hangs on one that is itself wrong is left unsaid. */
function checkRest(rest: Tree, single: readonly Problem[]): Problem[] {
  const wrong = single.map(({ path }) => path);
  // Without a right issuer the mode is not known.
  const parsed = wrong.includes('issuer') ? undefined : settings.safeParse(rest);
  if (!parsed?.success) return [];

  return checkConfig(resolveSettings(parsed.data)).filter(
    ({ path }) => !wrong.some((name) => isWithin(path, name) || isWithin(name, path)),
  );
}

/**
 * Loads the configuration: the file at `path` (else the one that GATEHOUSE_CONFIG names, else none), then variables,
 * which win. Answers the configuration, or every problem at once; never throws for what an operator can get wrong.
 * `beside`: it is a second configuration, of another place: what its file says of `data` and `storage` wins over variables.
 */
export function loadConfig({
  path,
  env,
  files = diskFiles,
  beside = false,
}: {
  path?: string;
  env: Environment;
  files?: Files;
  beside?: boolean;
}): Loaded {
  const gathered = gather(path, env, { files, beside });
  const { tree, sources, problems: unread, complete } = gathered;
  const parsed = settings.safeParse(tree);
  const issues = parsed.error?.issues ?? [];

  const single = [...unread, ...problemsOf(issues, tree, sources)];
  const problems = complete ? [...single, ...checkRest(withoutWrong(tree, issues), single)] : single;
  if (problems.length > 0 || !parsed.success) return { problems };

  const config = resolveSettings(parsed.data);
  given.set(config, gathered);

  return { config };
}
