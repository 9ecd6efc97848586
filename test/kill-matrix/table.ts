import { readFileSync } from 'node:fs';

/** The table of `kill-matrix.md`: what is expected of every artifact after every event. */
export const outcomes = ['dies', 'lives', 'listed', 'until exp'] as const;

export type Outcome = (typeof outcomes)[number];

/** Event -> artifact -> what becomes of it. */
export function readTable(): ReadonlyMap<string, ReadonlyMap<string, Outcome>> {
  const text = readFileSync(new URL('../kill-matrix.md', import.meta.url), 'utf8');
  const [head = [], , ...rows] = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

  return new Map(
    head.slice(1).map((event, at) => [event, new Map(rows.map((row) => [row[0] ?? '', outcome(row[at + 1])]))]),
  );
}

function outcome(cell: string | undefined): Outcome {
  const found = outcomes.find((one) => one === cell);
  if (!found) throw new Error(`no outcome is called ${cell}`);

  return found;
}
