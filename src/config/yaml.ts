import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

import { named, type Problem, shown } from './problems.ts';

export type Tree = { [key: string]: unknown };

/** What a file says, and on which line it says each thing (by its path, 'session.idle'). */
export type Reading = { tree: Tree; lines: ReadonlyMap<string, number>; problems: Problem[] };

const deepest = 16;
const forbidden = new Set(['__proto__', 'constructor', 'prototype']);

type Reader = { file: string; lines: Map<string, number>; counter: LineCounter; problems: Problem[] };

function lineOf(node: unknown, reader: Reader): number {
  const start = (node as Node | null)?.range?.[0];
  return start === undefined ? 1 : reader.counter.linePos(start).line;
}

function refuse(reader: Reader, node: unknown, words: { message: string; mend: string }): undefined {
  const line = lineOf(node, reader);
  reader.problems.push({
    path: reader.file,
    message: `${reader.file} line ${line}: ${words.message}`,
    mend: words.mend,
  });
  return undefined;
}

function keyOf(node: unknown, known: Tree, reader: Reader): string | undefined {
  const key = isScalar(node) ? node.value : undefined;

  if (typeof key !== 'string') {
    return refuse(reader, node, {
      message: 'the name of a setting must be a text.',
      mend: 'Write it as `name: value`.',
    });
  }
  if (forbidden.has(key)) return refuse(reader, node, { message: `${key} is no setting.`, mend: 'Remove it.' });
  if (Object.hasOwn(known, key)) {
    return refuse(reader, node, { message: `${shown(key)} is there twice.`, mend: 'Keep one of the two.' });
  }

  return key;
}

// The library's own conversion would follow aliases, accept repeated keys or compare each key with every other one.
function valueOf(node: unknown, path: readonly PropertyKey[], reader: Reader): unknown {
  if (path.length > deepest) return refuse(reader, node, { message: 'this is nested too deeply.', mend: 'Remove it.' });
  if (isAlias(node)) {
    return refuse(reader, node, { message: 'references (*name) are not read.', mend: 'Write the value out.' });
  }

  reader.lines.set(named(path), lineOf(node, reader));

  if (isScalar(node)) return node.value;
  if (isSeq(node)) return node.items.map((item, index) => valueOf(item, [...path, index], reader));
  if (!isMap(node)) return undefined;

  const tree: Tree = {};
  for (const { key: keyNode, value } of node.items) {
    const key = keyOf(keyNode, tree, reader);
    if (key === undefined) continue;

    const inside = [...path, key];
    tree[key] = value === null ? null : valueOf(value, inside, reader);
    // A key's own line says more than that of the group which begins below it.
    reader.lines.set(named(inside), lineOf(keyNode, reader));
  }
  return tree;
}

/**
 * Reads one YAML 1.2 document of plain groups, lists and values. Refused with a problem each: what is no YAML,
 * repeated keys, aliases, tags, deep nesting, keys that would reach an object's prototype. `file` names it in problems.
 */
export function readYaml(text: string, file: string): Reading {
  const counter = new LineCounter();
  const reader: Reader = { file, lines: new Map(), counter, problems: [] };

  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: counter,
    logLevel: 'error',
  });

  // A tag that is not known is only a warning to the library.
  const [first] = [...document.errors, ...document.warnings];
  if (first) {
    const line = counter.linePos(first.pos[0]).line;
    const why = first.message.split('\n')[0]?.slice(0, 200).replace(/\.?$/, '.') ?? '';
    const message = `${file} line ${line}: this is not plain YAML: ${why}`;
    reader.problems.push({ path: file, message, mend: 'Correct it; config/example.yaml shows every setting.' });
  } else if (document.directives?.yaml.explicit && document.directives.yaml.version !== '1.2') {
    // YAML 1.1 reads `no`, `0o7` and `<<` in ways of its own.
    reader.problems.push({ path: file, message: `${file} must be YAML 1.2.`, mend: 'Remove its %YAML line.' });
  }
  if (reader.problems.length > 0) return { tree: {}, lines: reader.lines, problems: reader.problems };

  const value = document.contents === null ? null : valueOf(document.contents, [], reader);
  const isTree = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isTree && value !== null && reader.problems.length === 0) {
    const mend = 'Write one setting a line, such as `issuer: https://id.example.com`.';
    reader.problems.push({ path: file, message: `${file} must hold settings by name.`, mend });
  }

  return { tree: isTree ? (value as Tree) : {}, lines: reader.lines, problems: reader.problems };
}

/** Reads a value that stands in a variable: a list or a group in YAML's flow style. Undefined when it is none. */
export function readFlow(text: string): unknown {
  const { tree, problems } = readYaml(`value: ${text.replaceAll(/[\r\n]+/g, ' ')}`, 'value');
  return problems.length > 0 ? undefined : tree['value'];
}
