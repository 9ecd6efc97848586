import { startMongo } from '../support/mongo.ts';
import { options, print } from './command.ts';
import { runLedger } from './crash-ledger.ts';
import { killed, outageOf, type OutageSeen } from './outage.ts';

// F5: the database is killed and started again on its file while people are at work.
// `npm run faults -- f5 [--runs 20]`
const { runs } = options({ runs: 20 });

await using mongo = await startMongo({ keeps: true });
const seen: OutageSeen = { slowest: 0, others: [], lag: 0, growth: 0 };

const result = await runLedger({
  pair: 'sqlite+redis',
  env: { GATEHOUSE_STORAGE_RECORDS_KIND: 'mongo', GATEHOUSE_STORAGE_RECORDS_URL: mongo.url },
  trouble: outageOf(mongo, killed, seen),
  runs,
  people: 6,
  least: 60,
  told: print,
});

print(JSON.stringify({ ...result, lost: result.lost.length, ...seen }));
print(result.lost.join('\n'));
process.exit(result.lost.length > 0 || seen.slowest > 3000 || result.slowest > 5000 ? 1 : 0);
