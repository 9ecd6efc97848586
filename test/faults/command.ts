import { parseArgs } from 'node:util';

/** Whole numbers from the command line, `--runs 20`, with their defaults. */
export function options<Names extends string>(defaults: Record<Names, number>): Record<Names, number> {
  const names = Object.keys(defaults) as Names[];
  const { values } = parseArgs({
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
  });

  return Object.fromEntries(names.map((name) => [name, Number(values[name] ?? defaults[name])])) as Record<
    Names,
    number
  >;
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints what was counted and what was wrong, and ends with 1 when anything was. */
export function endWith({ wrong, ...counted }: { wrong: readonly string[] }): never {
  print(JSON.stringify({ ...counted, wrong: wrong.length }));
  for (const line of wrong.slice(0, 20)) print(line);

  process.exit(wrong.length > 0 ? 1 : 0);
}
