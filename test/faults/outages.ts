import { startMongo } from '../support/mongo.ts';
import { startRedis } from '../support/redis.ts';
import { runLedger, type LedgerResult } from './crash-ledger.ts';
import { ephemera, frozen, killed, nothingSeen, outageOf, records, wrongIn, type OutageSeen } from './outage.ts';

/** One store is taken away so many times while people are at work: F5 and F8 as they are run. */
export interface OutageRuns {
  runs: number;
  people: number;
  /** Acknowledged writes of a run before its outage. */
  least: number;
  told?: (line: string) => void;
  /** Milliseconds of work before anything is measured; unset: none. */
  warmUp?: number;
}

export interface OutageResult extends LedgerResult {
  seen: OutageSeen;
  /** What went against the plan, in sentences. */
  wrong: string[];
}

/** The database is killed, and started again on its file, after 1 to 10 s unless told otherwise. */
export async function killDatabase({
  seconds,
  warmUp = 0,
  ...options
}: OutageRuns & { seconds?: number }): Promise<OutageResult> {
  await using mongo = await startMongo({ keeps: true });
  const seen = nothingSeen();
  const trouble = outageOf({ store: mongo, plan: killed(seconds), asking: records, warmUp }, seen);

  const result = await runLedger({ ...options, pair: 'sqlite+redis', env: onMongo(mongo.url), trouble });

  return judged(result, seen, 2000);
}

export async function freezeDatabase({
  seconds,
  warmUp = 0,
  ...options
}: OutageRuns & { seconds: number }): Promise<OutageResult> {
  await using mongo = await startMongo();
  const seen = nothingSeen();
  const trouble = outageOf({ store: mongo, plan: frozen(seconds), asking: records, warmUp }, seen);

  return judged(await runLedger({ ...options, pair: 'sqlite+redis', env: onMongo(mongo.url), trouble }), seen);
}

export async function freezeRedis({
  seconds,
  warmUp = 0,
  ...options
}: OutageRuns & { seconds: number }): Promise<OutageResult> {
  await using redis = await startRedis({ settings: ['--appendonly', 'yes'] });
  const seen = nothingSeen();
  const trouble = outageOf({ store: redis, plan: frozen(seconds), asking: ephemera, warmUp }, seen);
  const env = (run: number) => ({
    GATEHOUSE_STORAGE_EPHEMERA_KIND: 'redis',
    GATEHOUSE_STORAGE_EPHEMERA_URL: redis.url,
    GATEHOUSE_STORAGE_EPHEMERA_PREFIX: `run-${run}:`,
  });

  return judged(await runLedger({ ...options, pair: 'sqlite', env, trouble }), seen);
}

const onMongo = (url: string) => (run: number) => ({
  GATEHOUSE_STORAGE_RECORDS_KIND: 'mongo',
  GATEHOUSE_STORAGE_RECORDS_URL: url,
  GATEHOUSE_STORAGE_RECORDS_DATABASE: `run-${run}`,
});

/** `answered`: milliseconds until what needs the store is told 503. */
function judged(result: LedgerResult, seen: OutageSeen, answered = 3000): OutageResult {
  const wrong = [...result.lost, ...wrongIn(seen, { answered, back: 5000 }, result.slowest)];

  return { ...result, seen, wrong };
}
