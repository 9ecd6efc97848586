import { endWith, options, print } from './command.ts';
import { loseEverything } from './redis-loss.ts';

// F7: all that Redis holds is thrown away while people are at work.
// `npm run faults -- f7 [--runs 5]`
const { runs } = options({ runs: 5 });

endWith(await loseEverything({ runs, people: 6, least: 60, told: print }));
