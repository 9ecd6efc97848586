import { endWith, options, print } from './command.ts';
import { killDatabase } from './outages.ts';

// F5: the database is killed and started again on its file while people are at work.
// `npm run faults -- f5 [--runs 20]`
const { runs } = options({ runs: 20 });

endWith(await killDatabase({ runs, people: 6, least: 60, told: print }));
