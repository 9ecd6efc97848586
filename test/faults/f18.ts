import { parseArgs } from 'node:util';

import { pairNamed } from '../support/storage.ts';
import { replaceLeakedKeys } from './leaked-keys.ts';

// F18: `npm run faults -- f18 [--runs 5] [--pair sqlite]`. Ends with 1 when a leaked key was believed for more than 5 s.
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, pair: { type: 'string', default: 'sqlite' } },
});
const { until, wrong } = await replaceLeakedKeys({ runs: Number(values.runs), pair: pairNamed(values.pair) });

process.stdout.write(`${JSON.stringify({ until, wrong: wrong.length })}\n${wrong.join('\n')}\n`);
if (wrong.length > 0 || until.some((milliseconds) => milliseconds > 5_000)) process.exitCode = 1;
