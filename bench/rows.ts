import { availableParallelism } from 'node:os';

import type { Hasher } from './hashing.ts';
import { caller, type Operation } from './load.ts';
import { during, hashing, serving, takeTurns, type Measured, type Plan } from './measure.ts';
import type { Algorithm, Credentials, Target } from './target.ts';
import type { Units } from './units.ts';

/** The rows of the table: what is measured beside what, and what it must reach. */
export interface Row {
  unit: string;
  /** What the row is about: the figure that `must` holds against. */
  value: number;
  shown: string;
  must?: { shown: string; met: boolean };
  beside?: string;
  ours?: Measured;
  theirs?: Measured;
}

export interface Stage {
  plan: Plan;
  gatehouse: Target;
  units: Units;
  bare: Target;
  bareUnits: Units;
  hasher: Hasher;
  manyMachines: readonly Credentials[];
  /** How many people there are where there are many. */
  accounts: number;
}

export type Group = (stage: Stage) => Promise<Row[]>;

const bothAlgorithms: readonly Algorithm[] = ['RS256', 'ES256'];

/** Names are what `--only` takes. */
export const groups: Readonly<Record<string, Group>> = {
  async cc(stage) {
    const rows: Row[] = [];

    for (const algorithm of bothAlgorithms) {
      const { ours, theirs } = await beside(stage, (units) => units.cc(algorithm));
      const least = theirs.cpu * 1.25;

      rows.push({
        ...spent(`cc ${algorithm}`, ours),
        ...beats(theirs),
        must: { shown: `<= ${ms(least)} (1.25 x oidc-provider)`, met: ours.cpu <= least },
      });
    }

    return rows;
  },

  async login({ plan, gatehouse, units, hasher }) {
    const rows: Row[] = [];

    for (const algorithm of bothAlgorithms) {
      const { ours, raw } = await takeTurns(
        {
          ours: serving(gatehouse.server, units.login(algorithm), plan),
          raw: hashing(hasher, availableParallelism()),
        },
        plan,
      );
      const least = raw.cpu + 2.1;

      rows.push({
        ...spent(`login ${algorithm}, ${units.loginRequests()} requests`, ours),
        theirs: raw,
        beside: `argon2id alone ${ms(raw.cpu)}`,
        must: { shown: `<= ${ms(least)} (argon2id + 2.1)`, met: ours.cpu <= least },
      });
    }

    return rows;
  },

  async sso(stage) {
    return [limited(spent('sso', await alone(stage, stage.units.sso())), 0.65)];
  },

  async refresh(stage) {
    const rows: Row[] = [];

    for (const algorithm of bothAlgorithms) {
      const row = spent(`refresh ${algorithm}`, await alone(stage, stage.units.refresh(algorithm)));
      rows.push(algorithm === 'ES256' ? limited(row, 0.8) : row);
    }

    return rows;
  },

  async introspect(stage) {
    const { ours, theirs } = await beside(stage, (units) => units.introspect());

    return [{ ...limited(spent('introspect', ours), 0.3), ...beats(theirs) }];
  },

  async userinfo(stage) {
    const { ours, theirs } = await beside(stage, (units) => units.userinfo());

    return [{ ...limited(spent('userinfo', ours), 0.3), ...beats(theirs) }];
  },

  async disc(stage) {
    const { ours, theirs } = await beside(stage, (units) => units.discovery());

    return [{ ...limited(spent('disc', ours), 0.065), ...beats(theirs) }];
  },

  async jwks(stage) {
    const { ours, theirs } = await beside(stage, (units) => units.keySet());

    return [{ ...limited(spent('jwks', ours), 0.065), ...beats(theirs) }];
  },

  async clients({ plan, gatehouse: { server }, units, manyMachines }) {
    await eachOnce(manyMachines, (client) => units.cc('ES256', [client]));

    const { one, many } = await takeTurns(
      {
        one: serving(server, units.cc('ES256'), plan),
        many: serving(server, units.cc('ES256', manyMachines), plan),
      },
      plan,
    );
    const value = many.rate / one.rate;

    return [
      {
        unit: `cc ES256, ${manyMachines.length} clients`,
        value,
        shown: `${value.toFixed(2)} x the rate of one client`,
        ours: many,
        theirs: one,
        beside: `one client ${ms(one.cpu)}`,
        must: { shown: '>= 0.9 x', met: value >= 0.9 },
      },
    ];
  },

  async hashing({ plan, hasher, gatehouse: { server }, units }) {
    const cores = Math.min(availableParallelism(), 2);
    const { one, two } = await takeTurns({ one: hashing(hasher, 1), two: hashing(hasher, cores) }, plan);
    const gain = two.rate / one.rate;

    const cc = serving(server, units.cc('ES256'), plan);
    const { idle, storm } = await takeTurns({ idle: cc, storm: during(units.login('RS256'), cc, plan) }, plan);
    const slower = storm.p95 / idle.p95;

    return [
      {
        unit: `argon2id on ${cores} cores`,
        value: gain,
        shown: `${gain.toFixed(2)} x one core`,
        ours: two,
        theirs: one,
        must: { shown: '>= 1.9 x', met: gain >= 1.9 },
      },
      {
        unit: 'cc ES256 during a login storm, p95',
        value: slower,
        shown: `${slower.toFixed(2)} x idle (${ms(storm.p95)})`,
        theirs: idle,
        must: { shown: `<= 2 x idle (${ms(idle.p95)})`, met: slower <= 2 },
      },
    ];
  },
};

/** What is drawn at random in a short run is otherwise mostly somebody's first time: that is the start, not the work. */
async function eachOnce(clients: readonly Credentials[], choose: (client: Credentials) => Operation): Promise<void> {
  using one = caller(0);

  for (const client of clients) await choose(client)(one);
}

async function alone({ plan, gatehouse: { server } }: Stage, operation: Operation): Promise<Measured> {
  const { ours } = await takeTurns({ ours: serving(server, operation, plan) }, plan);

  return ours;
}

type Choose = (units: Units) => Operation | Promise<Operation>;

async function beside({ plan, gatehouse, units, bare, bareUnits }: Stage, choose: Choose) {
  return takeTurns(
    {
      ours: serving(gatehouse.server, await choose(units), plan),
      theirs: serving(bare.server, await choose(bareUnits), plan),
    },
    plan,
  );
}

export function spent(unit: string, ours: Measured) {
  return { unit, value: ours.cpu, shown: ms(ours.cpu), ours };
}

function beats(theirs: Measured) {
  return { theirs, beside: `oidc-provider ${ms(theirs.cpu)}` };
}

/** In milliseconds of CPU. */
function limited<R extends Row>(row: R, most: number): R & Row {
  return { ...row, must: { shown: `<= ${ms(most)}`, met: row.value <= most } };
}

export function ms(value: number): string {
  return `${value.toFixed(value < 0.1 ? 3 : value < 10 ? 2 : 1)} ms`;
}
