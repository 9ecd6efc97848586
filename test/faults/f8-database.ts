import { endWith, options, print } from './command.ts';
import { freezeDatabase } from './outages.ts';

// F8, the database: it stands still for a while, with its connections open.
// `npm run faults -- f8-database [--runs 10] [--seconds 30]`
const { runs, seconds } = options({ runs: 10, seconds: 30 });

endWith(await freezeDatabase({ runs, seconds, people: 6, least: 60, warmUp: 20_000, told: print }));
