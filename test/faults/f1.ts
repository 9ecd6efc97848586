import { parseArgs } from 'node:util';

import { pairNamed } from '../support/storage.ts';
import { runLedger } from './crash-ledger.ts';

// F1: `npm run faults -- f1 [--pair sqlite|sqlite+redis|mongo+redis|mongo+mongo] [--runs 50] [--people 8] [--least 200]`. Ends with 1 when anything acknowledged was lost.
const { values } = parseArgs({
  options: {
    pair: { type: 'string', default: 'sqlite' },
    runs: { type: 'string', default: '50' },
    people: { type: 'string', default: '8' },
    least: { type: 'string', default: '200' },
  },
});

const result = await runLedger({
  pair: pairNamed(values.pair),
  runs: Number(values.runs),
  people: Number(values.people),
  least: Number(values.least),
  told: (line) => void process.stdout.write(`${line}\n`),
});

process.stdout.write(`${JSON.stringify({ ...result, lost: result.lost.length })}\n${result.lost.join('\n')}\n`);
if (result.lost.length > 0) process.exitCode = 1;
process.exit();
