import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

import type { Plan } from './measure.ts';
import { ms, type Row } from './rows.ts';

/** What a run found, for people (a table in Markdown that also reads well on a terminal) and for machines. */
export interface Report {
  machine: Machine;
  date: string;
  plan: Plan;
  rows: Row[];
}

export interface Machine {
  cores: number;
  model: string;
  memoryGb: number;
  node: string;
  /** The load average of a minute before the run: well above 0, something else was running. */
  busy: number;
}

/** Call it before the load begins. */
export function describeMachine(): Machine {
  return {
    cores: availableParallelism(),
    model: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    busy: loadavg()[0] ?? 0,
  };
}

export function table({ machine, date, plan, rows }: Report): string {
  const { cores, model, memoryGb, node, busy } = machine;
  const { connections, warmUp, seconds, rounds } = plan;
  const cells = [
    ['unit', 'Gatehouse', 'must', 'met', 'in the same run', 'ops/s', 'p50', 'p95'],
    ...rows.map(({ unit, shown, must, beside = '', ours }) => [
      unit,
      shown,
      must?.shown ?? '',
      must === undefined ? '' : must.met ? 'yes' : '**no**',
      beside,
      ours === undefined ? '' : ours.rate.toFixed(0),
      ours === undefined ? '' : ms(ours.p50),
      ours === undefined ? '' : ms(ours.p95),
    ]),
  ];

  return [
    `${date}, ${cores} cores of ${model}, ${memoryGb} GB, Node ${node}, load average ${busy.toFixed(1)} before the run; ` +
      `${connections} connections, ${warmUp} s of warm-up, ${seconds} s measured, median of ${rounds}.`,
    '',
    ...aligned(cells),
  ].join('\n');
}

function aligned([head = [], ...body]: string[][]): string[] {
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;

  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)];
}

const [opening, closing] = ['<!-- table -->', '<!-- end of table -->'];

/** The text with the table between its two marks replaced. */
export function withTable(text: string, made: Report): string {
  const [before, rest = ''] = text.split(opening, 2);
  const after = rest.split(closing, 2)[1];
  if (after === undefined) throw new Error(`no place for the table: ${opening} … ${closing}`);

  return `${before}${opening}\n${table(made)}\n${closing}${after}`;
}
