import type { Hasher } from './hashing.ts';
import { load, median, percentile, type Operation } from './load.ts';
import type { Server } from './process.ts';

/** How long and how often: the same for every row of a run. */
export interface Plan {
  connections: number;
  /** Seconds, once before the first round. */
  warmUp: number;
  /** Seconds of each round. */
  seconds: number;
  rounds: number;
}

/** Of one round or, field by field, the median of several. */
export interface Measured {
  /** Milliseconds of CPU, user and system, that one operation took the process under test. */
  cpu: number;
  /** Operations a second, beside the load generator on the same cores. */
  rate: number;
  /** Milliseconds. */
  p50: number;
  p95: number;
  operations: number;
}

export type Turn = (seconds: number) => Promise<Measured>;

/** Warms everything up, then lets them take turns, so that a slow minute of the machine falls on all of them. */
export async function takeTurns<Name extends string>(
  turns: Record<Name, Turn>,
  { warmUp, seconds, rounds }: Plan,
): Promise<Record<Name, Measured>> {
  const entries = Object.entries(turns) as [Name, Turn][];
  const measured = new Map<Name, Measured[]>(entries.map(([name]) => [name, []]));

  for (const [, turn] of entries) await turn(warmUp);

  for (let round = 0; round < rounds; round += 1) {
    for (const [name, turn] of entries) measured.get(name)?.push(await turn(seconds));
  }

  return Object.fromEntries([...measured].map(([name, all]) => [name, middle(all)])) as Record<Name, Measured>;
}

export function serving(server: Pick<Server, 'cpu'>, operation: Operation, { connections }: Plan): Turn {
  return async (wanted) => {
    const before = server.cpu();
    const { operations, seconds, latencies } = await load(operation, { connections, seconds: wanted });

    return {
      cpu: (server.cpu() - before) / operations,
      rate: operations / seconds,
      p50: percentile(latencies, 0.5),
      p95: percentile(latencies, 0.95),
      operations,
    };
  };
}

/** The same while another operation keeps as many connections busy; `cpu` is then the sum of both and of no use. */
export function during(other: Operation, turn: Turn, { connections }: Plan): Turn {
  return async (seconds) => {
    const [measured] = await Promise.all([turn(seconds), load(other, { connections, seconds })]);

    return measured;
  };
}

export function hashing(hasher: Hasher, concurrency: number): Turn {
  return async (wanted) => {
    const { hashes, seconds, cpu } = await hasher.run({ concurrency, seconds: wanted });
    const each = (seconds * 1000 * concurrency) / hashes;

    return { cpu: cpu / hashes, rate: hashes / seconds, p50: each, p95: each, operations: hashes };
  };
}

function middle(rounds: readonly Measured[]): Measured {
  const of = (field: keyof Measured) => median(rounds.map((round) => round[field]));

  return { cpu: of('cpu'), rate: of('rate'), p50: of('p50'), p95: of('p95'), operations: of('operations') };
}
