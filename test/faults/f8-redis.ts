import { endWith, options, print } from './command.ts';
import { freezeRedis } from './outages.ts';

// F8, Redis: it stands still for a while, with its connections open.
// `npm run faults -- f8-redis [--runs 10] [--seconds 30]`
const { runs, seconds } = options({ runs: 10, seconds: 30 });

endWith(await freezeRedis({ runs, seconds, people: 6, least: 60, warmUp: 20_000, told: print }));
