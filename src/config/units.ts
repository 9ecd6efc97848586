// How the units of settings are read and written: durations in seconds, sizes in bytes.

const seconds: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const bytes: Record<string, number> = { B: 1, kB: 1000, MB: 1_000_000, KiB: 1024, MiB: 1_048_576 };

function quantity(value: unknown, factors: Record<string, number>): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.length > 32) return undefined;

  const found = /^(\d+(?:\.\d+)?) ?([a-zA-Z]*)$/.exec(value.trim());
  if (!found) return undefined;

  const factor = found[2] === '' ? 1 : Object.hasOwn(factors, found[2] ?? '') ? factors[found[2] ?? ''] : undefined;
  return factor === undefined ? undefined : Number((Number(found[1]) * factor).toFixed(3));
}

function written(value: number, factors: [string, number][]): string {
  for (const [unit, factor] of factors) {
    if (value >= factor && value % factor === 0) return `${value / factor}${unit}`;
  }

  return `${value}`;
}

/** Reads '30s', '10m', '1h', '14d', '2w', '500ms' or a number of seconds; the answer is in seconds. */
export function parseDuration(value: unknown): number | undefined {
  return quantity(value, seconds);
}

/** Writes seconds in the largest unit that divides them, as parseDuration reads them. */
export function formatDuration(value: number): string {
  if (!Number.isInteger(value)) return `${value}s`;

  return value === 0
    ? '0s'
    : written(
        value,
        Object.entries(seconds)
          .filter(([unit]) => unit !== 'ms' && unit !== 'w')
          .reverse(),
      );
}

/** Reads '256kB', '1MiB' or a number of bytes; the answer is in bytes. */
export function parseBytes(value: unknown): number | undefined {
  const size = quantity(value, bytes);
  return size === undefined || !Number.isInteger(size) ? undefined : size;
}

/** Writes bytes in the largest unit that divides them, as parseBytes reads them. */
export function formatBytes(value: number): string {
  return written(value, [
    ['MB', 1_000_000],
    ['MiB', 1_048_576],
    ['kB', 1000],
    ['KiB', 1024],
  ]);
}
