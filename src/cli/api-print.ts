import type { Io } from './command.ts';
import { printJson, table } from './print.ts';

/** How an answer looks: a table for people, one JSON document for programs, or a line of JSON for each row. */
export type Format = 'table' | 'json' | 'ndjson';

/** Prints what an API answered, in one or more pages of a list. */
export interface Printer {
  page(answer: unknown): void;
  /** After the last one. */
  end(): void;
}

/** What an answer says beside its rows that is nothing of the list itself. */
const about = ['next', 'count'];

export function openPrinter(
  io: Io,
  {
    format,
    columns = [],
    whole = false,
  }: { format: Format; columns?: readonly string[]; /** More may follow. */ whole?: boolean },
): Printer {
  let names: readonly string[] | undefined;
  let rows = 0;
  let isOpen = false;

  function pageOfJson(answer: unknown): void {
    const list = listIn(answer, columns);
    if (!whole || !list) return printJson(io, answer);

    // One document, however many pages: each row is written when it is there.
    if (!isOpen) io.out(`{\n  ${JSON.stringify(list.name)}: [`);
    isOpen = true;
    for (const row of list.rows) {
      io.out(`${rows === 0 ? '' : ','}\n    ${JSON.stringify(row)}`);
      rows += 1;
    }
  }

  function pageOfTable(answer: unknown): void {
    if (typeof answer !== 'object' || answer === null) return printJson(io, answer);

    const list = listIn(answer, columns);
    if (!list) return io.out(table(Object.entries(answer).map(([name, value]) => [name, cellOf(value)])));

    const head = names === undefined;
    names ??= namesOf(list.rows, columns);
    io.out(tableOf(list.rows, { names, head }));
    for (const [name, value] of list.beside) io.err(`${headOf(name).toLowerCase()}: ${cellOf(value)}\n`);
  }

  function pageOfLines(answer: unknown): void {
    for (const row of listIn(answer, columns)?.rows ?? [answer]) io.out(`${JSON.stringify(row)}\n`);
  }

  return {
    page(answer) {
      if (answer === undefined) return;

      ({ table: pageOfTable, json: pageOfJson, ndjson: pageOfLines })[format](answer);
    },

    end() {
      if (isOpen) io.out(`${rows === 0 ? '' : '\n  '}]\n}\n`);
    },
  };
}

interface List {
  name: string;
  rows: readonly unknown[];
  beside: readonly (readonly [string, unknown])[];
}

/** Undefined: it is no list, or has several. `columns`: those that it is described with, if it is one. */
function listIn(answer: unknown, columns: readonly string[]): List | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;

  const entries = Object.entries(answer);
  const lists = entries.filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]));
  const [first, second] = lists;
  if (!first || second) return undefined;

  const beside = entries.filter(([name]) => name !== first[0] && !about.includes(name));
  // What has much else beside it is something with a list in it.
  if (columns.length === 0 && beside.length > 0) return undefined;

  return { name: first[0], rows: first[1], beside };
}

/** The columns that the description has, and any row fills; what is more than a word is too wide for one. */
function namesOf(rows: readonly unknown[], columns: readonly string[]): readonly string[] {
  const some = rows.filter((row): row is object => typeof row === 'object' && row !== null);
  if (some.length === 0) return columns;

  const known = columns.length > 0 ? columns : [...new Set(some.flatMap((row) => Object.keys(row)))];
  const isWord = (value: unknown) => typeof value !== 'object' || value === null;

  return known.filter(
    (name) =>
      some.every((row) => isWord(valueOf(row, name))) && some.some((row) => (valueOf(row, name) ?? null) !== null),
  );
}

/** `name`: a field, or one within another: `metadata.client_name`. */
function valueOf(row: unknown, name: string): unknown {
  return name.split('.').reduce((at: unknown, own) => (at as Record<string, unknown> | undefined)?.[own], row);
}

function tableOf(rows: readonly unknown[], { names, head }: { names: readonly string[]; head: boolean }): string {
  if (!rows.every((row) => typeof row === 'object' && row !== null))
    return rows.map((row) => `${cellOf(row)}\n`).join('');

  const cells = rows.map((row) => names.map((name) => cellOf(valueOf(row, name))));
  const lines = [...(head ? [names.map(headOf)] : []), ...cells];

  return lines.length === 0 || names.length === 0 ? '' : table(lines);
}

function headOf(name: string): string {
  const own = name.slice(name.lastIndexOf('.') + 1);

  return own
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toUpperCase();
}

/** Nothing that moves the cursor or colours the screen gets through: some of it strangers have typed. */
function cellOf(value: unknown): string {
  const text = value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);

  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ');
}
