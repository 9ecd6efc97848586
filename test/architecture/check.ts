import { posix } from 'node:path';
import { importsOf } from './imports.ts';
import type { Rules } from './rules.ts';

/** Path from the repository's root (`src/web/route.ts`) -> source text. */
export type Tree = ReadonlyMap<string, string>;

interface Edge {
  file: string;
  target: string;
  typeOnly: boolean;
}

/** One sentence for each broken rule; none for a tree that keeps them all. */
export function violations(tree: Tree, rules: Rules): string[] {
  return [
    ...sizes(tree, rules),
    ...folders(tree, rules),
    ...[...tree.keys()].filter(isSource).flatMap((file) => importsOfFile(file, tree, rules)),
    ...cycles(tree),
  ];
}

const isSource = (file: string): boolean => file.startsWith('src/');

function sizes(tree: Tree, { mostLines, longFiles }: Rules): string[] {
  const lines = (source: string): number => source.split('\n').length - (source.endsWith('\n') ? 1 : 0);
  const isLong = (file: string): boolean => lines(tree.get(file) ?? '') > mostLines;
  const excused = new Set(longFiles.map(({ path }) => path));

  const long = [...tree.keys()]
    .filter((file) => isLong(file) && !excused.has(file))
    .map((file) => `${file} has more than ${mostLines} lines`);
  const stale = [...excused]
    .filter((file) => !isLong(file))
    .map((file) => `${file} is listed in longFiles and is not long`);
  const unreasoned = longFiles
    .filter(({ reason }) => reason.trim() === '')
    .map(({ path }) => `${path} is listed in longFiles without a reason`);

  return [...long, ...stale, ...unreasoned];
}

function folders(tree: Tree, { forbiddenFolders }: Rules): string[] {
  const all = new Set([...tree.keys()].flatMap(foldersAbove));
  return [...all]
    .filter((folder) => forbiddenFolders.includes(posix.basename(folder)))
    .map((folder) => `${folder}/ is a name that says nothing`);
}

function foldersAbove(file: string): string[] {
  const folder = posix.dirname(file);
  return folder === '.' ? [] : [folder, ...foldersAbove(folder)];
}

function importsOfFile(file: string, tree: Tree, rules: Rules): string[] {
  if (roomOf(file, rules) === undefined) return [`${file} is in no room`];

  return importsOf(tree.get(file) ?? '').flatMap(({ from, typeOnly }) => {
    if (from === undefined) return [`${file} imports something that only the running program knows`];
    if (!from.startsWith('.')) return packageUse(file, from, rules);

    const target = resolve(file, from);
    if (!isSource(target)) return outsideUse(file, target, rules);
    if (!tree.has(target)) return [`${file} imports ${target}, which does not exist`];
    return direction({ file, target, typeOnly }, rules);
  });
}

function direction({ file, target, typeOnly }: Edge, rules: Rules): string[] {
  const [room, targetRoom] = [roomOf(file, rules), roomOf(target, rules)];
  if (room === undefined || targetRoom === undefined || room === targetRoom) return [];

  const names = ['*', targetRoom, target.slice('src/'.length)];
  const mayUse = names.some((name) => rules.rooms[room]?.imports.includes(name));
  const mayUseTypes = names.some((name) => rules.rooms[room]?.types?.includes(name));

  if (mayUse || (mayUseTypes && typeOnly)) return [];
  if (mayUseTypes) return [`${file} may import only types from ${target}`];
  return [`${file} (${room}) must not import ${target} (${targetRoom})`];
}

/** `@koa/router/x` and `koa/x` belong to their packages; a built-in is its own name. */
function packageUse(file: string, from: string, { packages }: Rules): string[] {
  const name = from.startsWith('node:') ? from : from.split('/', from.startsWith('@') ? 2 : 1).join('/');
  const places = packages[name];

  if (places === undefined) return name.startsWith('node:') ? [] : [`${file} imports ${name}, which has no place`];

  const isIn = (paths: string[]): boolean => paths.some((path) => isUnder(file, path));
  const allowed = Array.isArray(places) ? isIn(places) : !isIn(places.not);
  return allowed ? [] : [`${file} must not import ${name}`];
}

function outsideUse(file: string, target: string, { outside }: Rules): string[] {
  const allowed = Object.entries(outside).some(
    ([path, places]) => (target === path || target.startsWith(path)) && places.some((place) => isUnder(file, place)),
  );
  return allowed ? [] : [`${file} must not import ${target}, which is outside src`];
}

function roomOf(file: string, { rooms }: Rules): string | undefined {
  const matches = Object.entries(rooms).flatMap(([name, { paths }]) =>
    paths.filter((path) => isUnder(file, path)).map((path) => ({ name, length: path.length })),
  );
  return matches.toSorted((a, b) => b.length - a.length)[0]?.name;
}

/** Whether a file is the place itself or, for a folder (`web/`), somewhere below it. */
const isUnder = (file: string, place: string): boolean =>
  place.endsWith('/') ? file.startsWith(`src/${place}`) : file === `src/${place}`;

const resolve = (file: string, from: string): string => posix.join(posix.dirname(file), from);

/** Type imports count: two files that need each other's types are one file. Each cycle is told once. */
function cycles(tree: Tree): string[] {
  const found: string[] = [];
  const finished = new Set<string>();

  const visit = (file: string, path: string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) return void found.push(`cycle: ${[...path.slice(start), file].join(' -> ')}`);
    if (finished.has(file)) return;

    for (const { from } of importsOf(tree.get(file) ?? '')) {
      const target = from?.startsWith('.') ? resolve(file, from) : undefined;
      if (target !== undefined && tree.has(target)) visit(target, [...path, file]);
    }
    finished.add(file);
  };

  for (const file of tree.keys()) visit(file, []);
  return found;
}
