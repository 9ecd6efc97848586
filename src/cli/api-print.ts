import type { Io } from './command.ts';
import { printJson, table } from './print.ts';

/** An answer of an API: a table where it is a list, else a line a field; `json`: as it came. */
export function printAnswer(io: Io, answer: unknown, { json = false } = {}): void {
  if (answer === undefined) return;
  if (json || typeof answer !== 'object' || answer === null) return printJson(io, answer);

  const lists = Object.values(answer).filter((one): one is unknown[] => Array.isArray(one));
  const [rows] = lists;
  const isList =
    lists.length === 1 &&
    Object.keys(answer).every(
      (key) => ['next', 'count'].includes(key) || Array.isArray((answer as Record<string, unknown>)[key]),
    );

  io.out(isList && rows ? tableOf(rows) : table(Object.entries(answer).map(([name, value]) => [name, cellOf(value)])));
}

/** As many columns as any row has; what is more than a word is too wide for one. */
function tableOf(rows: readonly unknown[]): string {
  if (!rows.every((row) => typeof row === 'object' && row !== null))
    return rows.map((row) => `${cellOf(row)}\n`).join('');

  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) =>
    rows.every((row) => typeof (row as Record<string, unknown>)[name] !== 'object'),
  );
  const cells = rows.map((row) => names.map((name) => cellOf((row as Record<string, unknown>)[name])));

  return rows.length === 0 ? '' : table([names.map(headOf), ...cells]);
}

function headOf(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toUpperCase();
}

/** Nothing that moves the cursor or colours the screen gets through: some of it strangers have typed. */
function cellOf(value: unknown): string {
  const text = value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ');
}
