// What was given, by the file and by variables, brought together in one tree before the schema looks at it.

import { type Files, reasonOf } from './files.ts';
import { nearest } from '../domain/nearest.ts';
import { named, type Problem } from './problems.ts';
import { allSettings, type Setting } from './walk.ts';
import { readFlow, readYaml, type Tree } from './yaml.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The settings that were given, and where each one comes from: a variable's name, or a file and its line. */
export type Given = {
  tree: Tree;
  sources: ReadonlyMap<string, string>;
  problems: Problem[];
  /** False when the file could not be read to its end: what is missing may only seem so. */
  complete: boolean;
};

const configLimit = 262_144;
const secretLimit = 65_536;
const fileVariable = 'GATEHOUSE_CONFIG';

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A variable's text as the schema takes it; what does not fit stays a text, for the schema to refuse. */
function valueOf(text: string, form: Setting['about']['form']): unknown {
  if (form === 'number') return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  if (form === 'switch') return text === 'true' || text === 'false' ? text === 'true' : text;
  if (form !== 'list') return text;
  if (text.startsWith('[')) return readFlow(text) ?? text;

  const entries = text.split(/[,\n]/).map((entry) => entry.trim());
  return entries.filter((entry) => entry !== '');
}

function readSecret(file: string, setting: Setting, files: Files): { value: unknown } | { problem: Problem } {
  const path = named(setting.path);

  try {
    const text = files.read(file, secretLimit).trim();
    if (text !== '') return { value: valueOf(text, setting.about.form) };

    return { problem: { path, message: `${path}: its file ${file} is empty.`, mend: 'Write the secret into it.' } };
  } catch (error) {
    const message = `${path}: its file ${file} ${reasonOf(error)}.`;
    return { problem: { path, message, mend: 'Correct the path, or make the file readable for this user.' } };
  }
}

/** Sets what stands at a path, with the groups above it. */
export function put(tree: Tree, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    tree[key] = value;
    return;
  }

  const inside = tree[key] ?? {};
  tree[key] = inside;
  // Where the file has something else than a group, the schema says so.
  if (isTree(inside)) put(inside, rest, value);
}

function groupAt(tree: Tree, path: readonly string[]): Tree | undefined {
  return path.reduce<Tree | undefined>((group, key) => {
    const inside = group?.[key];
    return isTree(inside) ? inside : undefined;
  }, tree);
}

/** `session:` with nothing below it sets nothing; nor does `logo:`. */
function dropEmpty(tree: Tree): void {
  for (const [key, value] of Object.entries(tree)) {
    if (value === null) delete tree[key];
    else if (isTree(value)) dropEmpty(value);
  }
}

function readConfigFile(file: string, files: Files): Given {
  try {
    const { tree, lines, problems } = readYaml(files.read(file, configLimit), file);
    dropEmpty(tree);
    return {
      tree,
      problems,
      complete: problems.length === 0,
      sources: new Map([...lines].map(([path, line]) => [path, `${file} line ${line}`])),
    };
  } catch (error) {
    const mend = `Correct --config or ${fileVariable}, or leave both out.`;
    return {
      tree: {},
      complete: false,
      sources: new Map(),
      problems: [{ path: file, message: `${file} ${reasonOf(error)}.`, mend }],
    };
  }
}

function unknownVariable(variable: string, known: readonly string[]): Problem {
  const near = nearest(
    variable.slice('GATEHOUSE_'.length),
    known.map((name) => name.slice('GATEHOUSE_'.length)),
  );
  const mend =
    near === undefined ? 'Unset it; config/example.yaml names them all.' : `The nearest is GATEHOUSE_${near}.`;
  return { path: variable, message: `There is no setting for the variable ${variable}.`, mend };
}

/** Whether the file says where something is kept, wholly or in part. */
function saysIn(tree: Tree, place: readonly string[]): boolean {
  const above = groupAt(tree, place.slice(0, -1));

  return above !== undefined && Object.hasOwn(above, place.at(-1) ?? '');
}

/** What a file decides alone where it names a place beside the one in use (`gather`). */
const places = [['data'], ['storage', 'records'], ['storage', 'ephemera']] as const;

/**
 * Reads the file and lays the variables over it. Settings that are called secret also come from files of their own.
 * `beside`: the file names another place than the one in use, so variables don't change what it says of a place.
 */
export function gather(path: string | undefined, env: Environment, { files, beside }: Gathering): Given {
  const file = path ?? (env[fileVariable] || undefined);
  const {
    tree,
    sources: lines,
    problems,
    complete,
  }: Given = file === undefined
    ? { tree: {}, sources: new Map(), problems: [], complete: true }
    : readConfigFile(file, files);

  const sources = new Map(lines);
  const known = [fileVariable];
  const said = beside ? places.filter((place) => saysIn(tree, place)) : [];

  for (const setting of allSettings()) {
    const fromFile = `${setting.variable}_FILE`;
    known.push(setting.variable, ...(setting.about.secret ? [fromFile] : []));

    const decided = said.some((place) => place.every((key, index) => setting.path[index] === key));
    const taking = { tree, sources, problems, env: decided ? {} : env, files };

    takeVariable(setting, taking);
    if (setting.about.secret) takeSecretFile(setting, taking);
  }

  // An empty variable is one that is not set: compose files write `NAME=${NAME:-}`.
  const strangers = Object.keys(env).filter(
    (name) => name.startsWith('GATEHOUSE_') && env[name] && !known.includes(name),
  );
  problems.push(...strangers.map((name) => unknownVariable(name, known)));

  return { tree, sources, problems, complete };
}

type Gathering = { files: Files; beside: boolean };
type Taking = { tree: Tree; sources: Map<string, string>; problems: Problem[]; env: Environment; files: Files };

function takeVariable({ path, about, variable }: Setting, { tree, sources, env }: Taking): void {
  const text = env[variable];
  if (!text) return;

  put(tree, path, valueOf(text, about.form));
  sources.set(named(path), variable);
}

/** `GATEHOUSE_…_FILE` and, in the configuration file, `<name>_file`: a variable wins over the file here too. */
function takeSecretFile(setting: Setting, { tree, sources, problems, env, files }: Taking): void {
  const { path, variable } = setting;
  const name = named(path);
  const group = groupAt(tree, path.slice(0, -1));
  const key = path.at(-1) ?? '';
  const besides = group?.[`${key}_file`];
  if (group) delete group[`${key}_file`];

  const fromVariable = env[`${variable}_FILE`] || undefined;
  if (fromVariable !== undefined && env[variable]) {
    const message = `Both ${variable} and ${variable}_FILE are set.`;
    problems.push({ path: name, message, mend: 'Unset one of the two.' });
    return;
  }
  if (env[variable]) return;

  if (fromVariable === undefined && besides !== undefined && group?.[key] !== undefined) {
    const message = `Both ${name} and ${name}_file are set.`;
    problems.push({ path: name, message, mend: 'Remove one of the two.' });
    return;
  }

  const file = fromVariable ?? besides;
  if (file === undefined) return;
  if (typeof file !== 'string') {
    problems.push({ path: name, message: `${name}_file must be the path of a file.`, mend: 'Correct it.' });
    return;
  }

  const read = readSecret(file, setting, files);
  if ('problem' in read) {
    problems.push(read.problem);
    return;
  }

  put(tree, path, read.value);
  sources.set(name, fromVariable === undefined ? file : `${variable}_FILE`);
}
