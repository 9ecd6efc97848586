import { parseArgs } from 'node:util';

import { runLedger } from './crash-ledger.ts';

// F1: `node test/faults/f1.ts [--runs 50] [--people 8] [--least 200]`. Ends with 1 when anything acknowledged was lost.
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '50' },
    people: { type: 'string', default: '8' },
    least: { type: 'string', default: '200' },
  },
});

const result = await runLedger({
  runs: Number(values.runs),
  people: Number(values.people),
  least: Number(values.least),
  told: (line) => void process.stdout.write(`${line}\n`),
});

process.stdout.write(`${JSON.stringify({ ...result, lost: result.lost.length })}\n${result.lost.join('\n')}\n`);
if (result.lost.length > 0) process.exitCode = 1;
