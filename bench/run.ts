import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { startBare } from './bare.ts';
import { consoleGroups } from './consoles.ts';
import { prepareGatehouse, type Prepared } from './gatehouse.ts';
import { startHasher } from './hashing.ts';
import { median } from './load.ts';
import type { Plan } from './measure.ts';
import { topOfProfile } from './profile.ts';
import { describeMachine, table, withTable, type Report } from './report.ts';
import { groups as embeddedGroups, type Row } from './rows.ts';
import { searchGroups } from './search.ts';
import { storeGroups } from './stores.ts';
import type { Target } from './target.ts';
import { unitsOn } from './units.ts';

/**
 * The benchmarks: server CPU for one operation of each unit, on the embedded default, beside oidc-provider alone and
 * argon2id alone in the same run, and on MongoDB and Redis beside the embedded default. See README.md for how to run it and what the figures mean.
 */
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    profile: { type: 'string' },
    write: { type: 'boolean', default: false },
    clients: { type: 'string', default: '10000' },
    accounts: { type: 'string' },
    'warm-up': { type: 'string' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
  },
});

const groups = { ...embeddedGroups, ...storeGroups, ...consoleGroups, ...searchGroups };
const usual: Plan = values.quick
  ? { connections: 8, warmUp: 2, seconds: 3, rounds: 1 }
  : { connections: 8, warmUp: 10, seconds: 15, rounds: 3 };
const plan: Plan = {
  ...usual,
  warmUp: Number(values['warm-up'] ?? usual.warmUp),
  seconds: Number(values.seconds ?? usual.seconds),
  rounds: Number(values.rounds ?? usual.rounds),
};
const chosen = values.only?.split(',') ?? [...Object.keys(groups), 'start', 'memory'];
const unknown = chosen.filter((name) => !Object.hasOwn(groups, name) && name !== 'start' && name !== 'memory');

if (unknown.length > 0) {
  throw new Error(
    `no unit is called ${unknown.join(' or ')}; there are ${Object.keys(groups).join(', ')}, start, memory`,
  );
}

const here = (name: string) => new URL(name, import.meta.url);
const machine = describeMachine();
const date = new Date().toISOString().slice(0, 10);
const made: Report = { machine, date, plan, rows: await measureAll() };

console.log(`\n${table(made)}`);
if (values.write) {
  await mkdir(here('results/'), { recursive: true });
  await writeFile(here('results/latest.json'), `${JSON.stringify(made, null, 2)}\n`);
  await writeFile(here('README.md'), withTable(await readFile(here('README.md'), 'utf8'), made));
}

if (values.profile !== undefined) console.log(`\n${await topOfProfile(values.profile)}`);

async function measureAll(): Promise<Row[]> {
  say('preparing');
  await using prepared = await prepareGatehouse({
    manyMachines: chosen.includes('clients') ? Number(values.clients) : 0,
  });
  const started = chosen.includes('start') ? [await startRow(prepared)] : [];

  await using gatehouse = await prepared.start(profiling(values.profile));
  await using memory = watchMemory(gatehouse);
  await using bare = await startBare();
  await using hasher = await startHasher(prepared.config.passwords.argon2);

  const stage = {
    plan,
    gatehouse,
    units: await unitsOn(gatehouse),
    bare,
    bareUnits: await unitsOn(bare),
    hasher,
    manyMachines: prepared.manyMachines,
    accounts: Number(values.accounts ?? (values.quick ? 20_000 : 1_000_000)),
  };
  const rows: Row[] = [];
  if (chosen.includes('memory')) await memory.settle();

  for (const [name, group] of Object.entries(groups)) {
    if (!chosen.includes(name)) continue;

    say(name);
    const measured = await group(stage);
    for (const { unit, shown, beside = '' } of measured) say(`  ${unit}: ${shown}  ${beside}`);
    rows.push(...measured);
  }

  return [...rows, ...started, ...(chosen.includes('memory') ? memory.rows() : [])];
}

/** From exec to the first 200 on discovery, with data and with Node's compile cache as a second start finds it. */
async function startRow(prepared: Prepared): Promise<Row> {
  const times: number[] = [];

  for (let index = 0; index < (values.quick ? 3 : 7); index += 1) {
    await using target = await prepared.start();
    // The first one fills the compile cache.
    if (index > 0) times.push(target.server.startedIn);
  }

  const value = median(times);

  return { unit: 'start', value, shown: `${value.toFixed(0)} ms`, must: { shown: '<= 1000 ms', met: value <= 1000 } };
}

/** The server leaves a profile in the folder when it ends. */
function profiling(folder: string | undefined): string[] {
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}

function watchMemory({ server }: Target) {
  const settling = 5000;
  const interval = 2000;
  let [idle, most] = [0, 0];

  // Rarely: counting the pages of a process holds up its own memory calls.
  const timer = setInterval(() => (most = Math.max(most, server.memory())), interval);

  return {
    async settle() {
      await new Promise((resolve) => setTimeout(resolve, settling));
      idle = server.memory();
    },
    rows: (): Row[] => [size('memory (PSS) idle', idle, 120), size('memory (PSS) under load, the most', most, 240)],
    [Symbol.asyncDispose]: () => Promise.resolve(clearInterval(timer)),
  };
}

function size(unit: string, value: number, most: number): Row {
  return { unit, value, shown: `${value.toFixed(0)} MB`, must: { shown: `<= ${most} MB`, met: value <= most } };
}

function say(line: string): void {
  console.log(line);
}
