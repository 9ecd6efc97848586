import type { Io } from './command.ts';

/** What long work says of itself on standard error, at most a line a second. */
export interface Progress {
  doing: string;
  /** So far, and in the end as far as is known. */
  rows: number;
  of?: number;
  collection?: string;
}

/** Milliseconds between two lines. */
const interval = 1000;

export function teller({ err }: Pick<Io, 'err'>): (progress: Progress) => void {
  let doing: string | undefined;
  let began = 0;
  let said = 0;

  return (progress) => {
    const now = performance.now();

    if (progress.doing !== doing) {
      doing = progress.doing;
      began = now;
    } else if (now - said < interval) {
      return;
    }

    said = now;
    err(`${line(progress, (now - began) / 1000)}\n`);
  };
}

function line({ doing, rows, of, collection }: Progress, seconds: number): string {
  if (doing === 'waiting') return 'waiting for whoever may still be writing (at most 30 s)';

  const total = of === undefined ? '' : ` of ${count(of)}`;
  const so = `${doing} ${collection ?? ''}: ${count(rows)}${total} rows`;
  if (seconds < 1) return so;

  const rate = rows / seconds;
  const left = of === undefined ? '' : `, about ${Math.ceil(Math.max(0, of - rows) / rate)} s left`;

  return `${so}, ${count(Math.round(rate))} a second${left}`;
}

export function count(number: number): string {
  return number.toLocaleString('en');
}
