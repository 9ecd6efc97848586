import type { Result } from '../operations/problems.ts';
import { problemText } from '../operations/problems.ts';
import { exitCodes, type ExitCode, type Io } from './command.ts';

/** How results look on the command line: JSON for programs, one sentence a problem for people. */
export function printJson(io: Io, value: unknown): void {
  io.out(`${JSON.stringify(value, null, 2)}\n`);
}

/** Prints every problem, or hands the value on. */
export function finish<T>(io: Io, result: Result<T>, done: (value: T) => void): ExitCode {
  if (!result.ok) {
    for (const problem of result.problems) io.err(`${problemText(problem)}\n`);
    return exitCodes.failed;
  }

  done(result.value);
  return exitCodes.ok;
}

export function fail(io: Io, sentence: string): ExitCode {
  io.err(`${sentence}\n`);
  return exitCodes.failed;
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];

  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
