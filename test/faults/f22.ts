import { parseArgs } from 'node:util';

import { pairNamed } from '../support/storage.ts';
import { backupUnderLoad } from './backups.ts';
import { eachRun } from './busy.ts';

// F22: `npm run faults -- f22 [--pair sqlite|sqlite+redis|mongo+redis|mongo+mongo] [--runs 10] [--accounts 2000] [--people 3]`. Ends
// with 1 when anything is not as it was, or people were served later than 5 min after a restore was begun.
const { values } = parseArgs({
  options: {
    pair: { type: 'string', default: 'sqlite' },
    runs: { type: 'string', default: '10' },
    accounts: { type: 'string', default: '2000' },
    people: { type: 'string', default: '3' },
  },
});

const told = (line: string) => void process.stdout.write(`${line}\n`);
const wrong: string[] = [];
let slowest = 0;

await eachRun(Number(values.runs), told, async () => {
  const { rows, acknowledged, seconds, ...result } = await backupUnderLoad({
    pair: pairNamed(values.pair),
    accounts: Number(values.accounts),
    people: Number(values.people),
    killed: true,
    told,
  });

  wrong.push(...result.wrong);
  slowest = Math.max(slowest, seconds.back);
  told(`${rows} rows, ${acknowledged} acknowledged, ${result.wrong.length} wrong`);
});

told(`people were served again after at most ${slowest.toFixed(1)} s\n${wrong.join('\n')}`);
process.exit(wrong.length > 0 || slowest > 300 ? 1 : 0);
