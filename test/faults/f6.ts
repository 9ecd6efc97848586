import { endWith, options, print } from './command.ts';
import { loseMaster } from './redis-loss.ts';

// F6: the master of Redis is killed behind three Sentinels, its replica has not got what was written last.
// `npm run faults -- f6 [--runs 20]`
const { runs } = options({ runs: 20 });
const result = await loseMaster({ runs, people: 6, least: 60, told: print });

if (result.slowest > 15_000) result.wrong.push(`people could sign in after ${Math.round(result.slowest)} ms`);
endWith(result);
