import { setTimeout as pause } from 'node:timers/promises';

import { groundOn, type Party } from '../security/protocol/ground.ts';
import { unlimited } from '../security/web/visits.ts';
import { openBrowser, type Browser } from '../support/browser.ts';
import { startNodes, type Nodes } from '../support/nodes.ts';
import { startSentinelSet } from '../support/redis-sets.ts';
import { startRedis } from '../support/redis.ts';
import { keepActing } from './crash-ledger.ts';
import { beforehand, eachRun, TooBusy } from './busy.ts';
import { createPerson, signedIn, type Person } from './person.ts';
import { readBack } from './read-back.ts';
import { openSpent, waits } from './spent.ts';

/**
 * Two nodes lose what Redis had, wholly (F7) or its last seconds (F6), while people and apps are at work: what was
 * acknowledged stands, what was used up stays used up, and no code is redeemed twice.
 */
export interface LossOptions {
  runs: number;
  people: number;
  /** Acknowledged writes of a run before anything is lost. */
  least: number;
  told?: (line: string) => void;
}

export interface LossResult {
  runs: number;
  acknowledged: number;
  /** Codes of which redemptions were under way, and how many of them were redeemed: before it, or afterwards. */
  raced: { codes: number; before: number; afterwards: number };
  /** Milliseconds until people could sign in on every node, the longest of all runs. */
  slowest: number;
  /** In sentences. */
  wrong: string[];
}

interface Place extends AsyncDisposable {
  /** Variables for the nodes. */
  env: Record<string, string>;
  /** From here on, nothing that is written is there afterwards. */
  forget(): Promise<void>;
  strike(): Promise<void>;
  /** How it stands, for whoever waits in vain. */
  standing(): Promise<string>;
  /** Milliseconds that may go by in between. */
  most: number;
}

/** F6: the master is killed, and its replica never got what it was told last. */
export const loseMaster = (options: LossOptions): Promise<LossResult> => lose(options, masterAndReplica);

/** F7: `FLUSHALL`. */
export const loseEverything = (options: LossOptions): Promise<LossResult> => lose(options, oneRedis);

async function masterAndReplica(): Promise<Place> {
  const downAfter = 2000;
  const set = await startSentinelSet({ downAfter });
  const { master, replica, sentinels, password } = set;

  return {
    env: {
      GATEHOUSE_STORAGE_EPHEMERA_URL: '',
      GATEHOUSE_STORAGE_EPHEMERA_SENTINELS: sentinels.join(','),
      GATEHOUSE_STORAGE_EPHEMERA_PASSWORD: password,
    },
    async forget() {
      await replica.command('CONFIG', 'SET', 'masterauth', 'of-somebody-else');
      await master.command('CLIENT', 'KILL', 'TYPE', 'replica');
    },
    strike: () => master.kill(),
    standing: async () => `the replica is: ${(await replica.command('ROLE')).split('\n')[0]}`,
    most: 9 * downAfter,
    [Symbol.asyncDispose]: () => set[Symbol.asyncDispose](),
  };
}

async function oneRedis(): Promise<Place> {
  const redis = await startRedis({ settings: ['--appendonly', 'yes'] });

  return {
    env: { GATEHOUSE_STORAGE_EPHEMERA_URL: redis.url },
    forget: async () => undefined,
    strike: async () => void (await redis.command('FLUSHALL')),
    standing: async () => `Redis says ${await redis.command('PING')}`,
    most: Infinity,
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}

async function lose({ told = () => undefined, ...options }: LossOptions, open: () => Promise<Place>) {
  const result: LossResult = {
    runs: options.runs,
    acknowledged: 0,
    raced: { codes: 0, before: 0, afterwards: 0 },
    slowest: 0,
    wrong: [],
  };

  await eachRun(options.runs, told, async (run) => {
    const { acknowledged, raced, back, wrong } = await loseOnce(options, open);

    result.acknowledged += acknowledged;
    for (const name of ['codes', 'before', 'afterwards'] as const) result.raced[name] += raced[name];
    result.slowest = Math.max(result.slowest, back);
    result.wrong.push(...wrong.map((line) => `run ${run}: ${line}`));
    told(`run ${run}: ${acknowledged} acknowledged, ${wrong.length} wrong, signed in after ${Math.round(back)} ms`);
    for (const line of wrong) told(line);
  });

  return result;
}

async function loseOnce(options: Omit<LossOptions, 'runs'>, open: () => Promise<Place>) {
  await using place = await open();
  const env = { ...unlimited, ...waits, ...place.env };
  await using nodes = await beforehand(() => startNodes({ pair: 'mongo+redis', env }));
  const { people, work, spent, race } = await beforehand(() => putToWork(nodes, options));

  const forgotten = performance.now();
  await place.forget();
  await beforehand(() => spent.use());
  const ended = Promise.all([race.redeem(), work.stop()]);
  await pause(Math.random() * 30);
  await place.strike();
  const since = performance.now();
  const between = Math.round(since - forgotten);

  await ended;
  if (between > place.most) throw new TooBusy(`it took ${between} ms to use everything up`);
  await untilAllServe(nodes, place);
  const back = performance.now() - since;

  const before = race.redeemed();
  await race.redeem();
  const lost = await Promise.all(people.map((person) => readBack(nodes, person)));
  const wrong = [...race.wrong(), ...(await spent.tryAgain()), ...lost.flat()];

  return {
    acknowledged: work.acknowledged(),
    back,
    wrong,
    raced: { codes: race.codes, before, afterwards: race.redeemed() - before },
  };
}

/** Settles when enough was acknowledged, and everything is there that is to be used up. */
async function putToWork(nodes: Nodes, { people: count, least }: Omit<LossOptions, 'runs'>) {
  const ground = await groundOn(nodes.first);
  const wiki = await ground.party('web', { first_party: true });
  const enough = Promise.withResolvers<void>();
  const people: Person[] = [];
  let acknowledged = 0;

  for (let number = 0; number < count; number += 1) {
    const { email, password } = await nodes.account();
    const person = createPerson({
      url: nodes.url,
      email,
      password,
      app: wiki.registered,
      acknowledged() {
        acknowledged += 1;
        if (acknowledged >= least) enough.resolve();
      },
    });

    await person.begin();
    people.push(person);
  }

  const spent = await openSpent(ground, wiki);
  let over = false;
  const working = people.map((person) => keepActing(person, () => (over ? 'over' : 'calm')));
  // When one fails, the run is over for the others: the one is what is told.
  for (const one of working) one.catch(() => undefined);

  const stop = async (): Promise<void> => {
    over = true;
    await Promise.all(working);
  };

  try {
    await Promise.race([enough.promise, ...working]);
    await spent.ready();
    const race = await openRace(wiki, await signedIn(nodes.url, ground.ana));

    return { people, spent, race, work: { stop, acknowledged: () => acknowledged } };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** Codes that are redeemed by several at once, and again when nobody knows any more who got an answer. */
async function openRace(wiki: Party, browser: Browser) {
  const codes = new Map<string, number>();
  while (codes.size < 12) codes.set((await wiki.code(browser)).code, 0);

  return {
    codes: codes.size,
    redeemed: () => [...codes.values()].filter((times) => times > 0).length,
    wrong: () => [...codes.values()].filter((times) => times > 1).map((times) => `a code was redeemed ${times} times`),

    async redeem() {
      const three = [...codes.keys()].flatMap((code) => [code, code, code]);

      await Promise.all(
        three.map(async (code) => {
          const { status } = await wiki.redeem(code);
          if (status === 200) codes.set(code, (codes.get(code) ?? 0) + 1);
        }),
      );
    },
  };
}

/** Until a new browser is signed in, and each node refuses an unknown app, which it counts first. Throws after a minute. */
async function untilAllServe(nodes: Nodes, place: Place): Promise<void> {
  const { email, password } = await nodes.account();
  const deadline = performance.now() + 60_000;

  for (;;) {
    try {
      await signedIn(nodes.url, { email, password });
      const answers = await Promise.all(
        nodes.balancer.ports.map((port) =>
          openBrowser(nodes.url, { connect: { port } }).get('/oauth/authorize?client_id=nobody'),
        ),
      );
      if (answers.every(({ status }) => status === 400)) return;
    } catch (error) {
      if (performance.now() > deadline) throw new Error(await place.standing(), { cause: error });
    }

    await pause(50);
  }
}
