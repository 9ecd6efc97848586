import { startMongo } from '../support/mongo.ts';
import { options, print } from './command.ts';
import { runLedger } from './crash-ledger.ts';
import { frozen, outageOf, type OutageSeen } from './outage.ts';

// F8, the database: it stands still for a while, with its connections open.
// `npm run faults -- f8-database [--runs 10] [--seconds 30]`
const { runs, seconds } = options({ runs: 10, seconds: 30 });

await using mongo = await startMongo();
const seen: OutageSeen = { slowest: 0, others: [], lag: 0, growth: 0 };

const result = await runLedger({
  pair: 'sqlite+redis',
  env: { GATEHOUSE_STORAGE_RECORDS_KIND: 'mongo', GATEHOUSE_STORAGE_RECORDS_URL: mongo.url },
  trouble: outageOf(mongo, frozen(seconds), seen),
  runs,
  people: 6,
  least: 60,
  told: print,
});

print(JSON.stringify({ ...result, lost: result.lost.length, ...seen }));
print(result.lost.join('\n'));

const fits = seen.slowest <= 3000 && seen.lag <= 200 && seen.growth <= 100_000_000 && result.slowest <= 5000;
process.exit(result.lost.length > 0 || !fits ? 1 : 0);
