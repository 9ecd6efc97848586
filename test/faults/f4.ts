import { parseArgs } from 'node:util';

import { restartUnderLoad } from './rolling-restart.ts';

// F4: `node test/faults/f4.ts [--restarts 20] [--rate 200]`. Ends with 1 when a request failed.
const { values } = parseArgs({
  options: { restarts: { type: 'string', default: '20' }, rate: { type: 'string', default: '200' } },
});

const { failed, ...result } = await restartUnderLoad({
  restarts: Number(values.restarts),
  rate: Number(values.rate),
  told: (line) => void process.stdout.write(`${line}\n`),
});

process.stdout.write(`${JSON.stringify({ ...result, failed: failed.length })}\n${failed.slice(0, 20).join('\n')}\n`);
if (failed.length > 0) process.exitCode = 1;
