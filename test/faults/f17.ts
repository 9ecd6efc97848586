import { parseArgs } from 'node:util';

import { pairNamed } from '../support/storage.ts';
import { rotateUnderLoad } from './key-rotation.ts';

// F17: `npm run faults -- f17 [--tokens 100000] [--rotations 3] [--pair sqlite]`. Ends with 1 when a token did not verify.
const { values } = parseArgs({
  options: {
    tokens: { type: 'string', default: '100000' },
    rotations: { type: 'string', default: '3' },
    pair: { type: 'string', default: 'sqlite' },
  },
});

const { failed, ...result } = await rotateUnderLoad({
  tokens: Number(values.tokens),
  rotations: Number(values.rotations),
  pair: pairNamed(values.pair),
  told: (line) => void process.stdout.write(`${line}\n`),
});

process.stdout.write(`${JSON.stringify({ ...result, failed: failed.length })}\n${failed.slice(0, 20).join('\n')}\n`);
if (failed.length > 0) process.exitCode = 1;
