import { parseArgs } from 'node:util';

import { moveUnderKills } from './moving.ts';

// `npm run faults -- move [--accounts 100000] [--from sqlite] [--to sqlite]`: killed in the middle of copying and of
// comparing, and started again. Ends with 1 when anything is not as it was.
const { values } = parseArgs({
  options: {
    accounts: { type: 'string', default: '100000' },
    from: { type: 'string', default: 'sqlite' },
    to: { type: 'string', default: 'sqlite' },
  },
});

const { wrong, seconds, collections, rows } = await moveUnderKills({
  accounts: Number(values.accounts),
  from: values.from,
  to: values.to,
  kills: [
    { doing: 'copying', share: 0.5 },
    { doing: 'comparing', share: 0.5 },
  ],
  told: (line) => void process.stdout.write(`${line}\n`),
});

for (const [name, one] of Object.entries(collections)) {
  process.stdout.write(`${name.padEnd(20)} ${String(one.rows).padStart(9)}  ${one.sha256}\n`);
}

const attempts = seconds.map((one) => `${one.toFixed(1)} s`).join(', ');
process.stdout.write(`${rows} rows from ${values.from} to ${values.to}; attempts: ${attempts}\n${wrong.join('\n')}\n`);
if (wrong.length > 0) process.exitCode = 1;
